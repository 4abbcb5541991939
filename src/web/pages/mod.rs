//! The pages, a folder for each. Each names its own routes.
#![allow(clippy::unused_async)] // All handlers of pages have one signature, so that the table of routes can call them.

mod admin;
mod board;
mod change_password;
pub(super) mod confirm;
pub(super) mod errors;
mod forgot_password;
mod forms;
mod join;
mod my_status;
mod newcomer;
mod offline;
mod pager;
mod person;
mod profile;
mod register;
mod reset_password;
mod setup;
mod sign_in;
mod site;
mod wall;

use super::route::PageRoute;

/// The routes of all pages.
pub(super) const ROUTES: &[&[PageRoute]] = &[
    board::ROUTES,
    admin::ROUTES,
    admin::invitations::ROUTES,
    admin::roles::ROUTES,
    admin::settings::ROUTES,
    admin::statuses::ROUTES,
    admin::users::ROUTES,
    admin::walls::ROUTES,
    admin::audit::ROUTES,
    admin::store::ROUTES,
    wall::ROUTES,
    person::ROUTES,
    profile::ROUTES,
    my_status::ROUTES,
    sign_in::ROUTES,
    forgot_password::ROUTES,
    reset_password::ROUTES,
    change_password::ROUTES,
    register::ROUTES,
    join::ROUTES,
    setup::ROUTES,
    site::ROUTES,
    offline::ROUTES,
];
