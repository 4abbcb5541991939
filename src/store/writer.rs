//! The thread that commits changes.
//!
//! The thread takes all waiting changes, checks each one in order against the store and the changes before it, puts
//! the accepted ones into one sled transaction, makes it durable with one flush, shows the new snapshot, and only
//! then answers. So uniqueness needs no lock, and all callers share the cost of the flush. Conflicts are answered
//! after the flush too, because they may depend on a change in the same batch that is not durable yet.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::Instant;

use arc_swap::ArcSwap;
use sled::Transactional;
use sled::transaction::TransactionError;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::catch_panic::catch_panic;
use super::change::{Change, RecordEdit};
use super::codec::MAX_BODY_BYTES;
use super::commits::Commits;
use super::erasure;
use super::flush_clock::FlushClock;
use super::hold::Hold;
use super::open::Engine;
use super::overflow;
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::clock::Clock;
use crate::domain::{CustomStatusId, Permission, RoleId, SettingId, TokenHash, UserId};
use crate::observe::StoreMeter;

/// Maximum changes in one batch, so that a transaction takes only milliseconds.
const BATCH: usize = 512;

/// Maximum changes in the queue. Further callers wait until there is room.
const WAITING: usize = 4096;

/// The reason why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// An expectation of the change about this table does not hold. Nothing was written.
    #[error("the change conflicts with what is in {0}")]
    Conflict(Table),
    /// A record of this table is too large to be stored. Nothing was written.
    #[error("a record of {0} would have more than {MAX_BODY_BYTES} bytes")]
    TooLarge(Table),
    /// The disk failed, or the store is closed. Whether the change survives a restart is unknown.
    #[error("the store takes no writes")]
    Unavailable,
}

type Outcome = Result<(), CommitError>;

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

/// The records that a batch created, changed or removed.
#[derive(Debug, Default)]
pub struct Touched {
    /// Users whose account or status changed.
    pub users: Vec<UserId>,
    /// Tokens that were created, changed or removed.
    pub tokens: Vec<TokenHash>,
    /// Custom statuses that were created, changed or removed.
    pub custom_statuses: Vec<CustomStatusId>,
    /// Roles that were created, changed or removed.
    pub roles: Vec<RoleId>,
    /// Permissions whose roles were changed.
    pub grants: Vec<Permission>,
    /// Settings whose stored value changed.
    pub settings: Vec<SettingId>,
}

/// A callback with the snapshots before and after a commit, and the records that differ.
pub(super) type Watcher = Box<dyn Fn(&Snapshot, &Arc<Snapshot>, &Touched) + Send + Sync>;

enum Job {
    /// A change, the channel for its answer, and the number of stalls of the disk when it was queued.
    Commit(Change, oneshot::Sender<Outcome>, u64),
    Hold(oneshot::Sender<Result<Arc<Hold>, HoldError>>),
    Close(oneshot::Sender<()>),
}

/// A handle of the writer's thread.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    clock: Arc<FlushClock>,
    watcher: Arc<OnceLock<Watcher>>,
    time: Arc<OnceLock<Clock>>,
    meter: StoreMeter,
}

