//! Rollcall keeps a team's users, login tokens and statuses, in one process.
pub mod domain;
