//! The jobs of the writer's thread.

use tokio::sync::oneshot;

use super::batch::CommitOutcome;
use super::change::Change;
use super::commit_error::HoldError;
use super::held::Held;

/// A job for the thread.
pub(super) enum WriterJob {
    /// A change, the channel for its answer, and the number of stalls of the disk when it was queued.
    Commit(Change, oneshot::Sender<CommitOutcome>, u64),
    Hold(oneshot::Sender<Result<Held, HoldError>>),
    /// Lets the engine measure, and try again to write if writes were refused.
    Look,
    Close(oneshot::Sender<()>),
}
