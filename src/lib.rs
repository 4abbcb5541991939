//! Rollcall keeps a team's users, login tokens and statuses, in one process.
pub mod app;
pub mod auth;
pub mod domain;
pub mod ops;
pub mod store;
