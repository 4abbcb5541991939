//! The privacy settings of a user: from whom they hide, and how exactly others see when they were last seen.

use std::sync::Arc;

use super::status::change;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::page::once;
use crate::domain::user_status::SeenAt;
use crate::domain::{Audience, LastSeen, RequestError, RoleId, User, UserId, UserStatus};

/// Maximum users, and maximum roles, from whom a user may hide.
pub(super) const AUDIENCE: usize = 100;

/// The privacy settings of a user.
#[derive(Debug, Clone)]
pub(crate) struct Privacy {
    /// The exactness with which others may see when the user was last seen.
    pub last_seen: LastSeen,
    /// The existing users from whom the user hides.
    pub users: Vec<Arc<User>>,
    /// The roles from whose holders the user hides.
    pub roles: Vec<RoleId>,
    /// The time when the user was last seen.
    pub seen: Option<SeenAt>,
}

/// Returns the privacy settings of a user.
#[must_use]
pub(crate) fn of(app: &App, user: &User) -> Privacy {
    let snapshot = app.store.read();
    let nothing = UserStatus::of(&user.id);
    let stored = snapshot.user_status(&user.id).map_or(&nothing, |stored| stored);
    let users = stored.hidden_from.users.iter();
    Privacy {
        last_seen: stored.shows_last_seen,
        users: users.filter_map(|id| snapshot.user(id)).cloned().collect(),
        roles: stored.hidden_from.roles.clone(),
        seen: stored.last_seen.max(user.last_login).map(SeenAt::Exactly),
    }
}

/// Changes the privacy settings of the caller. A setting that is `None` is unchanged.
///
/// # Errors
/// [`RequestError::RoleNotFound`] for a role that does not exist, [`RequestError::InvalidParams`] for too many users or roles.
pub(crate) async fn set(
    app: &App,
    actor: &Actor,
    id: &UserId,
    last_seen: Option<LastSeen>,
    users: Option<Vec<UserId>>,
    roles: Option<Vec<RoleId>>,
) -> Result<(), RequestError> {
    let too_many = |count: usize| count > AUDIENCE;
    if users.as_ref().is_some_and(|users| too_many(users.len()))
        || roles.as_ref().is_some_and(|roles| too_many(roles.len()))
    {
        let words = format!("must NOT have more than {AUDIENCE} items");
        return Err(RequestError::invalid(words, "hideFrom"));
    }
    let (users, roles) = (users.map(once), roles.map(once));
    change(app, actor, id, |snapshot, stored| {
        let unknown = |role: &RoleId| snapshot.access().role(role.as_str()).is_none();
        if roles.iter().flatten().any(unknown) {
            return Err(RequestError::RoleNotFound);
        }
        stored.shows_last_seen = last_seen.unwrap_or(stored.shows_last_seen);
        let hidden_from = Audience {
            users: users.clone().unwrap_or_else(|| stored.hidden_from.users.clone()),
            roles: roles.clone().unwrap_or_else(|| stored.hidden_from.roles.clone()),
        };
        if hidden_from != *stored.hidden_from {
            // This counts as activity, so that the time freezes at this moment for new viewers, and continues from
            // this moment for viewers who can see the user again.
            stored.last_seen = stored.last_seen.max(Some(app.clock.now()));
            stored.hidden_from = hidden_from.into();
        }
        Ok(())
    })
    .await
}
