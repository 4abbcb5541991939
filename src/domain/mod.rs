//! The rules, as values: no I/O, no clock, no warp.
//!
//! Text from outside becomes one of these types at the door or is refused there.

pub mod custom_status;
pub mod email;
pub mod fault;
pub mod id;
pub mod name;
pub mod page;
pub mod permission;
pub mod status;
mod text;
pub mod timestamp;
pub mod token;
pub mod user;
pub mod username;

pub use custom_status::{CustomStatus, CustomStatusDraft, StatusName};
pub use email::Email;
pub use fault::Fault;
pub use id::{CustomStatusId, UserId};
pub use name::DisplayName;
pub use page::Page;
pub use permission::{Permission, Role};
pub use status::StatusType;
pub use timestamp::Timestamp;
pub use token::{Token, TokenHash};
pub use user::User;
pub use username::Username;
