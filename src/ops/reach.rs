//! The users that lists show to a viewer.
//!
//! Rocket.Chat shows a viewer without `view-outside-room` the users with whom the viewer shares a room. This server
//! has no rooms, so such a viewer finds only themselves. Every list and search of users applies this rule.

use crate::app::App;
use crate::domain::{Permission, SettingId};

/// The users that a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All users of the server.
    Everyone,
    /// Only the viewer themselves.
    Oneself,
}

impl Reach {
    /// Returns the reach of a search for users. `may` returns whether the viewer has a permission.
    pub(crate) fn of_search(may: impl Fn(Permission) -> bool) -> Self {
        if may(Permission::ViewOutsideRoom) {
            Self::Everyone
        } else {
            Self::Oneself
        }
    }

    /// Returns the reach of a list of users or of presence. The setting
    /// `API_Apply_permission_view-outside-room_on_users-list` gives lists the reach of searches.
    pub(crate) fn of_lists(app: &App, may: impl Fn(Permission) -> bool) -> Self {
        if app.settings().flag(SettingId::ListsNeedViewOutsideRoom) {
            Self::of_search(may)
        } else {
            Self::Everyone
        }
    }

    /// Returns whether this viewer sees a user, both by id.
    #[must_use]
    pub(crate) fn has(self, viewer: &str, user: &str) -> bool {
        self == Self::Everyone || viewer == user
    }
}
