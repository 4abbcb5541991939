//! The error of a read from the disk beside the writer.

use super::catch_panic::catch_panic;
use super::codec::Damage;
use super::records::Table;

/// An error of a read from the disk.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The record is damaged.
    #[error("a record of {0} is damaged: {1}")]
    Damaged(Table, Damage),
    /// The disk failed, or the store is closed.
    #[error("the store cannot be read: {0}")]
    Unavailable(String),
}

/// Returns the error of a store that is closed.
pub(super) fn closed() -> ReadError {
    ReadError::Unavailable("it is closed".into())
}

/// Reads from sled. A panic of sled becomes an error.
pub(super) fn contained<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T, ReadError> {
    catch_panic(read)
        .map_err(ReadError::Unavailable)?
        .map_err(|error| ReadError::Unavailable(error.to_string()))
}
