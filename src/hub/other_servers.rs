//! The hub of a server in a cluster: it joins the connections at all servers.

use std::sync::Arc;

use super::presence_hub::Hub;
use crate::domain::{StatusType, TokenHash, User, UserConnections, UserId, UserStatus};

impl Hub {
    /// Notes from now on whose connections change here, for the other servers.
    pub fn report_to_others(&self) {
        self.board().report_to_others();
        self.unreported_changed.notify_one();
    }

    /// Waits until connections have changed of which the other servers do not know yet.
    pub async fn has_unreported(&self) {
        while self.board().unreported.is_empty() {
            self.unreported_changed.notified().await;
        }
    }

    /// Returns the connections here of up to `most` users of whom the other servers do not know yet.
    #[must_use]
    pub fn take_unreported(&self, most: usize) -> Vec<(UserId, UserConnections)> {
        self.board().take_unreported(most)
    }

    /// Returns the connections of a user here.
    #[must_use]
    pub fn connections_of(&self, id: &UserId) -> UserConnections {
        self.board().own(id)
    }

    /// Notes that the other servers do not know of the connections of these users after all.
    pub fn report_again<'ids>(&self, ids: impl Iterator<Item = &'ids UserId>) {
        let mut board = self.board();
        ids.for_each(|id| board.note_own(id));
    }

    /// Records the connections of a user at another server; `None` if there are none any more. `look` finds the user and
    /// the status in the store.
    pub fn set_elsewhere(
        &self,
        server: &Arc<str>,
        connections: Option<UserConnections>,
        look: impl FnOnce() -> Option<(Arc<User>, Option<Arc<UserStatus>>)>,
    ) {
        self.tell(|board, now| {
            let Some((user, kept)) = look() else {
                return Vec::new();
            };
            let shown = kept.as_ref().map(|kept| self.as_shown(kept));
            board.set_elsewhere(now, server, &user, shown.as_ref(), connections)
        });
    }

    /// Returns the status of a connection with this token that another server has lost a moment ago.
    #[must_use]
    pub fn lost_elsewhere(&self, id: &UserId, token: &TokenHash) -> Option<StatusType> {
        self.board().lost_elsewhere(id, token)
    }
}
