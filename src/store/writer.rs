//! The handle of the thread that commits changes.

use std::io;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::batch::CommitOutcome;
use super::change::Change;
use super::commit_error::{CommitError, HoldError};
use super::committer::Committer;
use super::engine::Engine;
use super::held::Held;
use super::job::WriterJob;
use super::room::Room;
use super::shared::{Shared, Watcher};
use crate::clock::Clock;
use crate::observe::StoreMeter;

/// Maximum changes in the queue. Further callers wait until there is room.
const WAITING: usize = 4096;

/// A handle of the writer's thread.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<WriterJob>,
    shared: Shared,
}

impl Writer {
    /// Starts the thread. From now on, only this thread has the engine, and only the engine replaces the snapshot.
    pub(super) fn start(engine: Box<dyn Engine>, shared: Shared) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let committer = Committer::new(engine, shared.clone());
        let clock = shared.clock.clone();
        let begun = thread::Builder::new().name("store-writer".into()).spawn(move || {
            committer.run(waiting);
            clock.finish();
        });
        if let Err(error) = begun {
            shared.clock.finish();
            return Err(error);
        }
        Ok(Self { jobs, shared })
    }

    pub(super) const fn meter(&self) -> &StoreMeter {
        &self.shared.meter
    }

    /// Returns the number of changes in the queue.
    pub(super) fn waiting(&self) -> usize {
        WAITING.saturating_sub(self.jobs.capacity())
    }

    pub(super) fn stamp(&self, time: Clock) {
        // If there is a clock already, it stays.
        let _ = self.shared.time.set(time);
    }

    pub(super) fn watch(&self, watcher: Watcher) {
        // If there is a watcher already, it stays.
        let _ = self.shared.watcher.set(watcher);
    }

    /// Sets the free bytes below which changes are refused. It applies to changes that are committed after this call.
    pub(super) fn keep_free(&self, bytes: u64) {
        // If there is a number already, it stays.
        let _ = self.shared.reserve_bytes.set(bytes);
    }

    /// Lets the engine measure the free space, between two batches.
    pub(super) fn look_at_disk(&self) {
        // If the queue is full, the next batch measures it.
        let _ = self.jobs.try_send(WriterJob::Look);
    }

    /// Returns the room on the disk as the engine measured it last.
    pub(super) fn room(&self) -> Room {
        self.shared.room()
    }

    pub(super) async fn commit(&self, change: Change) -> CommitOutcome {
        if let Some(table) = change.too_large {
            return Err(CommitError::TooLarge(table));
        }
        self.ask(|answer, stalls| WriterJob::Commit(change, answer, stalls))
            .await?
    }

    pub(super) async fn close(&self) {
        // If the thread has already ended, the store is closed.
        let _ = self.ask(|answer, _| WriterJob::Close(answer)).await;
    }

    /// Begins a hold of the state between two batches. All changes that were acknowledged before are in it.
    pub(super) async fn hold(&self) -> Result<Held, HoldError> {
        let asked = self.ask(|answer, _| WriterJob::Hold(answer)).await;
        asked.unwrap_or(Err(HoldError::Unavailable))
    }

    pub(super) fn is_running(&self) -> bool {
        !self.jobs.is_closed() && !self.shared.clock.stalls().is_stalled
    }

    /// Waits for the answer to a job, for the end of the thread, or for the disk to stall. A job that is sent while the thread
    /// ends may stay in the channel for ever, so that the end of its answer alone would not show the end of the thread.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>, u64) -> WriterJob) -> Result<T, CommitError> {
        let mut stalls = self.shared.clock.subscribe();
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
            () = self.jobs.closed() => Err(CommitError::Unavailable),
            _ = stalls.wait_for(|now| now.count != before.count) => Err(CommitError::Unavailable),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::setting::Setting;
    use crate::domain::{SettingId, SettingValue, setting};
    use crate::store::flush_clock::FlushClock;
    use crate::store::outdated::Outdated;
    use crate::store::sled::{OpenStore, SledEngine};
    use crate::store::snapshot::Snapshot;

    fn shared() -> Shared {
        Shared::new(Snapshot::default(), FlushClock::start(30).expect("a thread"))
    }

    fn open(folder: &Path) -> Writer {
        let (store, shared) = (OpenStore::open(folder).expect("a store"), shared());
        let engine = SledEngine::new(store, Outdated::default(), shared.clone());
        Writer::start(Box::new(engine), shared).expect("a thread")
    }

    fn setting(id: SettingId) -> Setting {
        setting::Setting {
            id,
            value: SettingValue::Text("x".into()),
            updated_at: Timestamp::from_millis(1),
        }
    }

    #[tokio::test]
    async fn a_change_that_the_thread_leaves_behind_when_it_ends_is_refused() {
        let (jobs, mut waiting) = mpsc::channel(WAITING);
        let writer = Writer { jobs, shared: shared() };
        let asking = writer.clone();
        let asked = tokio::spawn(async move { asking.commit(Change::new()).await });
        // This job is neither answered nor dropped.
        let left_behind = waiting.recv().await.expect("a job");
        drop(waiting);
        assert_eq!(asked.await.expect("a task"), Err(CommitError::Unavailable));
        drop(left_behind);
        writer.shared.clock.finish();
    }

    /// Waits until the disk is stalled, or until it is not.
    async fn until(writer: &Writer, is_stalled: bool) {
        let mut stalls = writer.shared.clock.subscribe();
        let waited = stalls.wait_for(|now| now.is_stalled == is_stalled).await;
        drop(waited.expect("the clock is there"));
    }

    #[allow(clippy::await_holding_lock)] // The lock is the disk that does not answer.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_answers_after_all_takes_writes_again_and_no_refused_change_is_made() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let writer = open(home.path());
        let commit = |id| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.commit(Change::new().insert(&setting(id))).await })
        };
        commit(SettingId::SiteName).await.expect("a task").expect("a commit");

        let gate = writer.shared.clock.gate.lock.lock().expect("a lock");
        let begun = commit(SettingId::SiteUrl);
        while !writer
            .shared
            .clock
            .gate
            .is_reached
            .load(std::sync::atomic::Ordering::Acquire)
        {
            tokio::task::yield_now().await;
        }
        let queued = commit(SettingId::CorsOrigin);
        while writer.jobs.capacity() == WAITING {
            tokio::task::yield_now().await;
        }
        writer.shared.clock.stall();
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
        let shown: Vec<_> = writer.shared.shown.load().settings.keys().copied().collect();
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
