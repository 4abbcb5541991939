//! The HTTP API; a file for each family of endpoints, as in `src/http/v1`.

mod access;
mod audit;
mod conventions;
mod custom_user_status;
mod custom_user_status_changes;
mod custom_user_status_list;
mod directory;
mod info;
mod lockout;
mod login;
mod logout;
mod methods;
mod openapi;
mod permissions;
mod personal_tokens;
mod presence;
mod privacy;
mod rate_limit;
mod roles;
mod sessions;
mod settings;
mod setup;
mod status;
pub mod two_factor;
mod users;
mod words;
