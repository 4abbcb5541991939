//! The presence table: it joins the live connections and the claims of users, and records every change in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use imbl::OrdMap;

use super::change::PresenceChange;
use super::other_connections::{OtherConnections, Unreported};
use super::recent_changes::RecentChanges;
use super::resumable::Resumable;
use super::since::Since;
use super::visible_presence::{PresenceEntry, VisiblePresence};
use crate::domain::presence::of_connections;
use crate::domain::{Claims, Presence, StatusType, Timestamp, User, UserId, UserStatus};

/// A user with a connection or a stored status that shows something.
pub(super) struct PresentUser {
    user: Arc<User>,
    pub(super) kept: Option<Arc<UserStatus>>,
    /// The live connections at this server.
    pub(super) connections: BTreeMap<u64, StatusType>,
    pub(super) elsewhere: OtherConnections,
    shown: Option<Arc<VisiblePresence>>,
    /// The time at which the user's last token expires, if standing claims end then.
    logins_end: Option<Timestamp>,
}

impl PresentUser {
    fn is_connected(&self) -> bool {
        !self.connections.is_empty() || !self.elsewhere.is_empty()
    }

    /// Returns the time of the next end: of a claim, or of everything that lasts without a connection.
    fn next_end(&self) -> Option<Timestamp> {
        let claims = self.kept.as_ref().and_then(|kept| kept.claims.next_end());
        claims.into_iter().chain(self.logins_end).min()
    }
}

/// The presence of all users. A user without an entry is offline and has no text.
pub(super) struct PresenceTable {
    pub(super) entries: HashMap<UserId, PresentUser>,
    /// The visible presence of all users who have one.
    shown: OrdMap<UserId, Arc<VisiblePresence>>,
    /// The ends of claims, the next one first.
    ends: BTreeSet<(Timestamp, UserId)>,
    changes: RecentChanges,
    /// The time at which the roles of a user last changed, if they changed since the start. A user may hide from roles,
    /// so roles decide visibility.
    roles_since: HashMap<UserId, Timestamp>,
    /// The number of live connections at this server.
    pub(super) connections: usize,
    /// The lost connections that still count.
    pub(super) lost: Resumable,
    pub(super) unreported: Unreported,
    requires_connection: bool,
    /// Whether a status that appears begins now. Those of the server before this one began at an unknown time.
    records_beginnings: bool,
}

