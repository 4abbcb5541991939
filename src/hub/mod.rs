//! Who is here: live connections, what shows of everybody, and the events that tell of changes.
//!
//! The hub follows the store: the writer tells it of every change after its commit, so that no event
//! comes before what it speaks of is durable.

mod attendance;
mod board;
mod change;
mod event;
mod events;
mod shown;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;
use tokio::sync::Notify;

pub use attendance::Attendance;
use attendance::Attendances;
use board::Board;
pub use change::{PresenceChange, Seen};
pub use event::{Changed, Event};
use events::Announcer;
pub use events::{Events, Missed};
pub use shown::{Line, Shown};

use crate::clock::Clock;
use crate::domain::{StatusType, Timestamp, TokenHash, User, UserId, UserStatus};

/// For how long a connection that was lost still counts, in milliseconds: whoever comes back within it
/// was never away, and nobody is told anything.
pub const GRACE_MILLIS: i64 = 5_000;

/// Who is here. Cloning is cheap; all clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    board: Arc<Mutex<Board>>,
    clock: Clock,
    events: Announcer,
    ends_changed: Arc<Notify>,
    lost_changed: Arc<Notify>,
    next_connection: Arc<AtomicU64>,
    attendances: Attendances<UserId>,
    tokens: Attendances<TokenHash>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hub({} connections)", self.connections())
    }
}

