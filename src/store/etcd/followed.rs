//! What this process has seen of the cluster.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::freshness::Freshness;
use super::revisions::Revisions;
use crate::domain::{UserConnections, UserId};
use crate::store::change::RecordEdit;
use crate::store::edits::Touched;
use crate::store::engine::Lost;
use crate::store::format::Format;
use crate::store::neighbours::{ConnectionReport, Listener, ServerPlace};
use crate::store::shared::Shared;
use crate::store::snapshot::Snapshot;

/// The reason why a process must end whose lease has ended.
pub(super) const EXCLUDED: &str =
    "the other processes count this one as gone, because it did not renew its lease in time";

/// What has been seen. The follower changes it; the writer compares with it.
#[derive(Default)]
pub(super) struct Followed {
    state: Mutex<FollowedState>,
    changed: Condvar,
    /// Signalled only at the end, so that a thread that waits for it sleeps through the commits.
    ended: Condvar,
    pub(super) freshness: Freshness,
    /// True if another process has used the store since this one was started.
    has_others: AtomicBool,
}

/// All processes and their reports, as they were loaded.
pub(super) struct Peers {
    /// The names of all processes.
    pub(super) processes: BTreeSet<String>,
    pub(super) reports: Vec<ConnectionReport>,
}

/// The state up to one revision.
#[derive(Default)]
pub(super) struct FollowedState {
    /// The last revision that is shown.
    pub(super) applied: i64,
    /// The revisions of all entries, up to that revision.
    pub(super) revisions: Revisions,
    /// The format that all processes write.
    pub(super) format: Format,
    /// The names of all processes, also of this one.
    pub(super) processes: BTreeSet<String>,
    /// The connections that the other processes have reported.
    reports: HashMap<(Arc<str>, UserId), UserConnections>,
    listener: Option<Listener>,
    /// The reason why this process must end.
    lost: Option<String>,
}

impl Followed {
    /// Begins with what was loaded at this revision.
    pub(super) fn begin(&self, applied: i64, revisions: Revisions, peers: Peers, format: Format) {
        let mut state = self.lock();
        state.applied = applied;
        state.format = format;
        state.revisions = revisions;
        state.processes = peers.processes;
        for report in peers.reports {
            state.pass(&Snapshot::default(), report);
        }
    }

    /// Returns the number of processes, and how many of them come before this one in the order of their names.
    pub(super) fn place_of(&self, process: &str) -> ServerPlace {
        let state = self.lock();
        ServerPlace {
            servers: state.processes.len().max(1),
            before: state
                .processes
                .iter()
                .take_while(|other| other.as_str() < process)
                .count(),
        }
    }

    /// Notes that another process uses the store.
    pub(super) fn note_others(&self) {
        self.has_others.store(true, Ordering::Relaxed);
    }

    /// Returns whether another process has used the store since this one was started.
    pub(super) fn has_others(&self) -> bool {
        self.has_others.load(Ordering::Relaxed)
    }

    /// Returns the state. While it is locked, nothing more is shown.
    pub(super) fn lock(&self) -> MutexGuard<'_, FollowedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the threads that wait for a change of the state.
    pub(super) fn notify(&self) {
        self.changed.notify_all();
    }

    /// Ends the writer and the follower for this reason.
    pub(super) fn lose(&self, cause: String) {
        self.lock().lost.get_or_insert(cause);
        self.freshness.end();
        self.notify();
        self.ended.notify_all();
    }

    /// Returns an error if this process must end.
    pub(super) fn check(&self) -> Result<(), Lost> {
        self.lock().check()
    }

    /// Waits until this process must end, and returns the reason.
    pub(super) fn wait_for_end(&self) -> String {
        let lives = |seen: &mut FollowedState| seen.lost.is_none();
        let waited = self.ended.wait_while(self.lock(), lives);
        waited
            .unwrap_or_else(PoisonError::into_inner)
            .lost
            .clone()
            .unwrap_or_default()
    }

    /// Waits until this revision is shown.
    ///
    /// # Errors
    /// [`Lost`] if this process must end.
    pub(super) fn wait_for(&self, revision: i64) -> Result<(), Lost> {
        let is_behind = |seen: &mut FollowedState| seen.applied < revision && seen.lost.is_none();
        let waited = self.changed.wait_while(self.lock(), is_behind);
        let seen = waited.unwrap_or_else(PoisonError::into_inner);
        if seen.applied < revision { seen.check() } else { Ok(()) }
    }
}

impl FollowedState {
    /// Shows these edits as one commit, up to the revision that is noted as the last one.
    ///
    /// # Errors
    /// The reason why a record cannot be read, as text.
    pub(super) fn show<'edits>(
        &self,
        shared: &Shared,
        edits: impl IntoIterator<Item = &'edits RecordEdit>,
        touched: &Touched,
    ) -> Result<(), String> {
        let mut next = Snapshot::clone(&shared.shown.load());
        for edit in edits {
            let unreadable = |damage| format!("a record of {} cannot be read: {damage}", edit.table);
            next.apply(edit).map_err(unreadable)?;
        }
        next.commits.count = self.applied.unsigned_abs();
        shared.show(next, touched);
        Ok(())
    }

    /// Passes a report of another process to the listener.
    pub(super) fn pass(&mut self, snapshot: &Snapshot, report: ConnectionReport) {
        let place = (Arc::clone(&report.server), report.user.clone());
        match &report.connections {
            Some(connections) => drop(self.reports.insert(place, connections.clone())),
            None => drop(self.reports.remove(&place)),
        }
        if let Some(listener) = &self.listener {
            listener(snapshot, report);
        }
    }

    /// Replaces all reports of other processes, and passes the differences to the listener.
    pub(super) fn replace_reports(&mut self, snapshot: &Snapshot, reports: Vec<ConnectionReport>) {
        let told: HashSet<_> = reports
            .iter()
            .map(|report| (Arc::clone(&report.server), report.user.clone()))
            .collect();
        let gone: Vec<_> = self
            .reports
            .keys()
            .filter(|place| !told.contains(place))
            .cloned()
            .collect();
        let gone = gone.into_iter().map(|(server, user)| ConnectionReport {
            server,
            user,
            connections: None,
        });
        for report in gone.chain(reports) {
            self.pass(snapshot, report);
        }
    }

    /// Passes all reports to this listener, and each new one from now on. Only the first listener is called.
    pub(super) fn watch(&mut self, snapshot: &Snapshot, listener: Listener) {
        if self.listener.is_some() {
            return;
        }
        for ((server, user), connections) in &self.reports {
            listener(
                snapshot,
                ConnectionReport {
                    server: Arc::clone(server),
                    user: user.clone(),
                    connections: Some(connections.clone()),
                },
            );
        }
        self.listener = Some(listener);
    }

    fn check(&self) -> Result<(), Lost> {
        self.lost.clone().map_or(Ok(()), |cause| Err(Lost(cause)))
    }
}
