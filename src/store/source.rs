//! All records and index entries of a store at one moment, which are copied into a new store.

use super::records::Table;
use super::sums::Sums;

/// The size and the checksums of a source.
pub(super) struct SourceContents {
    /// The number of records and index entries.
    pub(super) entries: u64,
    /// Bytes of all keys and values.
    pub(super) live_bytes: u64,
    /// The number of committed batches at the moment.
    pub(super) commits: u64,
    /// The checksums of all tables.
    pub(super) sums: Sums,
}

/// A function that is called with a table, and with a key and its value in it.
pub(super) type TakeEntry<'take> = &'take mut dyn FnMut(Table, &[u8], &[u8]) -> Result<(), String>;

/// A store or a backup that is copied.
pub(super) trait RecordSource: Send {
    /// Returns the size and the checksums of the source.
    fn contents(&self) -> &SourceContents;

    /// Returns the text of the key that encrypts second factors, if it is copied too.
    fn key(&self) -> Option<&str>;

    /// Calls `take` with all entries, table by table in the order of [`Table::in_order_of_backups`] or another one that is
    /// always the same, each in the order of its keys. Stops at the first error.
    ///
    /// # Errors
    /// Those of `take`, and the cause if the source cannot be read.
    fn read(&self, take: TakeEntry<'_>) -> Result<(), String>;
}

/// The reason why a reading ended, as text.
pub(super) struct ReadingEnd(pub(super) String);
