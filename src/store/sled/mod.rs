//! The engine of one machine: sled, with its files in the data folder.
//!
//! sled gives transactions over several trees and ordered keys. What it lacks is in this folder: durable flushes
//! (`durability.rs`), long values (`overflow.rs`), space that is freed (`cleaning.rs`, `compact.rs`), and disks that refuse
//! a write (`space.rs`, `recovery.rs`).

mod cleaning;
mod commit_marker;
mod compact;
mod copy_into;
mod durability;
mod engine;
mod erasure;
mod error;
mod files;
mod hold;
mod new_store;
mod open;
mod open_store;
mod overflow;
mod reader;
mod recovery;
mod reserve_file;
mod space;
mod swap;
mod temporary_copy;
mod trees;
mod unfinished_snapshot;

use commit_marker::CommitMarker;
pub(super) use compact::compact;
pub(crate) use compact::{CompactError, Compaction};
pub(super) use copy_into::copy_into;
#[cfg(test)]
pub(super) use engine::SledEngine;
#[cfg(test)]
pub(super) use files::{open_sled, wait_until_closed};
pub(super) use open::{inspect, open};
#[cfg(test)]
pub(super) use open_store::OpenStore;
#[cfg(test)]
pub(super) use trees::Trees;
