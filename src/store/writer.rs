//! The one that commits.
//!
//! A thread takes every change that waits, checks each in order against the store and the changes
//! before it, puts those that hold into one sled transaction, makes it durable with one flush, shows
//! the new snapshot and only then answers. So uniqueness needs no lock, and everybody who waited
//! shares the cost of the disk. Refusals are answered after the flush too: a refusal may speak of a
//! change in the same batch, and nothing may be told before it is durable.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use sled::Transactional;
use sled::transaction::TransactionError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::error;

use super::Problem;
use super::change::{Change, Edit};
use super::commits::Commits;
use super::contain::contain;
use super::erasure;
use super::open::Engine;
use super::overflow;
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::clock::Clock;
use crate::domain::{CustomStatusId, Permission, RoleId, SettingId, TokenHash, UserId};

/// Most changes in one batch, so that a transaction stays a matter of milliseconds.
const BATCH: usize = 512;

/// Changes that may wait for the writer; further callers wait before they are let in.
const WAITING: usize = 4096;

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Something the change expects of this table is not so. Nothing was written.
    #[error("the change conflicts with what is in {0}")]
    Conflict(Table),
    /// The disk failed, or the store is closed. Whether the change survives a restart is unknown.
    #[error("the store takes no writes")]
    Unavailable,
}

/// How long the disk may take for a batch. sled waits for ever when a write of its own threads fails,
/// so that a longer silence is taken for the failure it is.
const PATIENCE: Duration = Duration::from_secs(30);

type Outcome = Result<(), CommitError>;

/// What a batch made, changed or removed.
#[derive(Debug, Default)]
pub struct Touched {
    /// Users, by their account or status.
    pub users: Vec<UserId>,
    /// Tokens.
    pub tokens: Vec<TokenHash>,
    /// Custom statuses.
    pub custom_statuses: Vec<CustomStatusId>,
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Grants, by their permissions.
    pub grants: Vec<Permission>,
    /// Settings.
    pub settings: Vec<SettingId>,
}

/// The picture before a commit and the one after it, with what is different.
pub(super) type Watcher = Box<dyn Fn(&Snapshot, &Arc<Snapshot>, &Touched) + Send + Sync>;

enum Job {
    Commit(Change, oneshot::Sender<Outcome>),
    Verify(oneshot::Sender<Vec<Problem>>),
    Close(oneshot::Sender<()>),
}

/// Hands jobs to the writer's thread.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    stalled: Arc<AtomicBool>,
    watcher: Arc<OnceLock<Watcher>>,
}

impl Writer {
    /// Starts the thread. From now on it alone writes to the engine and to what is shown. It begins
    /// with `outdated`: records that are the same in the newest version.
    pub(super) fn start(engine: Engine, shown: Arc<ArcSwap<Snapshot>>, outdated: Vec<Edit>) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let watcher = Arc::default();
        let committer = Committer {
            engine,
            shown,
            watcher: Arc::clone(&watcher),
        };
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || committer.run(&outdated, waiting))?;
        let stalled = Arc::default();
        Ok(Self { jobs, stalled, watcher })
    }

    pub(super) fn watch(&self, watcher: Watcher) {
        // The first one stays.
        let _ = self.watcher.set(watcher);
    }

    pub(super) async fn commit(&self, change: Change) -> Outcome {
        self.ask(|answer| Job::Commit(change, answer)).await?
    }

    pub(super) async fn verify(&self) -> Result<Vec<Problem>, CommitError> {
        self.ask(Job::Verify).await
    }

    pub(super) async fn close(&self) {
        // A writer that is gone already is as closed as can be.
        let _ = self.ask(Job::Close).await;
    }

    pub(super) fn is_running(&self) -> bool {
        !self.jobs.is_closed() && !self.stalled.load(Ordering::Acquire)
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, CommitError> {
        if self.stalled.load(Ordering::Acquire) {
            return Err(CommitError::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.jobs.send(job(answer)).await.ok()?;
            answered.await.ok()
        };
        if let Ok(answer) = timeout(PATIENCE, asked).await {
            return answer.ok_or(CommitError::Unavailable);
        }
        self.stalled.store(true, Ordering::Release);
        error!(
            "the disk did not answer for {} seconds; the store takes no more writes until the server is restarted",
            PATIENCE.as_secs()
        );
        Err(CommitError::Unavailable)
    }
}

/// What the thread owns.
struct Committer {
    engine: Engine,
    shown: Arc<ArcSwap<Snapshot>>,
    watcher: Arc<OnceLock<Watcher>>,
}

/// Changes that hold, and who waits for them.
#[derive(Default)]
struct Batch {
    /// What the changes so far leave under the keys they touch.
    overlay: HashMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    edits: Vec<Edit>,
    answers: Vec<(oneshot::Sender<Outcome>, Outcome)>,
}

impl Committer {
    /// Works until it is told to close, nobody is left to ask, or the disk fails: what a failed
    /// flush left behind is unknown until the store is opened anew, so nothing is written after it.
    fn run(self, outdated: &[Edit], mut waiting: mpsc::Receiver<Job>) {
        for edits in outdated.chunks(BATCH) {
            if !self.settle(Batch::of(edits)) {
                return;
            }
        }
        let mut jobs = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut jobs, BATCH) > 0 {
            let mut batch = Batch::default();
            let mut others = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(change, answer) => batch.add(&self.engine, change, answer),
                    other => others.push(other),
                }
            }
            if !self.settle(batch) {
                return;
            }
            for job in others {
                match job {
                    Job::Verify(answer) => {
                        let _ = answer.send(self.engine.verify().problems);
                    }
                    Job::Close(answer) => {
                        if let Err(cause) = self.engine.witness.sync() {
                            error!(%cause, "the file that saw the last commit cannot be made durable");
                        }
                        drop(self);
                        let _ = answer.send(());
                        return;
                    }
                    Job::Commit(..) => {}
                }
            }
        }
    }

    /// Makes a batch durable, shows it, answers. False when the disk failed.
    fn settle(&self, batch: Batch) -> bool {
        if !batch.edits.is_empty() {
            match contain(|| self.write(&batch)) {
                Ok(Ok(next)) => {
                    let next = Arc::new(next);
                    let before = self.shown.swap(Arc::clone(&next));
                    if let Some(watcher) = self.watcher.get() {
                        watcher(&before, &next, &batch.touched());
                    }
                }
                Ok(Err(cause)) => return given_up(&cause),
                Err(panic) => return given_up(&panic),
            }
        }
        for (answer, outcome) in batch.answers {
            // Whoever went away while waiting does not need the answer.
            let _ = answer.send(outcome);
        }
        true
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
        next.commits.erasures += erasure::count(&before, &next, batch.overlay.keys());
        let commits = next.commits;
        let mut tables = vec![Commits::TABLE, Table::Overflow];
        for (table, _) in batch.overlay.keys() {
            if !tables.contains(table) {
                tables.push(*table);
            }
        }
        let trees: Vec<_> = tables.iter().map(|table| self.engine.trees.of(*table)).collect();
        trees[..]
            .transaction(|views| {
                // The second of `tables`.
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
        noted.map_err(|error| error.to_string())?;
        Ok(next)
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
    /// Edits that depend on nothing and for which nobody waits.
    fn of(edits: &[Edit]) -> Self {
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

    fn take(&mut self, edit: Edit) {
        self.overlay.insert((edit.table, edit.key.clone()), edit.value.clone());
        self.edits.push(edit);
    }

    /// Takes a change in if everything it expects is so.
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
                let stored = contain(|| engine.trees.get(expected.table, &expected.key));
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
