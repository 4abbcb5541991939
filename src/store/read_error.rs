//! The error of a read from the disk beside the writer.

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

impl From<String> for ReadError {
    fn from(cause: String) -> Self {
        Self::Unavailable(cause)
    }
}
