//! The traits for reading from an engine while the writer works.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::AtomicBool;

use super::engine_space::EngineSpace;
use super::findings::Findings;
use super::records::Table;

/// The stored records and index entries. An error of a read is the cause, as text for the log.
pub(super) trait StoredRecords {
    /// Returns the value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String>;

    /// Calls `look` with each entry of a table, in the order of the keys, until it breaks.
    fn scan(&self, table: Table, look: LookAtEntry<'_>) -> Result<(), String>;
}

/// Reads from an open engine, from any thread, while the writer runs.
pub(super) trait EngineReader: StoredRecords + Send + Sync {
    /// Calls `look` with the entries of a table whose keys are in this range, the last one first, until it breaks.
    fn scan_back(&self, table: Table, keys: Range<&[u8]>, look: LookAtEntry<'_>) -> Result<(), String>;

    /// Reads and checks everything until `is_closing` becomes true; then the result is incomplete.
    fn verify(&self, is_closing: &AtomicBool) -> Findings;

    /// Measures the space of the engine's files.
    fn space(&self) -> Result<EngineSpace, String>;
}

/// A function that is called with entries.
pub(super) type LookAtEntry<'look> = &'look mut dyn FnMut(StoredEntry<'_>) -> ControlFlow<()>;

/// A stored key and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredEntry<'entry> {
    pub(super) key: &'entry [u8],
    pub(super) value: &'entry [u8],
    /// True if an older version of the engine stored the value in a form that should be replaced.
    pub(super) has_old_form: bool,
}
