//! The changes of one batch, checked in their order against the engine and against each other.

use tokio::sync::oneshot;

use super::change::Change;
use super::commit_error::CommitError;
use super::edits::Edits;
use super::engine::Engine;

/// The outcome of a change.
pub(super) type CommitOutcome = Result<(), CommitError>;

/// The accepted changes of one batch, and the callers of all changes.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) edits: Edits,
    asked: Vec<Asked>,
}

/// A change that a caller asked for.
struct Asked {
    answer: oneshot::Sender<CommitOutcome>,
    verdict: Verdict,
}

/// The answer to a change.
enum Verdict {
    /// The change is the next one of the edits.
    Accepted,
    /// The change is not made for this reason. It is checked again, if it is still here, when others have to be.
    Refused(Option<Change>, CommitError),
}

impl Batch {
    /// Adds a change if all its expectations hold, and stores its answer.
    pub(super) fn add(&mut self, engine: &mut dyn Engine, change: Change, answer: oneshot::Sender<CommitOutcome>) {
        let verdict = match self.check(engine, &change) {
            Ok(()) => {
                self.edits.add(change);
                Verdict::Accepted
            }
            Err(reason) => Verdict::Refused(Some(change), reason),
        };
        self.asked.push(Asked { answer, verdict });
    }

    /// Stores the answer to a change that is not made.
    pub(super) fn refuse(&mut self, answer: oneshot::Sender<CommitOutcome>, reason: CommitError) {
        let verdict = Verdict::Refused(None, reason);
        self.asked.push(Asked { answer, verdict });
    }

    /// Checks all changes again, in their order.
    pub(super) fn check_again(&mut self, engine: &mut dyn Engine) {
        let before = std::mem::take(self);
        let mut accepted = before.edits.changes.into_iter();
        for Asked { answer, verdict } in before.asked {
            match verdict {
                Verdict::Accepted => {
                    if let Some(change) = accepted.next() {
                        self.add(engine, change, answer);
                    }
                }
                Verdict::Refused(Some(change), _) => self.add(engine, change, answer),
                Verdict::Refused(None, reason) => self.refuse(answer, reason),
            }
        }
    }

    /// Answers all callers.
    pub(super) fn answer(&mut self) {
        for Asked { answer, verdict } in self.asked.drain(..) {
            // A caller that no longer waits gets no answer.
            let _ = answer.send(match verdict {
                Verdict::Accepted => Ok(()),
                Verdict::Refused(_, reason) => Err(reason),
            });
        }
    }

    /// Replaces the answers of all callers, because none of the changes was made for this reason. Conflicts get this answer
    /// too, because they may depend on a change in the same batch.
    pub(super) fn refuse_all(&mut self, reason: CommitError) {
        for asked in &mut self.asked {
            asked.verdict = Verdict::Refused(None, reason);
        }
    }

    fn check(&self, engine: &mut dyn Engine, change: &Change) -> CommitOutcome {
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
