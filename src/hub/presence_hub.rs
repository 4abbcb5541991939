//! The hub: one object that joins the presence table, the clock and the events.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;
use tokio::sync::Notify;

use super::attendance::{Attendance, Attendances};
use super::change::PresenceChange;
use super::event::Event;
use super::events::{Announcer, Events};
use super::presence_table::PresenceTable;
use super::visible_presence::VisiblePresence;
use crate::clock::Clock;
use crate::domain::{Presence, StatusType, Timestamp, TokenHash, User, UserId, UserStatus};
use crate::observe::PresenceMeter;

/// The presence of all users. Cloning is cheap; all clones share the same state.
#[derive(Clone)]
pub struct Hub {
    board: Arc<Mutex<PresenceTable>>,
    clock: Clock,
    events: Announcer,
    ends_changed: Arc<Notify>,
    pub(super) lost_changed: Arc<Notify>,
    /// Notified when connections change of which the other servers of a cluster do not know yet.
    pub(super) unreported_changed: Arc<Notify>,
    pub(super) next_connection: Arc<AtomicU64>,
    attendances: Attendances<UserId>,
    tokens: Attendances<TokenHash>,
    meter: PresenceMeter,
}

impl Hub {
    /// Creates a hub without users.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            board: Arc::new(Mutex::new(PresenceTable::new(clock.now()))),
            clock,
            events: Announcer::default(),
            ends_changed: Arc::default(),
            lost_changed: Arc::default(),
            unreported_changed: Arc::default(),
            next_connection: Arc::default(),
            attendances: Attendances::default(),
            tokens: Attendances::default(),
            meter: PresenceMeter::default(),
        }
    }

    /// Returns the meter of presence changes.
    #[must_use]
    pub const fn meter(&self) -> &PresenceMeter {
        &self.meter
    }

    /// Returns the number of events that wait for the slowest subscriber.
    #[must_use]
    pub fn waiting_events(&self) -> usize {
        self.events.waiting()
    }

    /// Returns the time of the server's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn board(&self) -> MutexGuard<'_, PresenceTable> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the presence table, and sends the resulting events in the order of the changes.
    pub(super) fn tell<Changes>(&self, work: impl FnOnce(&mut PresenceTable, Timestamp) -> Changes)
    where
        Changes: IntoIterator<Item = Arc<PresenceChange>>,
    {
        let mut board = self.board();
        let before = board.next_end();
        for change in work(&mut board, self.clock.now()) {
            self.meter.change();
            self.events.announce(&Event::Presence(change));
        }
        if board.next_end() != before {
            self.ends_changed.notify_one();
        }
        if !board.unreported.is_empty() {
            self.unreported_changed.notify_one();
        }
    }

    /// Waits until a time that the presence table gives. After each notification of `changed`, reads that time again.
    async fn reached(&self, moment: impl Fn(&PresenceTable) -> Option<Timestamp>, changed: &Notify) {
        loop {
            let next = moment(&self.board());
            tokio::select! {
                () = self.clock.reach(next) => return,
                () = changed.notified() => {}
            }
        }
    }

    /// Records that a commit changed the roles of a user. Called before [`Self::follow`].
    pub fn change_roles(&self, id: &UserId) {
        self.board().change_roles(self.clock.now(), id);
    }

    /// Updates a user and the stored status after a commit.
    pub fn follow(&self, user: &Arc<User>, kept: Option<&Arc<UserStatus>>) {
        self.refresh(|| Some((Arc::clone(user), kept.cloned())));
    }

    /// Updates a user and the status outside of a commit. `look` runs while the presence table is locked, so that its
    /// result is never older than the last update.
    pub fn refresh(&self, look: impl FnOnce() -> Option<(Arc<User>, Option<Arc<UserStatus>>)>) {
        self.tell(|board, now| {
            let (user, kept) = look()?;
            let shown = kept.as_ref().map(|kept| self.as_shown(kept));
            board.follow(now, &user, shown.as_ref())
        });
    }

    /// Returns a stored status as it is shown. While the clock is doubtful, claims that have ended stay in the store, and
    /// are not shown.
    pub(super) fn as_shown(&self, kept: &Arc<UserStatus>) -> Arc<UserStatus> {
        let mut shown = Arc::clone(kept);
        let has_end = kept.claims.next_end().is_some();
        if has_end && !self.clock.trust().may_erase {
            Arc::make_mut(&mut shown).claims.settle(self.clock.now());
        }
        shown
    }

    /// Starts to record when statuses begin. The beginning of a status that is already visible is unknown.
    pub fn record_beginnings(&self) {
        self.board().record_beginnings(self.clock.now());
    }

    /// Stores when the user's last token expires, if standing claims end then.
    pub fn set_logins_end(&self, id: &UserId, end: Option<Timestamp>) {
        self.tell(|board, now| {
            board.set_logins_end(now, id, end);
            None
        });
    }

    /// Returns whether the user's last token has expired, and the claims that end with it are still stored.
    #[must_use]
    pub fn logins_ended(&self, id: &UserId) -> bool {
        self.board().logins_ended(self.clock.now(), id)
    }

    /// Removes a user with all connections.
    pub fn forget(&self, id: &UserId) {
        self.tell(|board, now| board.forget(now, id));
    }

    /// Sets whether all users without a connection are offline.
    pub fn require_connection(&self, required: bool) {
        self.tell(|board, now| board.require_connection(now, required));
    }

    /// Returns the lost connections that still count: the user, the token, and the status of the connection.
    #[must_use]
    pub fn lost(&self) -> Vec<(UserId, TokenHash, StatusType)> {
        self.board().lost()
    }

    /// Waits until a lost connection stops counting.
    pub async fn connection_ended(&self) {
        self.reached(PresenceTable::next_lost, &self.lost_changed).await;
    }

    /// Removes the lost connections that no longer count.
    pub fn end_lost(&self) {
        self.tell(PresenceTable::end_lost);
    }

    /// Counts a socket that doesn't count for the user's presence; it lasts until it is dropped.
    #[must_use]
    pub fn attend(&self, id: &UserId) -> Attendance<UserId> {
        self.attendances.add(id)
    }

    /// Counts a socket that was logged in with a token; it lasts until it is dropped.
    #[must_use]
    pub fn attend_by(&self, token: &TokenHash) -> Attendance<TokenHash> {
        self.tokens.add(token)
    }

    /// Returns whether a socket with this token is open, or a connection with it was lost a moment ago.
    #[must_use]
    pub fn is_connected_by(&self, id: &UserId, token: &TokenHash) -> bool {
        self.tokens.has(token) || self.board().has_lost(id, token)
    }

    /// Returns whether a user has a live connection that counts for the presence.
    #[must_use]
    pub fn has_connection(&self, id: &UserId) -> bool {
        self.board().is_connected(id)
    }

    /// Returns whether a user has a live connection, or a socket that doesn't count for the presence.
    #[must_use]
    pub fn is_connected(&self, id: &UserId) -> bool {
        self.board().is_connected(id) || self.attendances.has(id)
    }

    /// Returns the visible presence of a user; `None` if nothing is visible.
    #[must_use]
    pub fn shown_of(&self, id: &UserId) -> Option<Arc<VisiblePresence>> {
        self.board().shown_of(id)
    }

    /// Returns the presence of a user as the user sees it.
    #[must_use]
    pub fn own_presence(&self, id: &UserId) -> Presence {
        let shown = self.shown_of(id);
        shown.map_or(Presence::ABSENT, |shown| shown.presence.clone())
    }

    /// Returns the visible presence of all users who have one.
    #[must_use]
    pub fn shown(&self) -> OrdMap<UserId, Arc<VisiblePresence>> {
        self.board().shown()
    }

    /// Returns the visible presence of all users who have one, and the time for a response to this viewer.
    #[must_use]
    pub fn everybody(&self, viewer: &User) -> (OrdMap<UserId, Arc<VisiblePresence>>, Timestamp) {
        let mut board = self.board();
        let at = board.time(self.clock.now(), viewer);
        (board.shown(), at)
    }

    /// Returns the changes after a time, oldest first, and the time for the response. Returns `None` if some of them
    /// are no longer stored, or if the viewer's roles changed since.
    #[must_use]
    pub fn changes_after(&self, from: Timestamp, viewer: &User) -> Option<(Vec<Arc<PresenceChange>>, Timestamp)> {
        let mut board = self.board();
        let at = board.time(self.clock.now(), viewer);
        board.changes_after(at, from, &viewer.id).map(|changes| (changes, at))
    }

    /// Sends an event to all subscribers.
    pub fn announce(&self, event: &Event) {
        self.events.announce(event);
    }

    /// Returns all events from now on, in order. A subscriber that is too slow misses events and is notified.
    #[must_use]
    pub fn subscribe(&self) -> Events {
        self.events.subscribe()
    }

    /// Returns the number of live connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.board().connections()
    }

    /// Returns the number of live connections of users whom this viewer sees as connected.
    #[must_use]
    pub fn connections_for(&self, viewer: &User) -> usize {
        let board = self.board();
        board.connections() - board.connections_hidden_from(viewer)
    }

    /// Waits until a claim has ended.
    pub async fn claim_ended(&self) {
        self.reached(PresenceTable::next_end, &self.ends_changed).await;
    }

    /// Returns up to `most` users whose claims have ended.
    #[must_use]
    pub fn ended(&self, most: usize) -> Vec<UserId> {
        self.board().ended(self.clock.now(), most)
    }
}
