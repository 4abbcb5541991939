//! Who is here: live connections, what shows of everybody, and the events that tell of changes.
//!
//! The hub follows the store: the writer tells it of every change after its commit, so that no event
//! comes before what it speaks of is durable.

mod board;
mod shown;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;
use tokio::sync::{Notify, broadcast};

use board::Board;
pub use shown::{Line, Shown};

use crate::clock::Clock;
use crate::domain::{StatusType, Timestamp, User, UserId, UserStatus};

/// Events that wait for a slow subscriber before it misses some, and is told so.
const WAITING: usize = 4096;

/// One change of what shows of a user.
#[derive(Debug, PartialEq)]
pub struct PresenceChange {
    /// When; no two changes have the same moment.
    pub at: Timestamp,
    /// Whose.
    pub user: UserId,
    /// What showed before; none is nothing.
    pub before: Option<Arc<Shown>>,
    /// What shows now; none is nothing.
    pub after: Option<Arc<Shown>>,
}

impl PresenceChange {
    /// The user as this viewer sees them after it.
    #[must_use]
    pub fn now_for(&self, viewer: &User) -> Option<Arc<Shown>> {
        let seen = self
            .after
            .as_ref()
            .filter(|shown| shown.is_anything() && shown.is_for(viewer));
        let absent = || {
            let known = self.after.as_ref().or(self.before.as_ref())?;
            Some(Arc::new(Shown::absent(known.line.absent())))
        };
        seen.cloned().or_else(absent)
    }

    /// What a viewer is told of it: the user as they now are, or nothing when the viewer sees no
    /// change.
    #[must_use]
    pub fn for_viewer(&self, viewer: &User) -> Option<Line> {
        let seen = |shown: &'_ Option<Arc<Shown>>| {
            shown
                .clone()
                .filter(|shown| shown.is_anything() && shown.is_for(viewer))
        };
        match (seen(&self.before), seen(&self.after)) {
            (Some(before), Some(after)) if before.line == after.line => None,
            (_, Some(after)) => Some(after.line.clone()),
            (Some(before), None) => Some(before.line.absent()),
            (None, None) => None,
        }
    }
}

/// Who is here. Cloning is cheap; all clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    board: Arc<Mutex<Board>>,
    clock: Clock,
    events: broadcast::Sender<Arc<PresenceChange>>,
    ends_changed: Arc<Notify>,
    next_connection: Arc<AtomicU64>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hub({} connections)", self.connections())
    }
}

/// As many connections as the server takes are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server takes no more connections")]
pub struct Full;

impl Hub {
    /// A hub that knows nobody yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let (events, _) = broadcast::channel(WAITING);
        Self {
            board: Arc::new(Mutex::new(Board::new(clock.now()))),
            clock,
            events,
            ends_changed: Arc::default(),
            next_connection: Arc::default(),
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the board and tells of what changed by it, in the order of the changes.
    fn tell<Changes>(&self, work: impl FnOnce(&mut Board, Timestamp) -> Changes)
    where
        Changes: IntoIterator<Item = Arc<PresenceChange>>,
    {
        let mut board = self.board();
        let before = board.next_end();
        for change in work(&mut board, self.clock.now()) {
            // Nobody may be listening.
            let _ = self.events.send(change);
        }
        if board.next_end() != before {
            self.ends_changed.notify_one();
        }
    }

    /// Takes what is now stored of a user.
    pub fn follow(&self, user: &Arc<User>, kept: Option<&Arc<UserStatus>>) {
        self.tell(|board, now| board.follow(now, user, kept));
    }

    /// Takes in that a user is gone, with all their connections.
    pub fn forget(&self, id: &UserId) {
        self.tell(|board, now| board.forget(now, id));
    }

    /// Changes whether nobody without a connection is anything but offline.
    pub fn require_connection(&self, required: bool) {
        self.tell(|board, now| board.require_connection(now, required));
    }

    /// Takes in a live connection of a user; it lasts until it is dropped.
    ///
    /// # Errors
    /// [`Full`] when there are `limit` connections already.
    pub fn connect(&self, user: &Arc<User>, kept: Option<&Arc<UserStatus>>, limit: usize) -> Result<Connection, Full> {
        if self.connections() >= limit {
            return Err(Full);
        }
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed);
        self.tell(|board, now| board.connect(now, user, kept, number));
        Ok(Connection {
            hub: self.clone(),
            user: user.id.clone(),
            number,
        })
    }

    /// What shows of a user; none is nothing.
    #[must_use]
    pub fn shown_of(&self, id: &UserId) -> Option<Arc<Shown>> {
        self.board().shown_of(id)
    }

    /// What shows of everybody of whom anything shows, and the time of this answer.
    #[must_use]
    pub fn everybody(&self) -> (OrdMap<UserId, Arc<Shown>>, Timestamp) {
        let mut board = self.board();
        let at = board.time(self.clock.now());
        (board.shown(), at)
    }

    /// What changed after a moment, the oldest first, and the time of this answer; none when not all of
    /// that is known any more, or the viewer's roles changed meanwhile.
    #[must_use]
    pub fn changes_after(&self, from: Timestamp, viewer: &UserId) -> Option<(Vec<Arc<PresenceChange>>, Timestamp)> {
        let mut board = self.board();
        let at = board.time(self.clock.now());
        board.changes_after(from, viewer).map(|changes| (changes, at))
    }

    /// Tells of every change from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<PresenceChange>> {
        self.events.subscribe()
    }

    /// How many live connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.board().connections()
    }

    /// How many there are of users who do not hide from this viewer.
    #[must_use]
    pub fn connections_for(&self, viewer: &User) -> usize {
        let board = self.board();
        board.connections() - board.connections_hidden_from(viewer)
    }

    /// Waits until a claim has ended.
    pub async fn claim_ended(&self) {
        loop {
            let next = self.board().next_end();
            tokio::select! {
                () = self.clock.reach(next) => return,
                () = self.ends_changed.notified() => {}
            }
        }
    }

    /// Whose claims have ended by now, at most so many.
    #[must_use]
    pub fn ended(&self, most: usize) -> Vec<UserId> {
        self.board().ended(self.clock.now(), most)
    }
}

/// A live connection of a user. Dropping it ends it.
#[derive(Debug)]
pub struct Connection {
    hub: Hub,
    user: UserId,
    number: u64,
}

impl Connection {
    /// Says whether the user is at this connection, or away from it.
    pub fn set_away(&self, away: bool) {
        let status = if away { StatusType::Away } else { StatusType::Online };
        self.hub
            .tell(|board, now| board.set_connection(now, &self.user, self.number, status));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub
            .tell(|board, now| board.disconnect(now, &self.user, self.number));
    }
}
