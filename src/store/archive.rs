//! Reads from the engine what the snapshot does not hold in memory: avatars, the audit log, and the whole store to verify
//! it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::commits::Commits;
use super::engine_space::EngineSpace;
use super::problem::Problem;
use super::read_error::{ReadError, closed};
use super::records::audit_log::key_of;
use super::records::{Record, Table};
use super::stored::EngineReader;
use crate::domain::{AuditEntry, Avatar, Timestamp, UserId};

/// The number of readings of a store that is in use. A problem counts only if every reading finds it, since a commit
/// between the reading of a record and of its index entry looks like damage.
const READINGS: usize = 5;

/// The longest time that a reader waits while the store is opened again.
const RETURN_TIMEOUT: Duration = Duration::from_secs(10);

/// The reader of the engine while it is open.
#[derive(Clone, Default)]
pub(super) struct Archive(Arc<Place>);

#[derive(Default)]
struct Place {
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
    reader: Arc<dyn EngineReader>,
    is_closing: Arc<AtomicBool>,
}

impl Archive {
    /// Reads from this reader from now on. Returns the flag that becomes true when readers must stop.
    pub(super) fn open(&self, reader: Arc<dyn EngineReader>) -> Arc<AtomicBool> {
        let is_closing = Arc::<AtomicBool>::default();
        self.replace(State::Open(Open {
            reader,
            is_closing: Arc::clone(&is_closing),
        }));
        is_closing
    }

    /// Stops a verification and a backup, and drops the reader, so that the engine can close its files. Other readers wait
    /// until the store is opened again or closed.
    pub(super) fn suspend(&self) {
        self.replace(State::Suspended);
    }

    /// Stops a verification and a backup, and drops the reader, so that the engine can close its files.
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

    fn opened(&self) -> Result<Open, ReadError> {
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

    /// Reads the whole store while the writer runs, and returns its problems.
    pub(super) fn verify(&self) -> Result<Vec<Problem>, ReadError> {
        let mut common: Option<Vec<Problem>> = None;
        for _ in 0..READINGS {
            let Open { reader, is_closing } = self.opened()?;
            let before = commits(&*reader)?;
            let mut problems = reader.verify(&is_closing).problems;
            if is_closing.load(Ordering::Acquire) {
                return Err(closed());
            }
            if problems.is_empty() || commits(&*reader)? == before {
                return Ok(problems);
            }
            if let Some(common) = common {
                problems.retain(|problem| common.contains(problem));
            }
            common = Some(problems);
        }
        Ok(common.unwrap_or_default())
    }

    /// Returns the space that the engine uses.
    pub(super) fn space(&self) -> Result<EngineSpace, ReadError> {
        Ok(self.opened()?.reader.space()?)
    }

    pub(super) fn avatar(&self, user: &UserId) -> Result<Option<Avatar>, ReadError> {
        let key = user.as_str().as_bytes();
        let stored = self.opened()?.reader.get(Table::Avatars, key);
        stored?.map(|bytes| decode(key, &bytes)).transpose()
    }

    pub(super) fn audit_log(
        &self,
        from: Timestamp,
        until: Timestamp,
        mut look: impl FnMut(AuditEntry) -> bool,
    ) -> Result<(), ReadError> {
        let mut outcome = Ok(());
        let keys = &key_of(from)[..]..&key_of(until)[..];
        let reader = self.opened()?.reader;
        reader.scan_back(Table::AuditLog, keys, &mut |entry| {
            match decode(entry.key, entry.value).map(&mut look) {
                Ok(true) => return ControlFlow::Continue(()),
                Ok(false) => {}
                Err(error) => outcome = Err(error),
            }
            ControlFlow::Break(())
        })?;
        outcome
    }
}

/// Returns the bytes of the record with the count of commits, damaged or not.
fn commits(reader: &dyn EngineReader) -> Result<Option<Vec<u8>>, ReadError> {
    Ok(reader.get(Commits::TABLE, &Commits::default().key())?)
}

fn decode<R: Record>(key: &[u8], bytes: &[u8]) -> Result<R, ReadError> {
    R::decode(key, bytes).map_err(|damage| ReadError::Damaged(R::TABLE, damage))
}
