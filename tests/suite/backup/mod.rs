//! Backups: what they contain, who gets one, what they cost, and how they are restored.

mod command;
mod damage;
mod download;
mod encryption;
mod guide;
mod kill;
mod moment;
pub mod restore;
mod schedule;
mod upgrade;
