//! The HTTP API; a file for each family of endpoints, as in `src/http/v1`.

mod access;
mod conventions;
mod custom_user_status;
mod custom_user_status_changes;
mod custom_user_status_list;
mod info;
mod login;
mod logout;
mod setup;
mod users;
