//! The presence table of a server in a cluster: it counts the connections at other servers, and notes those here of which
//! these do not know yet.

use std::sync::Arc;

use super::change::PresenceChange;
use super::other_connections::Unreported;
use super::presence_table::PresenceTable;
use crate::domain::{StatusType, Timestamp, TokenHash, User, UserConnections, UserId, UserStatus};

impl PresenceTable {
    /// Notes from now on whose connections change here.
    pub(super) fn report_to_others(&mut self) {
        let connected = self.entries.iter().filter(|(_, entry)| !entry.connections.is_empty());
        self.unreported = Unreported(Some(connected.map(|(id, _)| id.clone()).collect()));
    }

    /// Notes that the connections of a user here change.
    pub(super) fn note_own(&mut self, id: &UserId) {
        if let Unreported(Some(unreported)) = &mut self.unreported {
            unreported.insert(id.clone());
        }
    }

    /// Returns the connections here of up to `most` users of whom the other servers do not know yet.
    pub(super) fn take_unreported(&mut self, most: usize) -> Vec<(UserId, UserConnections)> {
        let Unreported(Some(unreported)) = &mut self.unreported else {
            return Vec::new();
        };
        let some: Vec<_> = unreported.iter().take(most).cloned().collect();
        for id in &some {
            unreported.remove(id);
        }
        some.into_iter().map(|id| (id.clone(), self.own(&id))).collect()
    }

    /// Returns the connections of a user here.
    pub(super) fn own(&self, id: &UserId) -> UserConnections {
        let Some(entry) = self.entries.get(id) else {
            return UserConnections::default();
        };
        let mut own = UserConnections {
            lost: self
                .lost
                .of(id, |connection| entry.connections.get(&connection).copied()),
            ..UserConnections::default()
        };
        for status in entry.connections.values() {
            match status {
                StatusType::Away => own.away += 1,
                _ => own.online += 1,
            }
        }
        own
    }

    /// Records the connections of a user at another server; `None` if there are none any more.
    pub(super) fn set_elsewhere(
        &mut self,
        now: Timestamp,
        server: &Arc<str>,
        user: &Arc<User>,
        kept: Option<&Arc<UserStatus>>,
        connections: Option<UserConnections>,
    ) -> Vec<Arc<PresenceChange>> {
        let followed = self.follow(now, user, kept);
        let entry = self.entry(user);
        // A new entry has no status yet. A user without a claim may hide too.
        entry.kept = kept.cloned();
        entry.elsewhere.set(server, connections);
        let renewed = self.renew(now, &user.id);
        followed.into_iter().chain(renewed).collect()
    }

    /// Returns the status of a connection with this token that another server has lost.
    pub(super) fn lost_elsewhere(&self, user: &UserId, token: &TokenHash) -> Option<StatusType> {
        self.entries.get(user)?.elsewhere.lost(token)
    }
}
