//! The changes of one batch, checked in their order against the engine and against each other.

use tokio::sync::oneshot;

use super::change::Change;
use super::commit_error::CommitError;
use super::edits::Edits;
use super::engine::Engine;

/// The outcome of a change.
pub(super) type CommitOutcome = Result<(), CommitError>;

/// The accepted changes of one batch, and the answers to all callers.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) edits: Edits,
    answers: Vec<(oneshot::Sender<CommitOutcome>, CommitOutcome)>,
}

impl Batch {
    /// Adds a change if all its expectations hold, and stores its answer.
    pub(super) fn add(&mut self, engine: &dyn Engine, change: Change, answer: oneshot::Sender<CommitOutcome>) {
        let outcome = self.check(engine, &change);
        if outcome.is_ok() {
            self.edits.add(change);
        }
        self.answers.push((answer, outcome));
    }

    /// Stores the answer to a change that is not made.
    pub(super) fn refuse(&mut self, answer: oneshot::Sender<CommitOutcome>, reason: CommitError) {
        self.answers.push((answer, Err(reason)));
    }

    /// Answers all callers.
    pub(super) fn answer(&mut self) {
        for (answer, outcome) in self.answers.drain(..) {
            // A caller that no longer waits gets no answer.
            let _ = answer.send(outcome);
        }
    }

    /// Replaces the answers of all callers, because none of the changes was made for this reason. Conflicts get this answer
    /// too, because they may depend on a change in the same batch.
    pub(super) fn refuse_all(&mut self, reason: CommitError) {
        for (_, outcome) in &mut self.answers {
            *outcome = Err(reason);
        }
    }

    fn check(&self, engine: &dyn Engine, change: &Change) -> CommitOutcome {
        for expected in &change.expectations {
            let place = (expected.table, expected.key.clone());
            let holds = match self.edits.overlay.get(&place) {
                Some(value) => *value == expected.value,
                None => engine
                    .holds(expected.table, &expected.key, expected.value.as_deref())
                    .map_err(|_| CommitError::Unavailable)?,
            };
            if !holds {
                return Err(CommitError::Conflict(expected.table));
            }
        }
        Ok(())
    }
}
