//! The rules, as values: no I/O, no clock, no warp.
//!
//! Text from outside becomes one of these types at the door or is refused there.

pub mod access;
pub mod audit;
pub mod avatar;
pub mod custom_status;
pub mod email;
pub mod fault;
pub mod id;
pub mod lockout;
pub mod name;
pub mod page;
pub mod password_policy;
pub mod password_reset;
pub mod permission;
pub mod person_name;
pub mod preferences;
pub mod profile;
pub mod role;
pub mod scope;
pub mod setting;
pub mod status;
mod text;
pub mod timestamp;
pub mod token;
pub mod two_factor;
pub mod user;
pub mod username;

pub use access::{Access, Grant};
pub use audit::{AuditAction, AuditEntry, AuditParty};
pub use avatar::{Avatar, ImageKind};
pub use custom_status::{CustomStatus, CustomStatusDraft, StatusName};
pub use email::Email;
pub use fault::Fault;
pub use id::{CustomStatusId, RoleId, UserId};
pub use lockout::{FailedLogins, LockoutRule, Suspect};
pub use name::DisplayName;
pub use page::Page;
pub use password_policy::PasswordPolicy;
pub use password_reset::PasswordReset;
pub use permission::{Permission, PermissionSet};
pub use preferences::Preferences;
pub use profile::Profile;
pub use role::{Role, RoleName, RoleScope};
pub use scope::Scope;
pub use setting::{SettingId, SettingValue};
pub use status::StatusType;
pub use timestamp::Timestamp;
pub use token::{PersonalToken, Session, Token, TokenHash, TokenKind};
pub use two_factor::{TotpSecret, TwoFactor, TwoFactorMethod};
pub use user::User;
pub use username::Username;
