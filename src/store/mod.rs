//! The store: durable data on the disk, and a copy of it in memory.
//!
//! Reads use a [`Snapshot`], a consistent copy in memory. Writes are sent as a [`Change`] to one writer thread. It gives
//! many of them together to the engine, and acknowledges them when they are durable and shown. The engine is a folder
//! beside this file; no other module knows its types.

mod any_record;
mod archive;
pub mod backup;
mod batch;
mod catch_panic;
mod change;
mod cluster;
mod codec;
mod commit_error;
mod commits;
mod committer;
mod copy;
mod copy_error;
mod edits;
mod engine;
mod engine_space;
#[cfg(feature = "etcd")]
mod etcd;
mod findings;
mod flush_clock;
mod folder;
#[cfg(feature = "etcd")]
mod format;
mod held;
mod index_entry;
mod job;
mod neighbours;
#[cfg(not(feature = "etcd"))]
mod no_cluster;
mod open_error;
mod opened;
mod outdated;
mod problem;
mod progress;
mod read_error;
mod reading;
mod records;
mod rekey;
mod room;
mod shared;
mod sharing;
mod sled;
mod snapshot;
mod snapshot_builder;
mod source;
mod store_state;
mod stored;
mod sums;
mod survey;
mod sync;
mod text_lines;
mod token_of_user;
mod trigrams;
mod user_index;
mod verify;
mod writer;

use std::path::Path;
use std::sync::Arc;

pub(crate) use catch_panic::is_contained;
pub(crate) use change::RECORDS_IN_CHANGE;
pub use change::{Change, RecordEffect};
pub use commit_error::{CommitError, HoldError};
pub use copy::Destination;
pub(crate) use copy::migrate;
pub(crate) use copy_error::CopyError;
pub(crate) use edits::Touched;
pub use folder::write_private;
pub(crate) use folder::{SECRET_KEY, create_private_file, holder, is_begun, refuse_exposed, socket_path};
pub(crate) use held::Held;
pub use neighbours::{ConnectionReport, ServerPlace};
pub(crate) use open_error::OpenError;
pub(crate) use problem::Problem;
pub(crate) use read_error::ReadError;
pub use records::Table;
pub(crate) use records::custom_statuses::CustomStatusesVersion;
pub(crate) use records::settings::SettingsVersion;
pub(crate) use room::Need;
pub use room::Room;
pub(crate) use sled::{CompactError, Compaction};
pub(crate) use snapshot::Snapshot;
pub(crate) use store_state::StoreState;
pub use survey::{ClusterSigns, ClusterSurvey, NodeState, StoreFormat, SurveyedNode};
pub(crate) use user_index::SearchableUser;

use archive::Archive;
use backup::{UpgradeBackups, with_way_back};
use commits::Sizes;
use neighbours::Neighbours;
use opened::OpenedStore;
use shared::Shared;
use writer::Writer;

#[cfg(not(feature = "etcd"))]
use no_cluster as etcd;

use crate::clock::Clock;
use crate::config::ClusterAddress;
use crate::domain::{AuditEntry, Avatar, Timestamp, UserId};
use crate::observe::StoreMeter;

/// An open store. Clones are cheap and share the same store.
#[derive(Clone)]
pub struct Store {
    shared: Shared,
    writer: Writer,
    sizes: Sizes,
    /// The other servers; `None` if the store is of one server.
    neighbours: Option<Arc<dyn Neighbours>>,
}

