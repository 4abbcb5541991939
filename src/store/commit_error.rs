//! The reasons why the writer does not make a change, or does not begin a hold.

use super::codec::MAX_BODY_BYTES;
use super::records::Table;

/// The reason why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An expectation of the change about this table does not hold. Nothing was written.
    #[error("the change conflicts with what is in {0}")]
    Conflict(Table),
    /// A record of this table is too large to be stored. Nothing was written.
    #[error("a record of {0} would have more than {MAX_BODY_BYTES} bytes")]
    TooLarge(Table),
    /// The disk has too little free space for this change. Nothing was written. Later changes are made when there is
    /// more.
    #[error("the disk has too little free space")]
    Full,
    /// The file system is mounted read-only. Nothing was written. Later changes are made when it is mounted for writing.
    #[error("the disk is mounted read-only")]
    ReadOnly,
    /// The disk failed, or the store is closed. Whether the change survives a restart is unknown.
    #[error("the store takes no writes")]
    Unavailable,
}

/// The reason why no backup can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// Another backup is being made. There is one at a time, so that the memory for it is bounded.
    #[error("a backup is being made")]
    Busy,
    /// The disk failed, or the store is closed.
    #[error("the store cannot be read")]
    Unavailable,
}
