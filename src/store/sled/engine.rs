//! The engine's part of the writer: it makes each batch durable with one transaction and one flush.

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Instant;

use sled::Transactional;
use sled::transaction::TransactionError;
use tracing::error;

use super::erasure;
use super::hold::{Hold, SledMoment};
use super::open_store::OpenStore;
use super::overflow;
use super::trees::contained;
use crate::clock::Clock;
use crate::store::change::Change;
use crate::store::commit_error::{CommitError, HoldError};
use crate::store::commits::Commits;
use crate::store::committer::BATCH;
use crate::store::edits::{Edits, Touched};
use crate::store::engine::{Engine, Lost, Outcome};
use crate::store::folder::DataFolder;
use crate::store::held::Held;
use crate::store::open_error::errno_in;
use crate::store::outdated::Outdated;
use crate::store::records::{Record, Table};
use crate::store::room::{DiskRefusal, Need, Room};
use crate::store::shared::Shared;
use crate::store::snapshot::Snapshot;

/// The files of the store.
pub(super) enum EngineFiles {
    Open(OpenStore),
    /// sled could not be opened again after the disk had refused a write.
    Closed(DataFolder),
}

/// The state after the disk has refused a write of sled, or while only a copy of the store is open.
#[derive(Clone, Copy)]
pub(super) struct DiskFailure {
    pub(super) refusal: DiskRefusal,
    /// True if the store itself is open, so that small changes can be tried.
    pub(super) is_open: bool,
}

/// sled as the engine of a store.
pub(in crate::store) struct SledEngine {
    /// `None` only while the files are opened again.
    pub(super) files: Option<EngineFiles>,
    pub(super) shared: Shared,
    /// The flag that stops readers of the open files.
    pub(super) is_closing: Arc<AtomicBool>,
    /// The moment that a backup reads, while there is one.
    pub(super) held: RefCell<Weak<Hold>>,
    /// The least room since all changes were made last, so that each loss is logged once.
    pub(super) least_room: Room,
    pub(super) failure: Option<DiskFailure>,
    /// The edits that upgrade what an older version stored. No change is made before they are written, because it might
    /// depend on such a record.
    pub(super) outdated: Outdated,
    /// The records of the batch of which it is unknown whether it is durable.
    pub(super) unsettled: Option<Touched>,
    /// The bytes that were written since sled was last made to move enough pages.
    pub(super) uncleaned_bytes: usize,
}

impl SledEngine {
    /// Returns the engine of an open store. It first writes `outdated`, which upgrades the store.
    pub(in crate::store) fn new(store: OpenStore, outdated: Outdated, shared: Shared) -> Self {
        let failure = store.refusal().map(|refusal| DiskFailure {
            refusal,
            is_open: false,
        });
        shared.replace_room(failure.map_or(Room::Enough, DiskFailure::room));
        let is_closing = shared.archive.open(store.reader());
        Self {
            files: Some(EngineFiles::Open(store)),
            shared,
            is_closing,
            held: RefCell::default(),
            least_room: Room::Enough,
            failure,
            outdated,
            unsettled: None,
            uncleaned_bytes: 0,
        }
    }

    /// Returns the open store.
    ///
    /// # Errors
    /// The cause, if it could not be opened again.
    pub(super) fn store(&self) -> Result<&OpenStore, String> {
        match &self.files {
            Some(EngineFiles::Open(store)) => Ok(store),
            _ => Err("the store is closed".into()),
        }
    }

    /// Goes on after sled has failed, perhaps with a batch that may be durable.
    pub(super) fn go_on_after(&mut self, edits: Option<&Edits>, cause: &str) -> Result<Outcome, Lost> {
        match errno_in(cause).and_then(DiskRefusal::by) {
            Some(refusal) => self.recover(edits, refusal, cause),
            None => Err(Lost(cause.to_owned())),
        }
    }

    fn write(&self, edits: &Edits) -> Result<Snapshot, String> {
        let store = self.store()?;
        let before = self.shared.shown.load();
        let mut next = Snapshot::clone(&before);
        for edit in edits.ordered() {
            next.apply(edit).map_err(|damage| damage.to_string())?;
        }
        if next.commits == Commits::default() {
            next.commits.compacted_at = Some(Clock::system().now());
        }
        next.commits.count += 1;
        if let Some(now) = self.shared.time.get().and_then(Clock::believed) {
            next.commits.believed_at = Some(now);
        }
        next.commits.erasures += erasure::count(&before, &next, edits.overlay.keys());
        let commits = next.commits;
        let mut tables = vec![Commits::TABLE, Table::Overflow];
        for (table, _) in edits.overlay.keys() {
            if !tables.contains(table) {
                tables.push(*table);
            }
        }
        let begun = Instant::now();
        self.shared
            .clock
            .during_write(store.waker(), || self.write_to_disk(store, edits, &tables, &commits))?;
        self.shared.meter.flushed(edits.changes.len(), begun.elapsed());
        Ok(next)
    }

