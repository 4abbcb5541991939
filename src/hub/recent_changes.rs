//! The recent changes of presence, and the times that order them and the responses.

use std::collections::VecDeque;
use std::sync::Arc;

use super::change::{PresenceChange, Seen};
use super::visible_presence::VisiblePresence;
use crate::domain::{Timestamp, User, UserId};

/// The age in milliseconds up to which changes are stored. Callers who request older changes get the full
/// list (`api.md` §6.3).
const KEPT_MILLIS: i64 = 10 * 60 * 1000;

/// The maximum number of stored changes of any age.
const KEPT_CHANGES: usize = 100_000;

/// The recent changes, oldest first.
pub(super) struct RecentChanges {
    changes: VecDeque<Arc<PresenceChange>>,
    /// The time since which `changes` is complete.
    complete_from: Timestamp,
    /// The latest time of a response. Every later change gets a later time.
    answered: Timestamp,
}

impl RecentChanges {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            changes: VecDeque::new(),
            complete_from: now,
            answered: now,
        }
    }

    /// Adds a change of a user's visible presence, and returns it.
    pub(super) fn add(
        &mut self,
        now: Timestamp,
        id: &UserId,
        before: Option<Arc<VisiblePresence>>,
        after: Option<Arc<VisiblePresence>>,
    ) -> Arc<PresenceChange> {
        let at = self.moment(now);
        let change = Arc::new(PresenceChange {
            at,
            user: id.clone(),
            before,
            after,
        });
        if change.seen_by_all() == Some(Seen::Nothing) {
            // Only the user's own clients receive it. It must not influence the times of responses to others.
            return change;
        }
        self.changes.push_back(Arc::clone(&change));
        let old = Timestamp::from_millis(at.as_millis() - KEPT_MILLIS);
        while self.changes.len() > KEPT_CHANGES || self.changes.front().is_some_and(|first| first.at < old) {
            if let Some(first) = self.changes.pop_front() {
                self.complete_from = first.at;
            }
        }
        change
    }

    /// Removes all changes. Callers who request one of them get the full list.
    pub(super) fn clear(&mut self, now: Timestamp) {
        self.complete_from = self.changes.back().map_or(now, |change| change.at.max(now));
        self.changes = VecDeque::new();
    }

    /// Returns the time for a change now: later than every earlier response, and not before any earlier change.
    pub(super) fn moment(&self, now: Timestamp) -> Timestamp {
        let last = self.changes.back().map_or(now, |change| change.at);
        now.max(self.answered.plus_millis(1)).max(last)
    }

    /// Returns the time for a response to this viewer: not before any earlier change, and before every later change.
    /// Changes that the viewer does not see have no influence, because the time would reveal them. A change of the
    /// viewer's own roles, at `roles_since`, counts as visible.
    pub(super) fn time(&mut self, now: Timestamp, viewer: &User, roles_since: Option<Timestamp>) -> Timestamp {
        let mut ahead = self.changes.iter().rev().take_while(|change| change.at > now);
        let seen = ahead.find(|change| change.seen_by(viewer) != Seen::Nothing);
        let at = seen
            .map(|change| change.at)
            .max(roles_since)
            .map_or(now, |at| at.max(now));
        self.answered = self.answered.max(at);
        at
    }

    /// Returns the changes after a time. Returns `None` if older ones of them are no longer stored.
    pub(super) fn after(&self, now: Timestamp, from: Timestamp) -> Option<Vec<Arc<PresenceChange>>> {
        if from < self.complete_from || from.as_millis() + KEPT_MILLIS <= now.as_millis() {
            return None;
        }
        let known = self.changes.partition_point(|change| change.at <= from);
        Some(self.changes.iter().skip(known).cloned().collect())
    }
}
