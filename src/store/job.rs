//! The jobs of the writer's thread, and the values that it gets while it runs.

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use super::batch::{CommitOutcome, Touched};
use super::change::Change;
use super::commit_error::HoldError;
use super::hold::Hold;
use super::snapshot::Snapshot;
use crate::clock::Clock;
use crate::observe::StoreMeter;

/// A callback with the snapshots before and after a commit, and the records that differ.
pub(super) type Watcher = Box<dyn Fn(&Snapshot, &Arc<Snapshot>, &Touched) + Send + Sync>;

/// A job for the thread.
pub(super) enum WriterJob {
    /// A change, the channel for its answer, and the number of stalls of the disk when it was queued.
    Commit(Change, oneshot::Sender<CommitOutcome>, u64),
    Hold(oneshot::Sender<Result<Arc<Hold>, HoldError>>),
    /// Measures the free space, and tries again to write if the disk refused it.
    Look,
    Close(oneshot::Sender<()>),
}

/// Values that are set while the thread runs, each once.
#[derive(Clone, Default)]
pub(super) struct Shared {
    pub(super) watcher: Arc<OnceLock<Watcher>>,
    /// The clock that gives commits their times.
    pub(super) time: Arc<OnceLock<Clock>>,
    /// The free bytes below which changes are refused; unset and 0 refuse none.
    pub(super) reserve_bytes: Arc<OnceLock<u64>>,
    /// The meter of the writer, which counts from the start.
    pub(super) meter: StoreMeter,
}