impl PresenceTable {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            entries: HashMap::new(),
            shown: OrdMap::new(),
            ends: BTreeSet::new(),
            changes: RecentChanges::new(now),
            roles_since: HashMap::new(),
            connections: 0,
            lost: Resumable::default(),
            unreported: Unreported::default(),
            requires_connection: false,
            records_beginnings: false,
        }
    }

    /// Records from now on when statuses begin. Removes the changes of the start, which no client saw.
    pub(super) fn record_beginnings(&mut self, now: Timestamp) {
        self.records_beginnings = true;
        self.changes.clear(now);
    }

    /// Records that the roles of a user change now.
    pub(super) fn change_roles(&mut self, now: Timestamp, id: &UserId) {
        self.roles_since.insert(id.clone(), self.changes.moment(now));
    }

    /// Updates a user and the stored status after a commit.
    pub(super) fn follow(
        &mut self,
        now: Timestamp,
        user: &Arc<User>,
        kept: Option<&Arc<UserStatus>>,
    ) -> Option<Arc<PresenceChange>> {
        if kept.is_none_or(|kept| kept.claims.is_silent()) && !self.entries.contains_key(&user.id) {
            return None;
        }
        let entry = self.entry(user);
        entry.user = Arc::clone(user);
        let before = entry.next_end();
        entry.kept = kept.cloned();
        if !kept.is_some_and(|kept| kept.claims.stand()) {
            entry.logins_end = None;
        }
        let after = entry.next_end();
        if before != after {
            self.move_end(&user.id, before, after);
        }
        self.renew(now, &user.id)
    }

    /// Stores the time at which the user's last token expires; `None` if no token expires or none exists. An end that
    /// has passed stays until the claims that it ends are removed.
    pub(super) fn set_logins_end(&mut self, now: Timestamp, id: &UserId, end: Option<Timestamp>) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let has_passed = entry.logins_end.is_some_and(|end| end <= now);
        if !entry.kept.as_ref().is_some_and(|kept| kept.claims.stand()) || (end.is_none() && has_passed) {
            return;
        }
        let before = entry.next_end();
        entry.logins_end = end;
        let after = entry.next_end();
        if before != after {
            self.move_end(id, before, after);
        }
    }

    /// Returns whether the user's last token has expired, and the claims that end with it are still stored.
    pub(super) fn logins_ended(&self, now: Timestamp, id: &UserId) -> bool {
        let end = self.entries.get(id).and_then(|entry| entry.logins_end);
        end.is_some_and(|end| end <= now)
    }

    /// Removes a user with all connections.
    pub(super) fn forget(&mut self, now: Timestamp, id: &UserId) -> Option<Arc<PresenceChange>> {
        self.roles_since.remove(id);
        let entry = self.entries.remove(id)?;
        self.connections -= entry.connections.len();
        self.move_end(id, entry.next_end(), None);
        self.shown.remove(id);
        self.note_own(id);
        entry.shown.map(|before| self.changes.add(now, id, Some(before), None))
    }

    /// Adds a live connection, with the status online.
    pub(super) fn connect(
        &mut self,
        now: Timestamp,
        user: &Arc<User>,
        kept: Option<&Arc<UserStatus>>,
        (connection, status): (u64, StatusType),
    ) -> Vec<Arc<PresenceChange>> {
        let followed = self.follow(now, user, kept);
        let entry = self.entry(user);
        // A new entry has no status yet. A user without a claim may hide too.
        entry.kept = kept.cloned();
        entry.connections.insert(connection, status);
        self.connections += 1;
        self.note_own(&user.id);
        let renewed = self.renew(now, &user.id);
        followed.into_iter().chain(renewed).collect()
    }

    /// Sets the status of a live connection.
    pub(super) fn set_connection(
        &mut self,
        now: Timestamp,
        id: &UserId,
        connection: u64,
        status: StatusType,
    ) -> Option<Arc<PresenceChange>> {
        *self.entries.get_mut(id)?.connections.get_mut(&connection)? = status;
        self.note_own(id);
        self.renew(now, id)
    }

    /// Removes a connection that has ended.
    pub(super) fn disconnect(&mut self, now: Timestamp, id: &UserId, connection: u64) -> Option<Arc<PresenceChange>> {
        self.entries.get_mut(id)?.connections.remove(&connection)?;
        self.connections -= 1;
        self.note_own(id);
        self.renew(now, id)
    }

    /// Sets whether all users without a connection are offline.
    pub(super) fn require_connection(&mut self, now: Timestamp, required: bool) -> Vec<Arc<PresenceChange>> {
        if self.requires_connection == required {
            return Vec::new();
        }
        self.requires_connection = required;
        let ids: Vec<_> = self.entries.keys().cloned().collect();
        ids.iter().filter_map(|id| self.renew(now, id)).collect()
    }

    pub(super) fn entry(&mut self, user: &Arc<User>) -> &mut PresentUser {
        self.entries.entry(user.id.clone()).or_insert_with(|| PresentUser {
            user: Arc::clone(user),
            kept: None,
            connections: BTreeMap::new(),
            elsewhere: OtherConnections::default(),
            shown: None,
            logins_end: None,
        })
    }

    fn move_end(&mut self, id: &UserId, before: Option<Timestamp>, after: Option<Timestamp>) {
        if let Some(before) = before {
            self.ends.remove(&(before, id.clone()));
        }
        if let Some(after) = after {
            self.ends.insert((after, id.clone()));
        }
    }

    /// Computes the presence of a user again, and records the change, if there is one.
    pub(super) fn renew(&mut self, now: Timestamp, id: &UserId) -> Option<Arc<PresenceChange>> {
        let entry = self.entries.get_mut(id)?;
        let none = Claims::default();
        let (connection, claims) = if entry.user.is_active() {
            let claims = entry.kept.as_ref().map_or(&none, |kept| &kept.claims);
            let here = entry.connections.values().copied();
            (of_connections(here.chain(entry.elsewhere.statuses())), claims)
        } else {
            (StatusType::Offline, &none)
        };
        let presence = Presence::of(connection, claims, self.requires_connection);
        let hidden_from = entry.kept.as_ref().map(|kept| kept.hidden_from.clone());
        let hidden_from = hidden_from.unwrap_or_default();
        let line = PresenceEntry::of(&entry.user, &presence);
        let since = match &entry.shown {
            // A user who hides looks offline too, and must not differ.
            _ if line.status == StatusType::Offline => Since::default(),
            Some(before) if before.line.says_as(&line) && before.hidden_from == hidden_from => before.since.clone(),
            Some(before) if before.line.says_as(&line) => before.since.clone().revealed_to(&before.hidden_from, now),
            _ => Since::beginning(self.records_beginnings.then_some(now)),
        };
        let shown = VisiblePresence::new(line, presence, hidden_from, since);
        let before = entry.shown.take();
        let after = if before.as_deref() == Some(&shown) {
            before.clone()
        } else {
            Some(Arc::new(shown)).filter(|shown| shown.is_anything() || shown.presence != Presence::ABSENT)
        };
        entry.shown.clone_from(&after);
        let shows_nothing = entry.kept.as_ref().is_none_or(|kept| kept.claims.is_silent());
        if shows_nothing && !entry.is_connected() {
            self.entries.remove(id);
        }
        if before == after {
            return None;
        }
        match &after {
            Some(shown) => drop(self.shown.insert(id.clone(), Arc::clone(shown))),
            None => drop(self.shown.remove(id)),
        }
        Some(self.changes.add(now, id, before, after))
    }

    /// Returns the time for a response to this viewer ([`RecentChanges::time`]).
    pub(super) fn time(&mut self, now: Timestamp, viewer: &User) -> Timestamp {
        let roles_since = self.roles_since.get(&viewer.id).copied();
        self.changes.time(now, viewer, roles_since)
    }

    /// Returns the changes after a time. Returns `None` if older ones of them are no longer stored, or if the viewer's
    /// roles changed since.
    pub(super) fn changes_after(
        &self,
        now: Timestamp,
        from: Timestamp,
        viewer: &UserId,
    ) -> Option<Vec<Arc<PresenceChange>>> {
        let roles_since = self.roles_since.get(viewer).copied();
        if roles_since > Some(from) {
            return None;
        }
        self.changes.after(now, from)
    }

    pub(super) fn shown(&self) -> OrdMap<UserId, Arc<VisiblePresence>> {
        self.shown.clone()
    }

    pub(super) fn shown_of(&self, id: &UserId) -> Option<Arc<VisiblePresence>> {
        self.shown.get(id).cloned()
    }

    /// Returns whether a user has a live connection, here or at another server.
    pub(super) fn is_connected(&self, id: &UserId) -> bool {
        self.entries.get(id).is_some_and(PresentUser::is_connected)
    }

    /// Returns the time of the next end of a claim.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Returns up to `most` users whose claims have ended.
    pub(super) fn ended(&self, now: Timestamp, most: usize) -> Vec<UserId> {
        let ended = self.ends.iter().take_while(|(end, _)| *end <= now);
        ended.take(most).map(|(_, id)| id.clone()).collect()
    }

    /// Returns the number of live connections.
    pub(super) const fn connections(&self) -> usize {
        self.connections
    }

    /// Returns the number of connections that this viewer must not see: those of hidden, invisible or offline users.
    pub(super) fn connections_hidden_from(&self, viewer: &User) -> usize {
        // A deactivated account has no visible presence.
        let hidden = |entry: &&PresentUser| entry.shown.as_ref().is_none_or(|shown| !shown.counts_for(viewer));
        self.entries
            .values()
            .filter(hidden)
            .map(|entry| entry.connections.len())
            .sum()
    }
}
