//! The viewer and the subscriptions of a socket.

use std::sync::Arc;

use super::subscriptions::Subscriptions;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::{Access, Permission, Timestamp, Token, User};
use crate::ops::permissions;
use crate::ops::reach::Reach;

/// The viewer and the subscriptions of a socket. Events are sent while this is locked, so that a subscription is
/// confirmed before its first event.
#[derive(Default)]
pub(super) struct Listening {
    pub viewer: Option<Viewer>,
    pub subscriptions: Subscriptions,
}

/// The user on a socket, as of the last event.
pub(super) struct Viewer {
    pub user: Arc<User>,
    pub token: Arc<Token>,
    /// The expiry of the token, copied here because every event checks it.
    ends: Option<Timestamp>,
    /// The viewer's rights to see others, computed only when roles or grants change.
    sight: Option<Sight>,
    /// `true` if a user without `view-outside-room` sees only themselves in lists of users.
    pub lists_are_narrow: bool,
}

/// The parts of other users that a viewer may see, by the current roles and grants.
struct Sight {
    access: Arc<Access>,
    /// `true` if the viewer sees the roles of others.
    roles: bool,
    /// `true` if the viewer sees other users even when lists are reduced.
    others: bool,
}

impl Viewer {
    pub(super) fn of(caller: &Caller) -> Self {
        Self {
            user: Arc::clone(&caller.user),
            ends: caller.token.expires_at,
            token: Arc::clone(&caller.token),
            sight: None,
            lists_are_narrow: false,
        }
    }

    /// Updates the rights to see others for the next events.
    pub(super) fn follow_access(&mut self, access: &Arc<Access>) {
        let known = self.sight.as_ref();
        if known.is_some_and(|known| Arc::ptr_eq(&known.access, access)) {
            return;
        }
        let held = self.token.narrow(access.of(&self.user.roles));
        self.sight = Some(Sight {
            access: Arc::clone(access),
            roles: held.contains(Permission::ViewFullOtherUserInfo),
            others: Reach::of_search(|permission| held.contains(permission)) == Reach::Everyone,
        });
    }

    /// Updates the user's record.
    pub(super) fn follow_user(&mut self, user: &Arc<User>) {
        self.user = Arc::clone(user);
        if let Some(sight) = self.sight.take() {
            self.follow_access(&sight.access);
        }
    }

    /// Returns whether the viewer sees the roles of other users.
    pub(super) fn sees_roles(&self) -> bool {
        self.sight.as_ref().is_some_and(|sight| sight.roles)
    }

    /// Returns whether the viewer receives events about all users.
    pub(super) fn sees_others(&self) -> bool {
        !self.lists_are_narrow || self.sight.as_ref().is_some_and(|sight| sight.others)
    }

    /// Returns whether the token has not expired.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|end| now < end)
    }

    /// Returns whether the viewer has a permission now.
    pub(super) fn may(&self, app: &App, permission: Permission) -> bool {
        let held = permissions::access(app).of(&self.user.roles);
        self.token.narrow(held).contains(permission)
    }
}
