//! The sizes, the batches and the readiness of a store.

use super::room::Room;
use crate::domain::Timestamp;

/// The state of a store, for administrators.
#[derive(Debug, Clone, Copy)]
pub struct StoreState {
    /// The size of the files now, in bytes.
    pub file_bytes: u64,
    /// The size of all keys and values when the store was opened, in bytes.
    pub opened_bytes: u64,
    /// The number of committed batches since the store was created.
    pub batches: u64,
    /// The time at which the store was created or last compacted, if it is known.
    pub compacted_at: Option<Timestamp>,
    /// `true` if the files may still contain bytes of deleted data. The next compaction removes them.
    pub has_deleted: bool,
    /// `true` if the store accepts writes.
    pub is_writable: bool,
    /// The changes for which the disk has room.
    pub room: Room,
    /// Bytes that are free on the disk; `None` if its file system does not know.
    pub free_bytes: Option<u64>,
}
