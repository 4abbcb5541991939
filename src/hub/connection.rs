//! A live connection of a user.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::presence_hub::Hub;
use crate::domain::{StatusType, TokenHash, User, UserId, UserStatus};

impl Hub {
    /// Adds a live connection of a user with this status, online or away; it lasts until it is dropped. `look` finds the user and the status in the
    /// store. It runs while the presence table is locked, so that its result is never older than the last update
    /// of the hub.
    pub fn connect(
        &self,
        id: &UserId,
        status: StatusType,
        look: impl FnOnce() -> Option<(Arc<User>, Option<Arc<UserStatus>>)>,
    ) -> Option<Connection> {
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let mut found = false;
        self.tell(|board, now| {
            let Some((user, kept)) = look() else {
                return Vec::new();
            };
            found = true;
            let shown = kept.as_ref().map(|kept| self.as_shown(kept));
            board.connect(now, &user, shown.as_ref(), (number, status))
        });
        found.then(|| Connection::new(self, id, number))
    }

    /// Resumes a lost connection of this token that still counts.
    #[must_use]
    pub fn reconnect(&self, id: &UserId, token: &TokenHash) -> Option<Connection> {
        let number = self.board().take_lost(id, token)?;
        self.unreported_changed.notify_one();
        Some(Connection::new(self, id, number))
    }
}

/// A live connection of a user. Dropping it ends it.
pub struct Connection {
    hub: Hub,
    user: UserId,
    number: u64,
    lost: bool,
}

impl Connection {
    fn new(hub: &Hub, user: &UserId, number: u64) -> Self {
        Self {
            hub: hub.clone(),
            user: user.clone(),
            number,
            lost: false,
        }
    }

    /// Sets the status of this connection: away or online.
    pub fn set_away(&self, away: bool) {
        let status = if away { StatusType::Away } else { StatusType::Online };
        self.hub
            .tell(|board, now| board.set_connection(now, &self.user, self.number, status));
    }

    /// Marks the connection as lost: it counts for [`super::GRACE_MILLIS`] more, and [`Hub::reconnect`] can resume it.
    pub fn lose(mut self, token: TokenHash) {
        self.lost = true;
        let now = self.hub.now();
        self.hub.board().lose(now, self.user.clone(), token, self.number);
        self.hub.lost_changed.notify_one();
        self.hub.unreported_changed.notify_one();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.lost {
            self.hub
                .tell(|board, now| board.disconnect(now, &self.user, self.number));
        }
    }
}