impl Hub {
    /// A hub that knows nobody yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            board: Arc::new(Mutex::new(Board::new(clock.now()))),
            clock,
            events: Announcer::default(),
            ends_changed: Arc::default(),
            lost_changed: Arc::default(),
            next_connection: Arc::default(),
            attendances: Attendances::default(),
            tokens: Attendances::default(),
        }
    }

    /// Returns the time by the clock of the server.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
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
            self.events.announce(&Event::Presence(change));
        }
        if board.next_end() != before {
            self.ends_changed.notify_one();
        }
    }

    /// Waits for a moment of the board, which is looked at again whenever it has changed.
    async fn reached(&self, moment: impl Fn(&Board) -> Option<Timestamp>, changed: &Notify) {
        loop {
            let next = moment(&self.board());
            tokio::select! {
                () = self.clock.reach(next) => return,
                () = changed.notified() => {}
            }
        }
    }

    /// Takes what is now stored of a user.
    pub fn follow(&self, user: &Arc<User>, kept: Option<&Arc<UserStatus>>) {
        self.tell(|board, now| board.follow(now, user, kept));
    }

    /// Takes in when the last token of a user ends by itself, where a status stands until then.
    pub fn set_logins_end(&self, id: &UserId, end: Option<Timestamp>) {
        self.tell(|board, now| {
            board.set_logins_end(now, id, end);
            None
        });
    }

    /// Returns whether the last token of a user has ended by itself, and a status that stood until then still stands.
    #[must_use]
    pub fn logins_ended(&self, id: &UserId) -> bool {
        self.board().logins_ended(self.clock.now(), id)
    }

    /// Takes in that a user is gone, with all their connections.
    pub fn forget(&self, id: &UserId) {
        self.tell(|board, now| board.forget(now, id));
    }

    /// Changes whether nobody without a connection is anything but offline.
    pub fn require_connection(&self, required: bool) {
        self.tell(|board, now| board.require_connection(now, required));
    }

    /// Takes in a live connection of a user; it lasts until it is dropped. `look` finds the user and their
    /// status in the store, or nobody. It is asked while nothing else changes here, so that what it finds
    /// is never older than what the hub followed already.
    pub fn connect(
        &self,
        id: &UserId,
        look: impl FnOnce() -> Option<(Arc<User>, Option<Arc<UserStatus>>)>,
    ) -> Option<Connection> {
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let mut found = false;
        self.tell(|board, now| {
            let Some((user, kept)) = look() else {
                return Vec::new();
            };
            found = true;
            board.connect(now, &user, kept.as_ref(), number)
        });
        found.then(|| self.connection(id, number))
    }

    /// Takes up a connection that was lost a moment ago and came by this token, as it was.
    #[must_use]
    pub fn reconnect(&self, id: &UserId, token: &TokenHash) -> Option<Connection> {
        let number = self.board().take_lost(id, token)?;
        Some(self.connection(id, number))
    }

    fn connection(&self, user: &UserId, number: u64) -> Connection {
        Connection {
            hub: self.clone(),
            user: user.clone(),
            number,
            lost: false,
        }
    }

    /// The connections that are lost and still count: whose, by which token, and what they say of their user.
    #[must_use]
    pub fn lost(&self) -> Vec<(UserId, TokenHash, StatusType)> {
        self.board().lost()
    }

    /// Waits until a lost connection counts no more.
    pub async fn connection_ended(&self) {
        self.reached(Board::next_lost, &self.lost_changed).await;
    }

    /// Ends the lost connections that count no more.
    pub fn end_lost(&self) {
        self.tell(Board::end_lost);
    }

    /// Takes in a socket of a user that doesn't count for their presence; it lasts until it is dropped.
    #[must_use]
    pub fn attend(&self, id: &UserId) -> Attendance<UserId> {
        self.attendances.add(id)
    }

    /// Takes in a socket that a token logged in; it lasts until it is dropped.
    #[must_use]
    pub fn attend_by(&self, token: &TokenHash) -> Attendance<TokenHash> {
        self.tokens.add(token)
    }

    /// Returns whether this token of a user logged in a socket that is open, or was lost a moment ago.
    #[must_use]
    pub fn is_connected_by(&self, id: &UserId, token: &TokenHash) -> bool {
        self.tokens.has(token) || self.board().has_lost(id, token)
    }

    /// Returns whether a user has a live connection that counts for the presence.
    #[must_use]
    pub fn has_connection(&self, id: &UserId) -> bool {
        self.board().is_connected(id)
    }

    /// Whether a user has a live connection, or a socket that doesn't count as one.
    #[must_use]
    pub fn is_connected(&self, id: &UserId) -> bool {
        self.board().is_connected(id) || self.attendances.has(id)
    }

    /// What shows of a user; none is nothing.
    #[must_use]
    pub fn shown_of(&self, id: &UserId) -> Option<Arc<Shown>> {
        self.board().shown_of(id)
    }

    /// What shows of everybody of whom anything shows.
    #[must_use]
    pub fn shown(&self) -> OrdMap<UserId, Arc<Shown>> {
        self.board().shown()
    }

    /// The same, and the time of this answer to a viewer.
    #[must_use]
    pub fn everybody(&self, viewer: &User) -> (OrdMap<UserId, Arc<Shown>>, Timestamp) {
        let mut board = self.board();
        let at = board.time(self.clock.now(), viewer);
        (board.shown(), at)
    }

    /// What changed after a moment, the oldest first, and the time of this answer; none when not all of
    /// that is known any more, or the viewer's roles changed meanwhile.
    #[must_use]
    pub fn changes_after(&self, from: Timestamp, viewer: &User) -> Option<(Vec<Arc<PresenceChange>>, Timestamp)> {
        let mut board = self.board();
        let at = board.time(self.clock.now(), viewer);
        board.changes_after(at, from, &viewer.id).map(|changes| (changes, at))
    }

    /// Tells all subscribers of something.
    pub fn announce(&self, event: &Event) {
        self.events.announce(event);
    }

    /// Tells of everything that happens from now on, in its order. A subscriber that falls too far behind
    /// misses some, and is told so.
    #[must_use]
    pub fn subscribe(&self) -> Events {
        self.events.subscribe()
    }

    /// How many live connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.board().connections()
    }

    /// How many there are of users whom this viewer sees as connected.
    #[must_use]
    pub fn connections_for(&self, viewer: &User) -> usize {
        let board = self.board();
        board.connections() - board.connections_hidden_from(viewer)
    }

    /// Waits until a claim has ended.
    pub async fn claim_ended(&self) {
        self.reached(Board::next_end, &self.ends_changed).await;
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
    lost: bool,
}

impl Connection {
    /// Says whether the user is at this connection, or away from it.
    pub fn set_away(&self, away: bool) {
        let status = if away { StatusType::Away } else { StatusType::Online };
        self.hub
            .tell(|board, now| board.set_connection(now, &self.user, self.number, status));
    }

    /// Lets it go without a word of its user: it counts for [`GRACE_MILLIS`] more, in which
    /// [`Hub::reconnect`] takes it up again.
    pub fn lose(mut self, token: TokenHash) {
        self.lost = true;
        let until = self.hub.clock.now().plus_millis(GRACE_MILLIS);
        self.hub.board().lose(until, self.user.clone(), token, self.number);
        self.hub.lost_changed.notify_one();
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
