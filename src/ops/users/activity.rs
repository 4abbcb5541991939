//! Activates and deactivates accounts.

use super::roles::keep_an_administrator;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::user::Activity;
use crate::domain::{AuditAction, Permission, RequestError, RoleId, User, UserId};
use crate::ops::audit::note;
use crate::ops::authority::Authority;
use crate::ops::tokens::without_tokens;
use crate::ops::transaction::transact_on_user;
use crate::store::{Change, Snapshot};

/// Activates an account, or deactivates it and ends all its tokens.
///
/// # Errors
/// [`RequestError::NotAllowed`] without `edit-other-user-active-status`, [`RequestError::UserNotFound`],
/// [`RequestError::BeyondAuthority`], [`RequestError::LastAdministrator`].
pub(crate) async fn set_active(app: &App, actor: &Actor, id: &UserId, activity: Activity) -> Result<(), RequestError> {
    if !actor.may(Permission::EditOtherUserActiveStatus) {
        return Err(RequestError::NotAllowed { words: "Not allowed" });
    }
    transact_on_user(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        Ok((activity_change(app, actor, snapshot, user, activity)?, ()))
    })
    .await
}

fn activity_change(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    user: &User,
    activity: Activity,
) -> Result<Change, RequestError> {
    let changed = User {
        activity,
        ..user.changed(app.clock.now())
    };
    let change = Change::new().replace(user, &changed);
    let noted = |action| note(app, actor, action, Some(user.party()), "");
    if activity == Activity::Active {
        return Ok(change.insert(&noted(AuditAction::UserActivated)));
    }
    let (change, _) = without_tokens(snapshot, &user.id, change, |_| true);
    let change = keep_an_administrator(snapshot, user, change)?;
    Ok(change.insert(&noted(AuditAction::UserDeactivated)).ending_access())
}

/// Deactivates the accounts of a role that were not used for `days` days, and returns their number. Administrators and
/// accounts beyond the authority of the actor are not changed.
///
/// # Errors
/// [`RequestError::NotAllowed`] without `edit-other-user-active-status`.
pub(crate) async fn deactivate_idle(app: &App, actor: &Actor, days: u32, role: &RoleId) -> Result<usize, RequestError> {
    let before = app.clock.now().minus_days(days);
    let idle = |user: &User| {
        let last = user.last_login.unwrap_or(user.created_at);
        user.is_active() && !user.is_administrator() && last < before
    };
    let snapshot = app.store.read();
    let mut count = 0;
    for user in snapshot.users_with_role(role).filter(|user| idle(user)) {
        match set_active(app, actor, &user.id, Activity::IdleTooLong).await {
            Ok(()) => count += 1,
            Err(RequestError::BeyondAuthority { .. } | RequestError::UserNotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}
