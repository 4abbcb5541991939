//! A change of a user's visible presence, and the part of it that each viewer sees.

use std::sync::Arc;

use super::visible_presence::{PresenceEntry, VisiblePresence};
use crate::domain::{Timestamp, User, UserId};

/// A change of a user's visible presence.
#[derive(Debug, PartialEq)]
pub struct PresenceChange {
    /// The time of the change: later than every earlier response, and before every later response.
    pub at: Timestamp,
    /// The user whose presence changed.
    pub user: UserId,
    /// The visible presence before the change; `None` if nothing was visible.
    pub before: Option<Arc<VisiblePresence>>,
    /// The visible presence after the change; `None` if nothing is visible.
    pub after: Option<Arc<VisiblePresence>>,
}

impl PresenceChange {
    /// Returns what all viewers see; `None` if the user hides from some, so that it depends on the viewer.
    #[must_use]
    pub fn seen_by_all(&self) -> Option<Seen> {
        let hides = |shown: &Option<Arc<VisiblePresence>>| shown.as_ref().is_some_and(|shown| shown.hides());
        (!hides(&self.before) && !hides(&self.after)).then(|| self.seen(|_| true))
    }

    /// Returns what this viewer sees of the change.
    #[must_use]
    pub fn seen_by(&self, viewer: &User) -> Seen {
        self.seen(|shown| shown.is_for(viewer))
    }

    fn seen(&self, may_see: impl Fn(&VisiblePresence) -> bool) -> Seen {
        let visible = |shown: &&Arc<VisiblePresence>| shown.is_anything() && may_see(shown);
        let before = self.before.as_ref().filter(visible);
        let after = self.after.as_ref().filter(visible);
        match (before, after) {
            (Some(before), Some(after)) if before.line == after.line => Seen::Nothing,
            (_, Some(_)) => Seen::Now,
            (Some(_), None) => Seen::Gone,
            (None, None) => Seen::Nothing,
        }
    }

    /// Returns the user's entry for this viewer after the change; `None` if the viewer sees no change.
    #[must_use]
    pub fn for_viewer(&self, viewer: &User) -> Option<PresenceEntry> {
        match self.seen_by(viewer) {
            Seen::Nothing => None,
            Seen::Now => self.after.as_ref().map(|after| after.line.clone()),
            Seen::Gone => self.before.as_ref().map(|before| before.line.absent()),
        }
    }

    /// Returns the user's presence for this viewer after the change; offline if the viewer must not see it.
    #[must_use]
    pub fn now_for(&self, viewer: &User) -> Option<Arc<VisiblePresence>> {
        let seen = self
            .after
            .as_ref()
            .filter(|shown| shown.is_anything() && shown.is_for(viewer));
        let absent = || {
            let known = self.after.as_ref().or(self.before.as_ref())?;
            Some(Arc::new(VisiblePresence::absent(known.line.absent())))
        };
        seen.cloned().or_else(absent)
    }
}

/// The effect of a change for one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The viewer sees no change.
    Nothing,
    /// The viewer sees the new presence.
    Now,
    /// The viewer sees that the user is offline now.
    Gone,
}
