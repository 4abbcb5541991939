//! The changes of one transaction, checked in their order against the store and against each other.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::catch_panic::catch_panic;
use super::change::{Change, RecordEdit};
use super::commit_error::CommitError;
use super::records::Table;
use super::trees::Trees;
use crate::domain::{CustomStatusId, Permission, RoleId, SettingId, TokenHash, UserId};

/// The bytes that sled writes for an edit besides its key and value: a head, and a tenth of the page, which sled writes
/// again after ten edits.
const EDIT_BYTES: usize = 256;

/// The outcome of a change.
pub(super) type CommitOutcome = Result<(), CommitError>;

/// The records that a batch created, changed or removed.
#[derive(Debug, Default)]
pub struct Touched {
    /// Users whose account or status changed.
    pub users: Vec<UserId>,
    /// Tokens that were created, changed or removed.
    pub tokens: Vec<TokenHash>,
    /// Custom statuses that were created, changed or removed.
    pub custom_statuses: Vec<CustomStatusId>,
    /// Roles that were created, changed or removed.
    pub roles: Vec<RoleId>,
    /// Permissions whose roles were changed.
    pub grants: Vec<Permission>,
    /// Settings whose stored value changed.
    pub settings: Vec<SettingId>,
}

/// The accepted changes of one transaction, and the answers to all callers.
#[derive(Default)]
pub(super) struct Batch {
    /// The value of each key after the changes so far.
    pub(super) overlay: HashMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    pub(super) edits: Vec<RecordEdit>,
    /// True if the batch is written although it has no edits, because each batch rewrites the number of commits.
    has_counters: bool,
    answers: Vec<(oneshot::Sender<CommitOutcome>, CommitOutcome)>,
}

impl Batch {
    /// Returns a batch of edits without expectations and without callers.
    pub(super) fn of(edits: &[RecordEdit]) -> Self {
        let mut batch = Self::default();
        for edit in edits {
            batch.take(edit.clone());
        }
        batch
    }

    /// Returns a batch that only rewrites the record with the number of commits.
    pub(super) fn of_counters() -> Self {
        Self {
            has_counters: true,
            ..Self::default()
        }
    }

    /// Returns whether the batch changes anything on the disk.
    pub(super) const fn is_written(&self) -> bool {
        self.has_counters || !self.edits.is_empty()
    }

    /// Returns the records that the batch creates, changes or removes.
    pub(super) fn touched(&self) -> Touched {
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

    /// Adds a change if all its expectations hold, and stores its answer.
    pub(super) fn add(&mut self, trees: &Trees, change: Change, answer: oneshot::Sender<CommitOutcome>) {
        let outcome = self.check(trees, &change);
        if outcome.is_ok() {
            for edit in change.edits {
                self.take(edit);
            }
        }
        self.answers.push((answer, outcome));
    }

    /// Stores the answer to a change that is not made.
    pub(super) fn refuse(&mut self, answer: oneshot::Sender<CommitOutcome>, reason: CommitError) {
        self.answers.push((answer, Err(reason)));
    }

    /// Returns the number of callers whose changes are made.
    pub(super) fn accepted(&self) -> usize {
        self.answers.iter().filter(|(_, outcome)| outcome.is_ok()).count()
    }

    /// Returns about how many bytes sled writes for the batch.
    pub(super) fn written_bytes(&self) -> usize {
        let edits = self.overlay.iter();
        edits
            .map(|((_, key), value)| EDIT_BYTES + key.len() + value.as_ref().map_or(0, Vec::len))
            .sum()
    }

    /// Answers all callers.
    pub(super) fn answer(&mut self) {
        for (answer, outcome) in self.answers.drain(..) {
            // A caller that no longer waits gets no answer.
            let _ = answer.send(outcome);
        }
    }

    /// Answers all callers that none of the changes was made, for this reason. Conflicts get this answer too, because
    /// they may depend on a change in the same batch.
    pub(super) fn answer_refused(&mut self, reason: CommitError) {
        for (answer, _) in self.answers.drain(..) {
            let _ = answer.send(Err(reason));
        }
    }

    fn take(&mut self, edit: RecordEdit) {
        self.overlay.insert((edit.table, edit.key.clone()), edit.value.clone());
        self.edits.push(edit);
    }

    fn check(&self, trees: &Trees, change: &Change) -> CommitOutcome {
        for expected in &change.expectations {
            let place = (expected.table, expected.key.clone());
            let holds = if let Some(value) = self.overlay.get(&place) {
                *value == expected.value
            } else {
                let stored = catch_panic(|| trees.get(expected.table, &expected.key));
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
