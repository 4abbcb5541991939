//! The values that all users of one view have in common: the viewer, the state of the store, and the time.

use std::sync::Arc;

use crate::domain::user_status::SeenAt;
use crate::domain::{CustomFieldRules, Timestamp, User};
use crate::store::Snapshot;

/// The values that all users of one view have in common. Few answers have the time when a user was last seen, so that it is
/// read from here only when an answer asks for it.
#[derive(Debug)]
pub(super) struct SharedView {
    /// The user who looks; `None` for the operator and for a display on a wall.
    pub(super) viewer: Option<Arc<User>>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) field_rules: CustomFieldRules,
    pub(super) now: Timestamp,
}

impl SharedView {
    /// Returns the time when a user was last seen, as exactly as the viewer may know it. `own` is true if the user is the
    /// viewer.
    pub(super) fn last_seen(&self, user: &User, own: bool) -> Option<SeenAt> {
        let Some(stored) = self.snapshot.user_status(&user.id) else {
            return user.last_login.map(SeenAt::Exactly);
        };
        if own {
            return stored.last_seen.max(user.last_login).map(SeenAt::Exactly);
        }
        let seen = stored.seen_by(self.viewer.as_deref(), user.last_login);
        stored.shows_last_seen.of(seen, self.now)
    }
}
