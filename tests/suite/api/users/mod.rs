//! Users; a file for each family, as in `src/http/v1/users`.

mod activity;
mod avatar;
mod create;
mod custom_fields;
mod edit;
mod lines;
mod passwords;
mod preferences;
mod query;
mod reach;
mod read;
mod register;
