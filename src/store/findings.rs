//! The result of reading a whole store.

use std::fmt;
use std::iter::Peekable;
use std::path::Path;

use super::folder;
use super::open_error::{OpenError, errno_in};
use super::outdated::Outdated;
use super::problem::Problem;
use super::records::{Record, Table};
use super::snapshot::Snapshot;
use crate::domain::UserId;

/// The result of reading the whole store.
#[derive(Default)]
pub(super) struct Findings {
    /// The snapshot of all readable records.
    pub(super) snapshot: Snapshot,
    /// All problems that were found.
    pub(super) problems: Vec<Problem>,
    /// The edits that upgrade what an older version stored.
    pub(super) outdated: Outdated,
    /// The first system error that stopped a reading.
    obstacle: Option<String>,
    /// A table with a record of a newer version, that version, and the newest known one.
    pub(super) newer: Option<(Table, u8, u8)>,
    /// Bytes of all keys and values.
    pub(super) live_bytes: u64,
    /// The number of entries in all tables.
    pub(super) entries: u64,
}

impl Findings {
    /// Checks that the users of all tokens, links and statuses exist.
    pub(super) fn check_owners(&mut self) {
        let snapshot = &self.snapshot;
        let ids = || snapshot.users.keys().peekable();
        let mut problems = Vec::new();
        let mut orphan = |table, key: Vec<u8>, owner: &UserId| {
            let what = format!("it belongs to the user {owner}, who does not exist");
            problems.push(Problem::new(table, &key, what));
        };
        let mut users = ids();
        for status in snapshot.user_statuses() {
            if !has(&mut users, &status.user) {
                orphan(Table::UserStatuses, status.key(), &status.user);
            }
        }
        for reset in snapshot.password_resets() {
            if snapshot.user(&reset.user).is_none() {
                orphan(Table::PasswordResets, reset.key(), &reset.user);
            }
        }
        let mut users = ids();
        for token in snapshot.tokens() {
            if !has(&mut users, &token.user) {
                orphan(Table::Tokens, token.key(), &token.user);
            }
        }
        let invitations = snapshot.invitations().map(|invitation| {
            let key = (Table::Invitations, invitation.key());
            (key, invitation.creator.as_ref())
        });
        let boards = snapshot.boards().map(|board| {
            let key = (Table::Boards, board.key());
            (key, board.creator.as_ref())
        });
        for ((table, key), creator) in invitations.chain(boards) {
            if let Some(creator) = creator.filter(|creator| snapshot.user(creator).is_none()) {
                let what = format!("the user {creator} created it, who does not exist");
                problems.push(Problem::new(table, &key, what));
            }
        }
        self.problems.extend(problems);
    }

    /// Returns the reason why the store cannot be judged: the system failed, or a newer version wrote the store. Then the
    /// problems that were found are not damage.
    pub(super) fn refusal(&self, path: &Path) -> Option<OpenError> {
        let of_system = self
            .obstacle
            .as_deref()
            .and_then(|cause| OpenError::of_system(path, cause));
        of_system.or_else(|| {
            let newer = self.newer?;
            Some(OpenError::newer_record(path, folder::written_by(path), newer))
        })
    }

    /// Returns the findings if the store is sound.
    ///
    /// # Errors
    /// The refusal, else [`OpenError::Damaged`].
    pub(super) fn sound(self, path: &Path) -> Result<Self, OpenError> {
        match self.refusal(path) {
            Some(refusal) => Err(refusal),
            None if self.problems.is_empty() => Ok(self),
            None => Err(OpenError::Damaged {
                folder: path.to_owned(),
                problems: self.problems,
            }),
        }
    }

    /// Adds the problem that a tree cannot be read to its end.
    pub(super) fn unreadable(&mut self, table: Table, cause: &dyn fmt::Display) {
        let what = format!("it cannot be read to its end: {cause}");
        if errno_in(&what).is_some() {
            self.obstacle.get_or_insert(what.clone());
        }
        let problem = Problem::new(table, &[], what);
        // A tree may be read twice.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Returns whether these ids have this one. Both the ids and the questions come in ascending order, so that each question
/// goes on where the one before ended.
fn has<'ids>(ids: &mut Peekable<impl Iterator<Item = &'ids UserId>>, id: &UserId) -> bool {
    while ids.next_if(|known| *known < id).is_some() {}
    ids.peek() == Some(&id)
}
