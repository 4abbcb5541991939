//! The users that lists show a viewer.
//!
//! Rocket.Chat shows a viewer without `view-outside-room` the users with whom the viewer shares a room. This server has
//! no rooms, so such a viewer finds only themselves. Every list and search of users asks here.

use crate::app::App;
use crate::domain::{Permission, SettingId};

/// The users that a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All users.
    Everyone,
    /// The viewer alone.
    Oneself,
}

impl Reach {
    /// Returns what a search for users shows. `may` says whether the viewer holds a permission.
    pub fn of_search(may: impl Fn(Permission) -> bool) -> Self {
        if may(Permission::VIEW_OUTSIDE_ROOM) {
            Self::Everyone
        } else {
            Self::Oneself
        }
    }

    /// Returns what a list of users shows, of all or of those who are here. The setting
    /// `API_Apply_permission_view-outside-room_on_users-list` makes lists as narrow as searches.
    pub fn of_lists(app: &App, may: impl Fn(Permission) -> bool) -> Self {
        if app.settings().flag(SettingId::ListsNeedViewOutsideRoom) {
            Self::of_search(may)
        } else {
            Self::Everyone
        }
    }

    /// Returns whether a user is shown to this viewer, by their ids.
    #[must_use]
    pub fn has(self, viewer: &str, user: &str) -> bool {
        self == Self::Everyone || viewer == user
    }
}
