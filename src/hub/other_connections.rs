//! The connections of a user at the other servers of a cluster.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::domain::{StatusType, TokenHash, UserConnections, UserId};

/// The connections of a user at other servers, by the names of the servers.
#[derive(Default)]
pub(super) struct OtherConnections(BTreeMap<Arc<str>, UserConnections>);

impl OtherConnections {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the statuses of the connections.
    pub(super) fn statuses(&self) -> impl Iterator<Item = StatusType> {
        self.0.values().flat_map(UserConnections::statuses)
    }

    pub(super) fn set(&mut self, server: &Arc<str>, connections: Option<UserConnections>) {
        match connections.filter(|connections| !connections.are_none()) {
            Some(connections) => drop(self.0.insert(Arc::clone(server), connections)),
            None => drop(self.0.remove(server)),
        }
    }

    /// Returns the status of a lost connection with this token.
    pub(super) fn lost(&self, token: &TokenHash) -> Option<StatusType> {
        let mut lost = self.0.values().flat_map(|connections| &connections.lost);
        lost.find(|(by, _)| by == token).map(|(_, status)| *status)
    }
}

/// The users whose connections here have changed since the other servers learned of them. `None` without other servers.
#[derive(Default)]
pub(super) struct Unreported(pub(super) Option<HashSet<UserId>>);

impl Unreported {
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(HashSet::is_empty)
    }
}
