//! The reasons why a store or a backup was not copied into a new store.

use std::io;
use std::path::PathBuf;

use super::open_error::OpenError;

/// The reason why a store or a backup was not copied. The destination has the same store as before, except for
/// [`CopyError::Unfinished`] and [`CopyError::Interrupted`].
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The destination cannot be used, or a server uses it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The data folder has a store.
    #[error(
        "the data folder {} has a store already: name another folder, or add --replace, which keeps the old store beside \
         the new one",
        .0.display()
    )]
    Occupied(PathBuf),
    /// The cluster has a store of this name.
    #[error(
        "there is a store {address} already, and it is not replaced: choose another name at the end of the address, or \
         delete the old one, while no server uses it, by `etcdctl del --prefix {prefix}`"
    )]
    OccupiedName {
        /// The address of the store.
        address: String,
        /// The beginning of all its keys.
        prefix: String,
    },
    /// The copy of another source into the cluster has begun.
    #[error(
        "the copy of another store or backup to {address} is not finished: finish it by its own command, or delete what it \
         has written by `etcdctl del --prefix {prefix}`"
    )]
    OtherSource {
        /// The address of the new store.
        address: String,
        /// The beginning of all its keys.
        prefix: String,
    },
    /// The data folder has another key than the source.
    #[error(
        "{} is another key than the one in the backup: move it away, so that the key of the backup takes its place",
        .0.display()
    )]
    OtherKey(PathBuf),
    /// The disk has too little free space.
    #[error(
        "for the new store, {needed} bytes of free space are needed in {}, and there are {free}: free some, then try again",
        folder.display()
    )]
    NoSpace {
        /// The path of the data folder.
        folder: PathBuf,
        /// The free bytes that are needed.
        needed: u64,
        /// The bytes that are free now.
        free: u64,
    },
    /// The new store was written, but not put in the place of the old one, or not durably.
    #[error(
        "the new store is written, but was not put in place in {}: {cause}; the next start of rollcall finishes this or \
         keeps the old store",
        folder.display()
    )]
    Unfinished {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The new store could not be written, or its records do not agree.
    #[error("no new store was written into {}, whose store is as it was: {cause}", folder.display())]
    Failed {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error as text.
        cause: String,
    },
    /// The cluster has a part of the new store, which no server opens.
    #[error(
        "the new store {address} is not finished: {cause}; run the same command again, which goes on where it ended"
    )]
    Interrupted {
        /// The address of the new store.
        address: String,
        /// The error as text.
        cause: String,
    },
    /// There is no store of this name in the cluster.
    #[error("there is no store {0}: check the name at the end of the address")]
    NoStore(String),
    /// A store is being used, so that a copy of it would miss what is written next.
    #[error("a server uses the store, or has not ended in good order: stop it, wait ten seconds, and try again")]
    InUse,
    /// The source cannot be read.
    #[error("the store cannot be read: {0}")]
    Source(String),
}
