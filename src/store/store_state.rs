//! The sizes, the batches and the readiness of a store.

use super::archive::Archive;
use super::engine_space::EngineSpace;
use super::room::Room;
use super::{ReadError, Store};
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

impl Store {
    /// Returns the bytes that are free on the disk with the store; `None` if its file system does not know, or if the store
    /// is in a cluster.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if the disk fails.
    pub async fn free_bytes(&self) -> Result<Option<u64>, ReadError> {
        Ok(self.read_from_disk(Archive::space).await?.free_bytes)
    }

    /// Returns the state of the store. Reads the sizes of its files from the disk; there are few files.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if the folder cannot be read.
    pub async fn state(&self) -> Result<StoreState, ReadError> {
        let EngineSpace { file_bytes, free_bytes } = self.read_from_disk(Archive::space).await?;
        let commits = self.read().commits;
        Ok(StoreState {
            file_bytes,
            opened_bytes: self.sizes.live,
            batches: commits.count,
            compacted_at: commits.compacted_at,
            has_deleted: commits.erasures > 0,
            is_writable: self.is_writable(),
            room: self.room(),
            free_bytes,
        })
    }
}
