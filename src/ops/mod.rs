//! What can be done, a file for each noun. An operation asks for the permission, checks the rule,
//! makes one atomic change. The HTTP API and the command line call the same ones.

pub mod custom_status;
pub mod incident;
pub mod login;
pub mod setup;
pub mod tokens;
pub mod users;
