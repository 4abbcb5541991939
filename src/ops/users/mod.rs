//! Creates, deactivates, deletes and finds users.

mod activity;
mod create;
mod identifier;
mod names;
mod new_user;
mod remove;
mod roles;

pub(crate) use activity::{deactivate_idle, set_active};
pub use create::create;
pub(super) use create::create_where;
pub use identifier::UserIdentifier;
pub(crate) use identifier::{all, find};
pub(crate) use names::{refuse_blocked, refuse_unfit};
pub(super) use names::{refuse_taken, refuse_unless_allowed};
pub use new_user::{NewUser, NewUserTexts};
pub(crate) use new_user::{parse_email, parse_name, parse_username};
pub(crate) use remove::delete;
pub(super) use remove::remove;
pub(super) use roles::{checked_roles, default_roles, default_roles_in, keep_an_administrator, may_assign};