impl Writer {
    /// Starts the thread. From now on, only this thread writes to the engine and replaces the snapshot. It first
    /// writes `outdated`: records rewritten in the newest version.
    pub(super) fn start(engine: Engine, shown: Arc<ArcSwap<Snapshot>>, outdated: Vec<RecordEdit>) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let watcher = Arc::default();
        let time = Arc::default();
        let clock = FlushClock::start()?;
        let meter = StoreMeter::default();
        let committer = Committer {
            meter: meter.clone(),
            engine,
            shown,
            clock: Arc::clone(&clock),
            watcher: Arc::clone(&watcher),
            time: Arc::clone(&time),
            held: RefCell::default(),
        };
        let counting = Arc::clone(&clock);
        let begun = thread::Builder::new().name("store-writer".into()).spawn(move || {
            committer.run(&outdated, waiting);
            counting.finish();
        });
        if let Err(error) = begun {
            clock.finish();
            return Err(error);
        }
        Ok(Self {
            jobs,
            clock,
            watcher,
            time,
            meter,
        })
    }

    pub(super) const fn meter(&self) -> &StoreMeter {
        &self.meter
    }

    /// Returns the number of changes in the queue.
    pub(super) fn waiting(&self) -> usize {
        WAITING.saturating_sub(self.jobs.capacity())
    }

    pub(super) fn stamp(&self, time: Clock) {
        // If there is a clock already, it stays.
        let _ = self.time.set(time);
    }

    pub(super) fn watch(&self, watcher: Watcher) {
        // If there is a watcher already, it stays.
        let _ = self.watcher.set(watcher);
    }

    pub(super) async fn commit(&self, change: Change) -> Outcome {
        if let Some(table) = change.too_large {
            return Err(CommitError::TooLarge(table));
        }
        self.ask(|answer, stalls| Job::Commit(change, answer, stalls)).await?
    }

    pub(super) async fn close(&self) {
        // If the thread has already ended, the store is closed.
        let _ = self.ask(|answer, _| Job::Close(answer)).await;
    }

    /// Begins a hold of the state between two batches. All changes that were acknowledged before are in it.
    pub(super) async fn hold(&self) -> Result<Arc<Hold>, HoldError> {
        let asked = self.ask(|answer, _| Job::Hold(answer)).await;
        asked.unwrap_or(Err(HoldError::Unavailable))
    }

    pub(super) fn is_running(&self) -> bool {
        !self.jobs.is_closed() && !self.clock.stalls().is_stalled
    }

    /// Waits for the answer to a job, or for the disk to stall.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>, u64) -> Job) -> Result<T, CommitError> {
        let mut stalls = self.clock.subscribe();
        let before = *stalls.borrow_and_update();
        if before.is_stalled {
            return Err(CommitError::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.jobs.send(job(answer, before.count)).await.ok()?;
            answered.await.ok()
        };
        tokio::select! {
            biased;
            answer = asked => answer.ok_or(CommitError::Unavailable),
            _ = stalls.wait_for(|now| now.count != before.count) => Err(CommitError::Unavailable),
        }
    }
}

/// The data of the writer's thread.
struct Committer {
    meter: StoreMeter,
    engine: Engine,
    shown: Arc<ArcSwap<Snapshot>>,
    clock: Arc<FlushClock>,
    watcher: Arc<OnceLock<Watcher>>,
    /// The clock that gives commits their times.
    time: Arc<OnceLock<Clock>>,
    /// The moment that a backup reads, while there is one.
    held: RefCell<Weak<Hold>>,
}

/// The accepted changes of one transaction, and the answers to all callers.
#[derive(Default)]
struct Batch {
    /// The value of each key after the changes so far.
    overlay: HashMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    edits: Vec<RecordEdit>,
    answers: Vec<(oneshot::Sender<Outcome>, Outcome)>,
}

