//! Rollcall keeps a team's users, login tokens and statuses, in one process.
pub mod app;
pub mod auth;
pub mod domain;
pub mod http;
pub mod local;
pub mod ops;
pub mod server;
pub mod store;
pub mod web;
