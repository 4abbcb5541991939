//! What can be done, a file for each noun. An operation asks for the permission, checks the rule,
//! makes one atomic change, which carries its line in the audit log. The HTTP API and the command
//! line call the same ones.

pub mod attempts;
pub mod audit;
mod authority;
pub mod avatars;
pub mod custom_status;
mod decide;
pub mod devices;
pub mod directory;
pub mod expiry;
pub mod incident;
pub mod lockout;
pub mod login;
pub mod lost_connections;
pub mod opening;
pub mod own_profile;
pub mod passwords;
pub mod permissions;
pub mod personal_tokens;
pub mod presence;
pub mod profile;
pub mod proof;
pub mod reach;
pub mod registration;
pub mod roles;
pub mod settings;
pub mod setup;
mod standing;
pub mod statistics;
pub mod status;
pub mod sweep;
pub mod tokens;
pub mod two_factor;
pub mod upgrade;
pub mod user_condition;
pub mod user_view;
pub mod users;
pub mod viewed;
