//! The lost connections of the presence table.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::PresenceChange;
use super::presence_table::PresenceTable;
use super::resumable::GRACE_MILLIS;
use crate::domain::{StatusType, Timestamp, TokenHash, UserId};

impl PresenceTable {
    /// Marks a connection as lost: it counts for [`GRACE_MILLIS`] more.
    pub(super) fn lose(&mut self, now: Timestamp, user: UserId, token: TokenHash, connection: u64) {
        self.note_own(&user);
        self.lost.add(now.plus_millis(GRACE_MILLIS), user, token, connection);
    }

    /// Returns the lost connections that still count, with user, token and status.
    pub(super) fn lost(&self) -> Vec<(UserId, TokenHash, StatusType)> {
        let lost = self.lost.iter().filter_map(|(user, token, connection)| {
            let status = self.entries.get(user)?.connections.get(connection)?;
            Some((user.clone(), *token, *status))
        });
        lost.collect()
    }

    /// Returns whether the user has a lost connection with this token that still counts.
    pub(super) fn has_lost(&self, user: &UserId, token: &TokenHash) -> bool {
        self.lost.find(user, token).is_some()
    }

    /// Removes the mark from a lost connection, because the client is back. Returns the number of the connection.
    pub(super) fn take_lost(&mut self, user: &UserId, token: &TokenHash) -> Option<u64> {
        let connection = self.lost.take(user, token)?;
        self.note_own(user);
        self.entries.get(user)?.connections.get(&connection)?;
        Some(connection)
    }

    /// Returns the time at which the next lost connection stops counting.
    pub(super) fn next_lost(&self) -> Option<Timestamp> {
        self.lost.next_end()
    }

    /// Removes the lost connections that no longer count. A user with several of them changes once.
    pub(super) fn end_lost(&mut self, now: Timestamp) -> Vec<Arc<PresenceChange>> {
        let mut users = BTreeSet::new();
        while let Some((user, connection)) = self.lost.take_ended(now) {
            let entry = self.entries.get_mut(&user);
            if entry.is_some_and(|entry| entry.connections.remove(&connection).is_some()) {
                self.connections -= 1;
                users.insert(user);
            }
        }
        for user in &users {
            self.note_own(user);
        }
        users.iter().filter_map(|user| self.renew(now, user)).collect()
    }
}
