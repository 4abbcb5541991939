//! Users; a file for each family, as in `src/http/v1/users`.

mod activity;
mod avatar;
mod create;
mod edit;
mod passwords;
mod read;
mod register;
