//! The thread that commits changes.
//!
//! The thread takes all waiting changes, checks each one in order against the store and the changes before it, puts
//! the accepted ones into one sled transaction, makes it durable with one flush, shows the new snapshot, and only
//! then answers. So uniqueness needs no lock, and all callers share the cost of the flush. Conflicts are answered
//! after the flush too, because they may depend on a change in the same batch that is not durable yet.

mod cleaning;
mod recovery;
mod space;

use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::Instant;

use arc_swap::ArcSwap;
use sled::Transactional;
use sled::transaction::TransactionError;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::error;

use super::archive::Archive;
use super::batch::{Batch, CommitOutcome};
use super::catch_panic::catch_panic;
use super::change::Change;
use super::commit_error::{CommitError, HoldError};
use super::commits::Commits;
use super::erasure;
use super::flush_clock::FlushClock;
use super::folder::DataFolder;
use super::hold::Hold;
use super::job::{Shared, WriterJob};
use super::open::Engine;
use super::open_error::errno_in;
use super::outdated::Outdated;
use super::overflow;
use super::records::{Record, Table};
use super::room::{DiskRefusal, Need, Room};
use super::snapshot::Snapshot;
use crate::clock::Clock;

/// Maximum changes in one batch, so that a transaction takes only milliseconds.
const BATCH: usize = 512;

/// The files of the store.
enum Files {
    Open(Engine),
    /// sled could not be opened again after the disk had refused a write.
    Closed(DataFolder),
}

/// The state after the disk has refused a write of sled, or while only a copy of the store is open.
#[derive(Clone, Copy)]
struct Failure {
    refusal: DiskRefusal,
    /// True if the store itself is open, so that small changes can be tried.
    is_open: bool,
}

/// The data of the writer's thread.
pub(super) struct Committer {
    /// `None` only while the files are opened again.
    files: Option<Files>,
    archive: Archive,
    shown: Arc<ArcSwap<Snapshot>>,
    clock: Arc<FlushClock>,
    shared: Shared,
    /// The moment that a backup reads, while there is one.
    held: RefCell<Weak<Hold>>,
    room: watch::Sender<Room>,
    /// The least room since all changes were made last, so that each loss is logged once.
    least_room: Room,
    failure: Option<Failure>,
    /// The edits that upgrade what an older version stored. No change is made before they are written, because it might
    /// depend on such a record.
    outdated: Outdated,
    /// The batch of which it is unknown whether it is durable.
    unsettled: Option<Batch>,
    /// The bytes that were written since sled was last made to move enough pages.
    uncleaned_bytes: usize,
}

/// The work of one round of the thread, collected from its jobs.
#[derive(Default)]
struct Round {
    batch: Batch,
    looks: bool,
    close: Option<oneshot::Sender<()>>,
}

impl Committer {
    pub(super) fn new(
        engine: Engine,
        archive: Archive,
        shown: Arc<ArcSwap<Snapshot>>,
        outdated: Outdated,
        clock: Arc<FlushClock>,
        shared: Shared,
    ) -> Self {
        let failure = engine.refusal().map(|refusal| Failure {
            refusal,
            is_open: false,
        });
        Self {
            files: Some(Files::Open(engine)),
            archive,
            shown,
            clock,
            shared,
            held: RefCell::default(),
            room: watch::channel(failure.map_or(Room::Enough, Failure::room)).0,
            least_room: Room::Enough,
            failure,
            outdated,
            unsettled: None,
            uncleaned_bytes: 0,
        }
    }

    /// Returns a receiver of the room on the disk.
    pub(super) fn rooms(&self) -> watch::Receiver<Room> {
        self.room.subscribe()
    }

