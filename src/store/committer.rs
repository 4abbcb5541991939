//! The thread that commits changes.
//!
//! The thread takes all waiting changes, checks each one in order against the engine and the changes before it, and gives
//! the accepted ones to the engine as one batch, which becomes durable as a whole. Only then it answers. So uniqueness
//! needs no lock, and all callers share the cost of the flush. Conflicts are answered after the flush too, because they
//! may depend on a change in the same batch that is not durable yet.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::batch::Batch;
use super::change::Change;
use super::commit_error::CommitError;
use super::engine::{Engine, Lost, Outcome};
use super::job::WriterJob;
use super::shared::Shared;

/// Maximum changes in one batch, so that a transaction takes only milliseconds.
pub(super) const BATCH: usize = 512;

/// The data of the writer's thread.
pub(super) struct Committer {
    engine: Box<dyn Engine>,
    shared: Shared,
}

/// The work of one round of the thread, collected from its jobs.
#[derive(Default)]
struct Round {
    batch: Batch,
    looks: bool,
    close: Option<oneshot::Sender<()>>,
}

impl Committer {
    pub(super) const fn new(engine: Box<dyn Engine>, shared: Shared) -> Self {
        Self { engine, shared }
    }

    /// Runs until the store is closed, all handles are dropped, or the engine takes no more writes. Then the state of the
    /// store is unknown until it is opened again, so nothing more is written to it.
    pub(super) fn run(self, waiting: mpsc::Receiver<WriterJob>) {
        if let Err(Lost(cause)) = self.work(waiting) {
            error!(
                cause,
                "the store cannot be written; it takes no more writes until the server is restarted"
            );
        }
    }

    fn work(mut self, mut waiting: mpsc::Receiver<WriterJob>) -> Result<(), Lost> {
        self.engine.begin()?;
        let mut arrived = Vec::with_capacity(BATCH);
        let mut jobs = VecDeque::with_capacity(BATCH);
        while !jobs.is_empty() || waiting.blocking_recv_many(&mut arrived, BATCH) > 0 {
            jobs.extend(arrived.drain(..));
            let clock = Arc::clone(&self.shared.clock);
            let round = clock.during(|| self.collect(&mut jobs));
            self.settle(round.batch)?;
            if round.looks {
                self.engine.look()?;
            }
            if let Some(answer) = round.close {
                self.engine.close();
                let _ = answer.send(());
                break;
            }
            self.engine.rest(&|| jobs.is_empty() && waiting.is_empty())?;
        }
        Ok(())
    }

    /// Checks the queued changes, and puts those that are made now into a batch. What does not fit into it stays queued.
    fn collect(&mut self, jobs: &mut VecDeque<WriterJob>) -> Round {
        let mut round = Round::default();
        let stalls = self.shared.clock.stalls().count;
        let mut is_measured = false;
        while let Some(job) = jobs.pop_front() {
            match job {
                WriterJob::Commit(change, answer, before) if before == stalls => {
                    if !self.engine.fits(&round.batch.edits, &change) {
                        jobs.push_front(WriterJob::Commit(change, answer, before));
                        break;
                    }
                    if !is_measured {
                        self.engine.measure();
                        is_measured = true;
                    }
                    match self.refusal_of(&change) {
                        Some(reason) => round.batch.refuse(answer, reason),
                        None => round.batch.add(self.engine.as_mut(), change, answer),
                    }
                }
                // The caller got an error when the disk stalled.
                WriterJob::Commit(_, answer, _) => round.batch.refuse(answer, CommitError::Unavailable),
                // The batch is not written yet, so this is the state before all of its changes.
                WriterJob::Hold(answer) => drop(answer.send(self.engine.hold())),
                WriterJob::Look => round.looks = true,
                WriterJob::Close(answer) => round.close = Some(answer),
            }
        }
        round
    }

    /// Returns why a change is not made now; `None` if it is. A change without edits needs nothing.
    fn refusal_of(&self, change: &Change) -> Option<CommitError> {
        if change.edits.is_empty() {
            return None;
        }
        self.engine.refusal(change.need())
    }

    /// Makes a batch durable, and answers its callers.
    fn settle(&mut self, mut batch: Batch) -> Result<(), Lost> {
        if let Some(reason) = self.commit(&mut batch)? {
            batch.refuse_all(reason);
        }
        batch.answer();
        Ok(())
    }

    /// Commits a batch. Returns the reason why none of it was made; `None` if it was.
    fn commit(&mut self, batch: &mut Batch) -> Result<Option<CommitError>, Lost> {
        while batch.edits.is_written() {
            match self.engine.commit(&batch.edits)? {
                Outcome::Stored => return Ok(None),
                Outcome::Refused(reason) => return Ok(Some(reason)),
                Outcome::Unknown => return Ok(Some(CommitError::Unavailable)),
                Outcome::Overtaken => {
                    let clock = Arc::clone(&self.shared.clock);
                    clock.during(|| batch.check_again(self.engine.as_mut()));
                }
            }
        }
        Ok(None)
    }
}
