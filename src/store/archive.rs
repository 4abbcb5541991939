//! Reads from the disk what the snapshot does not hold in memory: avatars, the audit log, and the whole store to verify
//! it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::commit_marker::CommitMarker;
use super::commits::Commits;
use super::hold::{Held, Hold};
use super::problem::Problem;
use super::read_error::{ReadError, closed, contained};
use super::records::audit_log::key_of;
use super::records::{Record, Table};
use super::trees::Trees;
use super::verify;
use crate::domain::{AuditEntry, Avatar, Timestamp, UserId};

/// The number of readings of a store that is in use. A problem counts only if every reading finds it, since a commit
/// between the reading of a record and of its index entry looks like damage.
const READINGS: usize = 5;

/// The longest time that a reader waits while the store is opened again.
const RETURN_TIMEOUT: Duration = Duration::from_secs(10);

/// The open store, until it is closed.
#[derive(Clone)]
pub(super) struct Archive(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    Open(Open),
    /// The store is being opened again. Readers wait.
    Suspended,
    #[default]
    Closed,
}

#[derive(Clone)]
struct Open {
    trees: Arc<Trees>,
    witness: Arc<CommitMarker>,
    is_closing: Arc<AtomicBool>,
}

impl Archive {
    pub(super) fn new(trees: Arc<Trees>, witness: Arc<CommitMarker>) -> Self {
        let archive = Self(Arc::default());
        archive.open_again(trees, witness);
        archive
    }

    /// Reads from now on from these trees.
    pub(super) fn open_again(&self, trees: Arc<Trees>, witness: Arc<CommitMarker>) {
        let is_closing = Arc::default();
        self.replace(State::Open(Open {
            trees,
            witness,
            is_closing,
        }));
    }

    /// Stops a verification and a backup, and drops the trees, so that the files can close. Other readers wait until the
    /// store is opened again or closed.
    pub(super) fn suspend(&self) {
        self.replace(State::Suspended);
    }

    /// Stops a verification and a backup, and drops the trees, so that the files can close.
    pub(super) fn close(&self) {
        self.replace(State::Closed);
    }

    fn replace(&self, state: State) {
        let before = std::mem::replace(&mut *self.lock(), state);
        if let State::Open(open) = before {
            open.is_closing.store(true, Ordering::Release);
        }
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Open, ReadError> {
        let is_suspended = |state: &mut State| matches!(state, State::Suspended);
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.lock(), RETURN_TIMEOUT, is_suspended);
        match &*waited.unwrap_or_else(PoisonError::into_inner).0 {
            State::Open(open) => Ok(open.clone()),
            State::Suspended | State::Closed => Err(closed()),
        }
    }

    fn trees(&self) -> Result<Arc<Trees>, ReadError> {
        Ok(self.open()?.trees)
    }

    /// Returns a moment that the writer holds, with what is needed to read it.
    pub(super) fn held(&self, hold: Arc<Hold>) -> Result<Held, ReadError> {
        let open = self.open()?;
        Ok(Held {
            hold,
            trees: open.trees,
            is_closing: open.is_closing,
        })
    }

    /// Reads the whole store while the writer runs, and returns its problems.
    pub(super) fn verify(&self) -> Result<Vec<Problem>, ReadError> {
        let mut common: Option<Vec<Problem>> = None;
        for _ in 0..READINGS {
            let Open {
                trees,
                witness,
                is_closing,
            } = self.open()?;
            let before = commits(&trees)?;
            // The witness is read first: later, it may count commits that this reading does not find.
            let seen = witness.seen();
            let found = verify::verify_until(&trees, &is_closing);
            if is_closing.load(Ordering::Acquire) {
                return Err(closed());
            }
            let lost = seen.and_then(|seen| CommitMarker::question(seen, found.snapshot.commits.count));
            let mut problems = found.problems;
            problems.extend(lost);
            if problems.is_empty() || commits(&trees)? == before {
                return Ok(problems);
            }
            if let Some(common) = common {
                problems.retain(|problem| common.contains(problem));
            }
            common = Some(problems);
        }
        Ok(common.unwrap_or_default())
    }

    pub(super) fn avatar(&self, user: &UserId) -> Result<Option<Avatar>, ReadError> {
        let trees = self.trees()?;
        let key = user.as_str().as_bytes();
        let stored = contained(|| trees.get(Table::Avatars, key))?;
        stored.map(|bytes| decode(key, &bytes)).transpose()
    }

    pub(super) fn audit_log(
        &self,
        from: Timestamp,
        until: Timestamp,
        mut look: impl FnMut(AuditEntry) -> bool,
    ) -> Result<(), ReadError> {
        let trees = self.trees()?;
        let mut entries = trees.of(Table::AuditLog).range(key_of(from)..key_of(until));
        while let Some((key, placed)) = contained(|| entries.next_back().transpose())? {
            let bytes = contained(|| trees.whole(Table::AuditLog, &key, placed))?;
            let entry = bytes.map(|bytes| decode(&key, &bytes)).transpose()?;
            if entry.is_some_and(|entry| !look(entry)) {
                break;
            }
        }
        Ok(())
    }
}

/// Returns the bytes of the record with the count of commits, damaged or not.
fn commits(trees: &Trees) -> Result<Option<sled::IVec>, ReadError> {
    contained(|| trees.get(Commits::TABLE, &Commits::default().key()))
}

fn decode<R: Record>(key: &[u8], bytes: &[u8]) -> Result<R, ReadError> {
    R::decode(key, bytes).map_err(|damage| ReadError::Damaged(R::TABLE, damage))
}