    /// Runs until the store is closed, all handles are dropped, or the disk fails. After a failed flush, the state of
    /// the store is unknown until it is opened again, so nothing more is written to it.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<WriterJob>) {
        if !self.write_outdated() {
            return;
        }
        let mut jobs = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut jobs, BATCH) > 0 {
            let clock = Arc::clone(&self.clock);
            let round = clock.during(|| self.collect(jobs.drain(..)));
            if !self.settle(round.batch) || (round.looks && !self.look()) {
                return;
            }
            if let Some(answer) = round.close {
                self.close();
                let _ = answer.send(());
                return;
            }
            if !self.clean(|| waiting.is_empty()) {
                return;
            }
        }
    }

    /// Ends in good order.
    fn close(self) {
        if let Some(Files::Open(engine)) = self.files
            && engine.refusal().is_none()
            && let Err(cause) = engine.witness.sync()
        {
            error!(%cause, "the file that saw the last commit cannot be made durable");
        }
    }

    /// Checks the queued changes, and puts those that the disk has room for into a batch.
    fn collect(&mut self, jobs: impl Iterator<Item = WriterJob>) -> Round {
        let mut round = Round::default();
        let stalls = self.clock.stalls().count;
        let mut is_measured = false;
        for job in jobs {
            match job {
                WriterJob::Commit(change, answer, before) if before == stalls => {
                    if !is_measured {
                        self.measure();
                        is_measured = true;
                    }
                    match self.refusal_of(&change) {
                        Some(reason) => round.batch.refuse(answer, reason),
                        None => self.add(&mut round.batch, change, answer),
                    }
                }
                // The caller got an error when the disk stalled.
                WriterJob::Commit(_, answer, _) => round.batch.refuse(answer, CommitError::Unavailable),
                // The batch is not written yet, so this is the state before all of its changes.
                WriterJob::Hold(answer) => drop(answer.send(self.hold())),
                WriterJob::Look => round.looks = true,
                WriterJob::Close(answer) => round.close = Some(answer),
            }
        }
        round
    }

    fn add(&self, batch: &mut Batch, change: Change, answer: oneshot::Sender<CommitOutcome>) {
        match &self.files {
            Some(Files::Open(engine)) => batch.add(&engine.trees, change, answer),
            _ => batch.refuse(answer, CommitError::Unavailable),
        }
    }

    /// Returns why the disk has no room for a change; `None` if it has. A change without edits needs none.
    fn refusal_of(&self, change: &Change) -> Option<CommitError> {
        let room = *self.room.borrow();
        let is_allowed = room.allows(change.need()) && (self.outdated.is_empty() || room == Room::Enough);
        (!change.edits.is_empty() && !is_allowed).then(|| room.refusal())
    }

    /// Begins a hold, unless a backup still reads an earlier one.
    fn hold(&self) -> Result<Arc<Hold>, HoldError> {
        let earlier = self.held.borrow().upgrade();
        if earlier.is_some_and(|earlier| !earlier.is_lost()) {
            return Err(HoldError::Busy);
        }
        let Some(Files::Open(engine)) = &self.files else {
            return Err(HoldError::Unavailable);
        };
        let commits = self.shown.load().commits.count;
        let hold = Hold::begin(&engine.trees, commits).map_err(|_| HoldError::Unavailable)?;
        let hold = Arc::new(hold);
        self.held.replace(Arc::downgrade(&hold));
        Ok(hold)
    }

    /// Makes a batch durable, shows it, and answers its callers. Returns false if the disk failed for good.
    fn settle(&mut self, mut batch: Batch) -> bool {
        if !batch.is_written() {
            batch.answer();
            return true;
        }
        let cause = match catch_panic(|| self.write(&batch)) {
            Ok(Ok(next)) => {
                self.show(&Arc::new(next), &batch);
                batch.answer();
                self.uncleaned_bytes += batch.written_bytes();
                return true;
            }
            Ok(Err(cause)) | Err(cause) => cause,
        };
        self.go_on_after(batch, &cause)
    }

    /// Goes on after sled has failed, with a batch that may be durable. Returns false if the disk failed for good.
    fn go_on_after(&mut self, batch: Batch, cause: &str) -> bool {
        match errno_in(cause).and_then(DiskRefusal::by) {
            Some(refusal) => self.recover(batch, refusal, cause),
            None => given_up(cause),
        }
    }

    /// Shows the new snapshot, and calls the watcher. The commit is valid even if the watcher panics.
    fn show(&self, next: &Arc<Snapshot>, batch: &Batch) {
        let before = self.shown.swap(Arc::clone(next));
        let Some(watcher) = self.shared.watcher.get() else {
            return;
        };
        if let Err(panic) = catch_panic(|| watcher(&before, next, &batch.touched())) {
            error!(
                cause = panic,
                "a defect: what follows commits panicked, so that clients may miss an event; writes go on"
            );
        }
    }

    fn write(&self, batch: &Batch) -> Result<Snapshot, String> {
        let Some(Files::Open(engine)) = &self.files else {
            return Err("the store is closed".into());
        };
        let before = self.shown.load();
        let mut next = Snapshot::clone(&before);
        for edit in &batch.edits {
            next.apply(edit).map_err(|damage| damage.to_string())?;
        }
        if next.commits == Commits::default() {
            next.commits.compacted_at = Some(Clock::system().now());
        }
        next.commits.count += 1;
        if let Some(now) = self.shared.time.get().and_then(Clock::believed) {
            next.commits.believed_at = Some(now);
        }
        next.commits.erasures += erasure::count(&before, &next, batch.overlay.keys());
        let commits = next.commits;
        let mut tables = vec![Commits::TABLE, Table::Overflow];
        for (table, _) in batch.overlay.keys() {
            if !tables.contains(table) {
                tables.push(*table);
            }
        }
        let begun = Instant::now();
        self.clock
            .during_write(&engine.db, || self.write_to_disk(engine, batch, &tables, &commits))?;
        self.shared.meter.flushed(batch.accepted(), begun.elapsed());
        Ok(next)
    }

    fn write_to_disk(&self, engine: &Engine, batch: &Batch, tables: &[Table], commits: &Commits) -> Result<(), String> {
        #[cfg(test)]
        self.clock.gate.pass();
        if let Some(hold) = self.held.borrow().upgrade() {
            let changed = batch.overlay.keys().map(|(table, key)| (*table, key.as_slice()));
            hold.keep(&engine.trees, changed);
        }
        let trees: Vec<_> = tables.iter().map(|table| engine.trees.of(*table)).collect();
        trees[..]
            .transaction(|views| {
                // This is the second element of `tables`.
                let overflow = &views[1];
                let put = |table: Table, key: &[u8], value: Option<&[u8]>| {
                    let view = tables.iter().position(|of| *of == table).map(|place| &views[place]);
                    view.map_or(Ok(()), |view| overflow::put(view, overflow, (table, key), value))
                };
                put(Commits::TABLE, &commits.key(), Some(&commits.encode()))?;
                for ((table, key), value) in &batch.overlay {
                    put(*table, key, value.as_deref())?;
                }
                Ok(())
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => error.to_string(),
                TransactionError::Abort(()) => "the transaction was aborted".into(),
            })?;
        engine.db.flush().map_err(|error| error.to_string())?;
        let noted = engine.witness.note(commits.count);
        noted.map_err(|error| error.to_string())
    }

    /// Writes the edits that upgrade old records, if there is room. Returns false if the disk failed for good.
    fn write_outdated(&mut self) -> bool {
        if self.failure.is_some() || !self.room.borrow().allows(Need::Other) {
            return true;
        }
        let outdated = std::mem::take(&mut self.outdated);
        for batch in outdated.batches(BATCH) {
            if !self.settle(batch) {
                return false;
            }
            if self.failure.is_some() {
                // Opening the store again has found what is left of them.
                break;
            }
        }
        true
    }
}

/// Logs that the disk failed for good. Returns false.
fn given_up(cause: &str) -> bool {
    error!(
        cause,
        "the store cannot be written; it takes no more writes until the server is restarted"
    );
    false
}