impl Committer {
    /// Runs until the store is closed, all handles are dropped, or the disk fails. After a failed flush, the state of
    /// the store is unknown until it is opened again, so nothing more is written.
    fn run(self, outdated: &[RecordEdit], mut waiting: mpsc::Receiver<Job>) {
        for edits in outdated.chunks(BATCH) {
            if !self.settle(Batch::of(edits)) {
                return;
            }
        }
        let mut jobs = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut jobs, BATCH) > 0 {
            let (batch, close) = self.clock.during(|| self.collect(jobs.drain(..)));
            if !self.settle(batch) {
                return;
            }
            if let Some(answer) = close {
                if let Err(cause) = self.engine.witness.sync() {
                    error!(%cause, "the file that saw the last commit cannot be made durable");
                }
                drop(self);
                let _ = answer.send(());
                return;
            }
        }
    }

    /// Checks the queued changes. Returns the batch, and the channel of a request to close the store.
    fn collect(&self, jobs: impl Iterator<Item = Job>) -> (Batch, Option<oneshot::Sender<()>>) {
        let mut batch = Batch::default();
        let mut close = None;
        let stalls = self.clock.stalls().count;
        for job in jobs {
            match job {
                Job::Commit(change, answer, before) if before == stalls => batch.add(&self.engine, change, answer),
                // The caller got an error when the disk stalled.
                Job::Commit(_, answer, _) => batch.answers.push((answer, Err(CommitError::Unavailable))),
                // The batch is not written yet, so this is the state before all of its changes.
                Job::Hold(answer) => drop(answer.send(self.hold())),
                Job::Close(answer) => close = Some(answer),
            }
        }
        (batch, close)
    }

    /// Begins a hold, unless a backup still reads an earlier one.
    fn hold(&self) -> Result<Arc<Hold>, HoldError> {
        let earlier = self.held.borrow().upgrade();
        if earlier.is_some_and(|earlier| !earlier.is_lost()) {
            return Err(HoldError::Busy);
        }
        let commits = self.shown.load().commits.count;
        let hold = Hold::begin(&self.engine.trees, commits).map_err(|_| HoldError::Unavailable)?;
        let hold = Arc::new(hold);
        self.held.replace(Arc::downgrade(&hold));
        Ok(hold)
    }

    /// Makes a batch durable, shows it, and answers its callers. Returns false if the disk failed.
    fn settle(&self, batch: Batch) -> bool {
        if !batch.edits.is_empty() {
            match catch_panic(|| self.write(&batch)) {
                Ok(Ok(next)) => self.show(&Arc::new(next), &batch),
                Ok(Err(cause)) => return given_up(&cause),
                Err(panic) => return given_up(&panic),
            }
        }
        for (answer, outcome) in batch.answers {
            // A caller that no longer waits gets no answer.
            let _ = answer.send(outcome);
        }
        true
    }

    /// Shows the new snapshot, and calls the watcher. The commit is valid even if the watcher panics.
    fn show(&self, next: &Arc<Snapshot>, batch: &Batch) {
        let before = self.shown.swap(Arc::clone(next));
        let Some(watcher) = self.watcher.get() else {
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
        let before = self.shown.load();
        let mut next = Snapshot::clone(&before);
        for edit in &batch.edits {
            next.apply(edit).map_err(|damage| damage.to_string())?;
        }
        if next.commits == Commits::default() {
            next.commits.compacted_at = Some(Clock::System.now());
        }
        next.commits.count += 1;
        if let Some(now) = self.time.get().and_then(Clock::believed) {
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
        self.clock.during(|| self.write_to_disk(batch, &tables, &commits))?;
        let made = batch.answers.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        self.meter.flushed(made, begun.elapsed());
        Ok(next)
    }

    fn write_to_disk(&self, batch: &Batch, tables: &[Table], commits: &Commits) -> Result<(), String> {
        #[cfg(test)]
        self.clock.gate.pass();
        if let Some(hold) = self.held.borrow().upgrade() {
            let changed = batch.overlay.keys().map(|(table, key)| (*table, key.as_slice()));
            hold.keep(&self.engine.trees, changed);
        }
        let trees: Vec<_> = tables.iter().map(|table| self.engine.trees.of(*table)).collect();
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
        self.engine.db.flush().map_err(|error| error.to_string())?;
        let noted = self.engine.witness.note(commits.count);
        noted.map_err(|error| error.to_string())
    }
}

fn given_up(cause: &str) -> bool {
    error!(
        cause,
        "the store cannot be written; it takes no more writes until the server is restarted"
    );
    false
}

impl Batch {
    /// Returns a batch of edits without expectations and without callers.
    fn of(edits: &[RecordEdit]) -> Self {
        let mut batch = Self::default();
        for edit in edits {
            batch.take(edit.clone());
        }
        batch
    }

    fn touched(&self) -> Touched {
        let mut touched = Touched::default();
        for (table, key) in self.overlay.keys() {
            let text = String::from_utf8_lossy(key);
            match table {
                Table::Users | Table::UserStatuses => touched.users.push(UserId::new(&text)),
                Table::Tokens => touched
                    .tokens
                    .extend(<[u8; 32]>::try_from(&key[..]).map(TokenHash::new)),
                Table::CustomStatuses => touched.custom_statuses.push(CustomStatusId::new(&text)),
                Table::Roles => touched.roles.push(RoleId::new(&text)),
                Table::Grants => touched.grants.extend(text.parse::<Permission>()),
                Table::Settings => touched.settings.extend(text.parse::<SettingId>()),
                _ => {}
            }
        }
        touched.users.sort_unstable();
        touched.users.dedup();
        touched
    }

    fn take(&mut self, edit: RecordEdit) {
        self.overlay.insert((edit.table, edit.key.clone()), edit.value.clone());
        self.edits.push(edit);
    }

    /// Adds a change if all its expectations hold, and stores its answer.
    fn add(&mut self, engine: &Engine, change: Change, answer: oneshot::Sender<Outcome>) {
        let outcome = self.check(engine, &change);
        if outcome.is_ok() {
            for edit in change.edits {
                self.take(edit);
            }
        }
        self.answers.push((answer, outcome));
    }

    fn check(&self, engine: &Engine, change: &Change) -> Outcome {
        for expected in &change.expectations {
            let place = (expected.table, expected.key.clone());
            let holds = if let Some(value) = self.overlay.get(&place) {
                *value == expected.value
            } else {
                let stored = catch_panic(|| engine.trees.get(expected.table, &expected.key));
                let Ok(Ok(stored)) = stored else {
                    return Err(CommitError::Unavailable);
                };
                stored.as_deref() == expected.value.as_deref()
            };
            if !holds {
                return Err(CommitError::Conflict(expected.table));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::setting::Setting;
    use crate::domain::{SettingValue, setting};

    fn open(folder: &Path) -> (Writer, Arc<ArcSwap<Snapshot>>) {
        let engine = Engine::open(folder).expect("a store");
        let shown = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let writer = Writer::start(engine, Arc::clone(&shown), Vec::new()).expect("a thread");
        (writer, shown)
    }

    fn setting(id: SettingId) -> Setting {
        setting::Setting {
            id,
            value: SettingValue::Text("x".into()),
            updated_at: Timestamp::from_millis(1),
        }
    }

    /// Waits until the disk is stalled, or until it is not.
    async fn until(writer: &Writer, is_stalled: bool) {
        let mut stalls = writer.clock.subscribe();
        let waited = stalls.wait_for(|now| now.is_stalled == is_stalled).await;
        drop(waited.expect("the clock is there"));
    }

    #[allow(clippy::await_holding_lock)] // The lock is the disk that does not answer.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_answers_after_all_takes_writes_again_and_no_refused_change_is_made() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let (writer, shown) = open(home.path());
        let commit = |id| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.commit(Change::new().insert(&setting(id))).await })
        };
        commit(SettingId::SiteName).await.expect("a task").expect("a commit");

        let gate = writer.clock.gate.lock.lock().expect("a lock");
        let begun = commit(SettingId::SiteUrl);
        while !writer.clock.gate.is_reached.load(std::sync::atomic::Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        let queued = commit(SettingId::CorsOrigin);
        while writer.jobs.capacity() == WAITING {
            tokio::task::yield_now().await;
        }
        writer.clock.stall();
        assert!(!writer.is_running());
        for refused in [begun, queued, commit(SettingId::DefaultRoles)] {
            assert_eq!(refused.await.expect("a task"), Err(CommitError::Unavailable));
        }
        drop(gate);

        until(&writer, false).await;
        assert!(writer.is_running());
        commit(SettingId::AllowedDomains)
            .await
            .expect("a task")
            .expect("a commit");
        let shown: Vec<_> = shown.load().settings.keys().copied().collect();
        for (id, is_made) in [
            (SettingId::SiteName, true),
            (SettingId::SiteUrl, true),
            (SettingId::CorsOrigin, false),
            (SettingId::DefaultRoles, false),
            (SettingId::AllowedDomains, true),
        ] {
            assert_eq!(shown.contains(&id), is_made, "{id}");
        }
        writer.close().await;
    }
}
