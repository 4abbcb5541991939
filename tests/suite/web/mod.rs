//! The pages in a real browser.

mod driver;
mod reset_password;
mod setup;