impl Store {
    /// Opens the store in a data folder as [`Self::open_with`] does. A backup from before an upgrade is in the folder.
    ///
    /// # Errors
    /// The errors of [`Self::open_with`].
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_with(folder, None, &UpgradeBackups::default())
    }

    /// Opens the store in a data folder or in a cluster, or creates one there, and verifies all of it. With a cluster, the
    /// data folder has the key and the administration socket only.
    ///
    /// A store of an older version in a data folder is backed up by the rule, and then its records are rewritten in the
    /// newest version. If the disk takes no writes, the store is served for reading until it does; see [`Room`].
    ///
    /// # Errors
    /// [`OpenError`] if the folder is in use or cannot be used, if the cluster does not answer, if the store is damaged or
    /// newer than this binary, or if a backup before the upgrade cannot be written.
    pub fn open_with(
        folder: &Path,
        cluster: Option<&ClusterAddress>,
        rule: &UpgradeBackups,
    ) -> Result<Self, OpenError> {
        let OpenedStore {
            shared,
            engine,
            sizes,
            neighbours,
        } = match cluster {
            None => sled::open(folder, rule)?,
            Some(address) => etcd::open(folder, address)?,
        };
        let writer = Writer::start(engine, shared.clone()).map_err(OpenError::Thread)?;
        Ok(Self {
            shared,
            writer,
            sizes,
            neighbours,
        })
    }

    /// Verifies a store that no process has open, or that is in a cluster. Returns the problems, which are empty for a
    /// sound store, and a snapshot of the readable records.
    ///
    /// # Errors
    /// [`OpenError`] if the store cannot be opened at all.
    pub fn inspect(folder: &Path, cluster: Option<&ClusterAddress>) -> Result<(Vec<Problem>, Snapshot), OpenError> {
        let found = match cluster {
            None => sled::inspect(folder)?,
            Some(address) => etcd::inspect(address)?,
        };
        match found.refusal(folder) {
            Some(error) => Err(with_way_back(error)),
            None => Ok((found.problems, found.snapshot)),
        }
    }

    /// Copies the current records of the store into a new store, and puts that in the place of the old one. No
    /// process may have the store open. A kill or a power cut at any point leaves at least one of the two whole, and
    /// the next opening removes the rest.
    ///
    /// # Errors
    /// [`CompactError`]; the store is then unchanged.
    pub fn compact(folder: &Path) -> Result<Compaction, CompactError> {
        sled::compact(folder)
    }

    /// Returns whether a start at this time should compact the store: something was deleted and the last compaction
    /// was at least a day ago, or more than `waste_percent` of the files had no data at the opening.
    #[must_use]
    pub fn is_compaction_due(&self, now: Timestamp, waste_percent: u32) -> bool {
        let commits = self.read().commits;
        commits.is_compaction_due(self.sizes, now, waste_percent)
    }

    /// Returns the current snapshot. Later changes do not appear in it.
    #[must_use]
    pub fn read(&self) -> Arc<Snapshot> {
        self.shared.shown.load_full()
    }

    /// Returns the avatar that a user uploaded.
    ///
    /// # Errors
    /// [`ReadError`] if the record is damaged or the disk fails.
    pub async fn avatar(&self, user: &UserId) -> Result<Option<Avatar>, ReadError> {
        let user = user.clone();
        self.read_from_disk(move |archive| archive.avatar(&user)).await
    }

    /// Calls `look` with `found` and each audit entry from `from` on and before `until`, the newest first, until it
    /// returns false. Returns `found`.
    ///
    /// # Errors
    /// [`ReadError`] if an entry is damaged or the disk fails.
    pub async fn audit_log<F: Send + 'static>(
        &self,
        from: Timestamp,
        until: Timestamp,
        mut found: F,
        look: impl Fn(&mut F, AuditEntry) -> bool + Send + 'static,
    ) -> Result<F, ReadError> {
        self.read_from_disk(move |archive| {
            archive.audit_log(from, until, |entry| look(&mut found, entry))?;
            Ok(found)
        })
        .await
    }

    /// Runs a read of the disk on a blocking thread.
    async fn read_from_disk<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Archive) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let archive = self.shared.archive.clone();
        let reading = tokio::task::spawn_blocking(move || read(&archive));
        reading
            .await
            .unwrap_or_else(|error| Err(ReadError::Unavailable(error.to_string())))
    }

    /// Makes all edits of a change durable, or none. Once this returns, the change survives a power cut, and every
    /// later [`Store::read`] has it.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] if an expectation of the change does not hold, [`CommitError::TooLarge`] for a record
    /// over the limit, [`CommitError::Full`] and [`CommitError::ReadOnly`] while the disk has no room for the change.
    /// Then nothing was written. [`CommitError::Unavailable`] if the disk failed or the store is closed.
    pub async fn commit(&self, change: Change) -> Result<(), CommitError> {
        self.writer.commit(change).await
    }

    /// Calls `watcher` after each commit with the snapshots before and after it, in the order of the commits and
    /// before the commit is acknowledged. It runs on the writer's thread, so it must be quick and must not wait for a
    /// commit. Only the first watcher is called.
    pub fn watch(&self, watcher: impl Fn(&Snapshot, &Arc<Snapshot>, &Touched) + Send + Sync + 'static) {
        self.writer.watch(Box::new(watcher));
    }

    /// Gives each commit from now on the time of this clock, unless the clock is ahead of the expected time by
    /// more than a day. Only the first clock is used.
    pub fn stamp(&self, clock: Clock) {
        self.writer.stamp(clock);
    }

    /// Sets the free bytes of the disk below which changes are refused. Only the first number is used; without one and with
    /// 0, no changes are refused before the disk refuses them.
    pub fn keep_free(&self, bytes: u64) {
        self.writer.keep_free(bytes);
    }

    /// Lets the writer measure the free space, allocate or release the reserve file, and try again if the disk has refused
    /// writes.
    pub fn look_at_disk(&self) {
        self.writer.look_at_disk();
    }

    /// Returns the changes for which the disk had room when the writer measured it last.
    #[must_use]
    pub fn room(&self) -> Room {
        self.writer.room()
    }

    /// Holds the current state for a backup, which can be read while writes go on. All changes that were acknowledged
    /// before are in it.
    ///
    /// # Errors
    /// [`HoldError::Busy`] while another one is held; [`HoldError::Unavailable`] if the disk failed or the store is
    /// closed.
    pub async fn hold(&self) -> Result<Held, HoldError> {
        self.writer.hold().await
    }

    /// Verifies every record and index while the store is in use. Writes are not blocked.
    ///
    /// # Errors
    /// [`ReadError`] if the store is closed.
    pub async fn verify(&self) -> Result<Vec<Problem>, ReadError> {
        self.read_from_disk(Archive::verify).await
    }

    /// Returns the meter of the writer.
    #[must_use]
    pub const fn meter(&self) -> &StoreMeter {
        self.writer.meter()
    }

    /// Returns the number of changes that wait for the writer.
    #[must_use]
    pub fn waiting_changes(&self) -> usize {
        self.writer.waiting()
    }

    /// Returns whether the store accepts writes.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writer.is_running()
    }

    /// Waits for the writes that are already queued, then ends the writer and closes the files.
    pub async fn close(&self) {
        self.shared.archive.close();
        if let Some(neighbours) = &self.neighbours {
            neighbours.prepare_to_close();
        }
        self.writer.close().await;
    }
}
