//! The pages, over HTTP and in a real browser.
mod account;
mod admin_settings;
mod admin_statuses;
mod assets;
mod board;
mod driver;
mod events;
mod first_start;
mod forms;
mod join;
mod live;
mod profile;
mod reset_password;
mod sessions;
mod setup;
mod status;
mod words;