    fn write_to_disk(
        &self,
        store: &OpenStore,
        edits: &Edits,
        tables: &[Table],
        commits: &Commits,
    ) -> Result<(), String> {
        #[cfg(test)]
        self.shared.clock.gate.pass();
        if let Some(hold) = self.held.borrow().upgrade() {
            let changed = edits.overlay.keys().map(|(table, key)| (*table, key.as_slice()));
            hold.keep(&store.trees, changed);
        }
        let trees: Vec<_> = tables.iter().map(|table| store.trees.of(*table)).collect();
        trees[..]
            .transaction(|views| {
                // This is the second element of `tables`.
                let overflow = &views[1];
                let put = |table: Table, key: &[u8], value: Option<&[u8]>| {
                    let view = tables.iter().position(|of| *of == table).map(|place| &views[place]);
                    view.map_or(Ok(()), |view| overflow::put(view, overflow, (table, key), value))
                };
                put(Commits::TABLE, &commits.key(), Some(&commits.encode()))?;
                for ((table, key), value) in &edits.overlay {
                    put(*table, key, value.as_deref())?;
                }
                Ok(())
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => error.to_string(),
                TransactionError::Abort(()) => "the transaction was aborted".into(),
            })?;
        store.db.flush().map_err(|error| error.to_string())?;
        let noted = store.marker.note(commits.count);
        noted.map_err(|error| error.to_string())
    }

    /// Writes the edits that upgrade old records, if there is room.
    pub(super) fn write_outdated(&mut self) -> Result<(), Lost> {
        if self.failure.is_some() || !self.shared.room().allows(Need::Other) {
            return Ok(());
        }
        let outdated = std::mem::take(&mut self.outdated);
        for batch in outdated.batches(BATCH) {
            self.commit(&batch)?;
            if self.failure.is_some() {
                // Opening the store again has found what is left of them.
                break;
            }
        }
        Ok(())
    }
}

impl Engine for SledEngine {
    fn begin(&mut self) -> Result<(), Lost> {
        self.write_outdated()
    }

    fn measure(&mut self) {
        self.measure_room();
    }

    fn refusal(&self, need: Need) -> Option<CommitError> {
        let room = self.shared.room();
        let is_allowed = room.allows(need) && (self.outdated.is_empty() || room == Room::Enough);
        (!is_allowed).then(|| room.refusal())
    }

    fn fits(&self, _: &Edits, _: &Change) -> bool {
        true
    }

    fn holds(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<bool, String> {
        let trees = &self.store()?.trees;
        let stored = contained(|| trees.get(table, key))?;
        Ok(stored.as_deref() == value)
    }

    fn commit(&mut self, edits: &Edits) -> Result<Outcome, Lost> {
        match contained(|| self.write(edits)) {
            Ok(next) => {
                self.shared.show(next, &edits.touched());
                self.note_written(edits);
                Ok(Outcome::Stored)
            }
            Err(cause) => self.go_on_after(Some(edits), &cause),
        }
    }

    fn hold(&mut self) -> Result<Held, HoldError> {
        let earlier = self.held.borrow().upgrade();
        if earlier.is_some_and(|earlier| !earlier.is_lost()) {
            return Err(HoldError::Busy);
        }
        let store = self.store().map_err(|_| HoldError::Unavailable)?;
        let commits = self.shared.shown.load().commits.count;
        let moment = SledMoment::begin(&store.trees, commits, Arc::clone(&self.is_closing));
        let moment = moment.map_err(|_| HoldError::Unavailable)?;
        self.held.replace(Arc::downgrade(&moment.hold));
        Ok(Held(Arc::new(moment)))
    }

    fn rest(&mut self, is_idle: &dyn Fn() -> bool) -> Result<(), Lost> {
        self.clean(is_idle)
    }

    fn look(&mut self) -> Result<(), Lost> {
        if let Some(failure) = self.failure {
            return self.try_again(failure);
        }
        let clock = Arc::clone(&self.shared.clock);
        clock.during(|| {
            self.measure_room();
            self.keep_reserve();
        });
        if self.outdated.is_empty() {
            return Ok(());
        }
        self.write_outdated()
    }

    fn close(self: Box<Self>) {
        if let Some(EngineFiles::Open(store)) = self.files
            && store.refusal().is_none()
            && let Err(cause) = store.marker.sync()
        {
            error!(%cause, "the file that saw the last commit cannot be made durable");
        }
    }
}
