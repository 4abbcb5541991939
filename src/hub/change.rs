//! One change of what shows of a user, and what each viewer sees of it.

use std::sync::Arc;

use super::shown::{Line, Shown};
use crate::domain::{Timestamp, User, UserId};

/// One change of what shows of a user.
#[derive(Debug, PartialEq)]
pub struct PresenceChange {
    /// When: later than every answer before it, and earlier than every answer after it.
    pub at: Timestamp,
    /// Whose.
    pub user: UserId,
    /// What showed before; none is nothing.
    pub before: Option<Arc<Shown>>,
    /// What shows now; none is nothing.
    pub after: Option<Arc<Shown>>,
}

impl PresenceChange {
    /// What everybody sees of it, where the user hides from nobody; none where that depends on the viewer.
    #[must_use]
    pub fn seen_by_all(&self) -> Option<Seen> {
        let hides = |shown: &Option<Arc<Shown>>| shown.as_ref().is_some_and(|shown| shown.hides());
        (!hides(&self.before) && !hides(&self.after)).then(|| self.seen(|_| true))
    }

    /// What a viewer sees of it.
    #[must_use]
    pub fn seen_by(&self, viewer: &User) -> Seen {
        self.seen(|shown| shown.is_for(viewer))
    }

    fn seen(&self, may_see: impl Fn(&Shown) -> bool) -> Seen {
        let visible = |shown: &&Arc<Shown>| shown.is_anything() && may_see(shown);
        let before = self.before.as_ref().filter(visible);
        let after = self.after.as_ref().filter(visible);
        match (before, after) {
            (Some(before), Some(after)) if before.line == after.line => Seen::Nothing,
            (_, Some(_)) => Seen::Now,
            (Some(_), None) => Seen::Gone,
            (None, None) => Seen::Nothing,
        }
    }

    /// The user as this viewer sees them after it, if they see a change.
    #[must_use]
    pub fn for_viewer(&self, viewer: &User) -> Option<Line> {
        match self.seen_by(viewer) {
            Seen::Nothing => None,
            Seen::Now => self.after.as_ref().map(|after| after.line.clone()),
            Seen::Gone => self.before.as_ref().map(|before| before.line.absent()),
        }
    }

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
}

/// What a viewer sees of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// No change.
    Nothing,
    /// The user as they are now.
    Now,
    /// That the user is not there any more.
    Gone,
}
