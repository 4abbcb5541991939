//! Copies a whole store or backup into a new store, in a data folder or in a cluster.

use std::path::{Path, PathBuf};

use super::backup::UpgradeBackups;
#[cfg(feature = "etcd")]
use super::etcd;
#[cfg(not(feature = "etcd"))]
use super::no_cluster as etcd;
use super::source::{ReadingEnd, RecordSource, SourceContents, TakeEntry};
use super::sums::RunningSums;
use super::{CopyError, Held, ReadError, Store, Table, sled};
use crate::config::{ClusterAddress, StorePlace};

/// The place of a new store.
#[derive(Debug, Clone, Copy)]
pub enum Destination<'place> {
    /// A data folder.
    Folder {
        /// The path of the folder, which is created if it is not there.
        path: &'place Path,
        /// `true` to put a store aside that is in the folder; otherwise such a store is an error.
        replace: bool,
    },
    /// A cluster, which must not have a store of this name.
    Cluster {
        /// The address of the cluster and the name of the store.
        address: &'place ClusterAddress,
        /// The data folder of a server, which gets the key if the source has one.
        folder: &'place Path,
    },
}

/// Copies a source into a new store. Returns the folder in which an old store is kept, if there was one.
///
/// # Errors
/// [`CopyError`].
pub(super) fn copy(source: &dyn RecordSource, to: Destination<'_>) -> Result<Option<PathBuf>, CopyError> {
    match to {
        Destination::Folder { path, replace } => sled::copy_into(path, replace, source),
        Destination::Cluster { address, folder } => etcd::copy_into(address, folder, source).map(|()| None),
    }
}

/// A store that is copied.
struct HeldSource {
    held: Held,
    contents: SourceContents,
}

impl HeldSource {
    fn of(held: Held) -> Result<Self, ReadError> {
        let (mut entries, mut live_bytes) = (0, 0);
        let mut sums = RunningSums::begin();
        held.read(|table, key, value| -> Result<(), ReadError> {
            entries += 1;
            live_bytes += (key.len() + value.len()) as u64;
            sums.add(table, key, value);
            Ok(())
        })?;
        let contents = SourceContents {
            entries,
            live_bytes,
            commits: held.commits(),
            sums: sums.done(),
        };
        Ok(Self { held, contents })
    }
}

impl From<ReadError> for ReadingEnd {
    fn from(error: ReadError) -> Self {
        Self(error.to_string())
    }
}

impl RecordSource for HeldSource {
    fn contents(&self) -> &SourceContents {
        &self.contents
    }

    fn key(&self) -> Option<&str> {
        None
    }

    fn read(&self, take: TakeEntry<'_>) -> Result<(), String> {
        let read = self
            .held
            .read(|table: Table, key: &[u8], value: &[u8]| take(table, key, value).map_err(ReadingEnd));
        read.map_err(|ReadingEnd(cause)| cause)
    }
}

/// Copies a whole store, which no server may use meanwhile, into a new one, and compares the two. Runs for as long as that
/// takes. Returns the number of records and index entries.
///
/// # Errors
/// [`CopyError`].
pub(crate) async fn migrate(from: &StorePlace, to: Destination<'_>, rule: &UpgradeBackups) -> Result<u64, CopyError> {
    match from {
        StorePlace::Folder(path) => {
            let store = Store::open_with(path, None, rule)?;
            let held = store.hold().await;
            let copied = held
                .map_err(|error| CopyError::Source(error.to_string()))
                .and_then(|held| copy_held(held, to));
            store.close().await;
            copied
        }
        StorePlace::Cluster(address) => {
            let copied = copy_held(etcd::hold(address)?, to)?;
            etcd::refuse_used(address)?;
            Ok(copied)
        }
    }
}

fn copy_held(held: Held, to: Destination<'_>) -> Result<u64, CopyError> {
    let source = HeldSource::of(held).map_err(|error| CopyError::Source(error.to_string()))?;
    copy(&source, to)?;
    Ok(source.contents.entries)
}
