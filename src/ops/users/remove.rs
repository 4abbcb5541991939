//! Deletes users together with their data.

use super::roles::keep_an_administrator;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::{AuditAction, Permission, RequestError, UserId, UserStatus};
use crate::ops::audit::note;
use crate::ops::authority::Authority;
use crate::ops::lockout;
use crate::ops::tokens::without_tokens;
use crate::ops::transaction::transact_on_avatar;
use crate::ops::vouched::without_links_of;
use crate::store::Change;

/// Deletes a user with their tokens, links, invitations, boards, statuses and avatar.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `delete-user`, [`RequestError::UserNotFound`],
/// [`RequestError::BeyondAuthority`], [`RequestError::LastAdministrator`].
pub(crate) async fn delete(app: &App, actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    actor.require(Permission::DeleteUser)?;
    remove(app, actor, id).await
}

pub(in crate::ops) async fn remove(app: &App, actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    transact_on_avatar(app, id, |snapshot, user, avatar| {
        Authority::of(app, snapshot, actor).over(user)?;
        let (mut change, _) = without_tokens(snapshot, id, Change::new().remove(user), |_| true);
        if let Some(reset) = snapshot.password_reset(id) {
            change = change.remove(reset);
        }
        change = match snapshot.user_status(id) {
            Some(stored) => change.remove(&**stored),
            None => change.require_none(&UserStatus::of(id)),
        };
        change = without_links_of(snapshot, id, change);
        change = lockout::forgive_all(snapshot, change, id);
        if let Some(avatar) = avatar {
            change = change.remove(avatar);
        }
        let change = keep_an_administrator(snapshot, user, change)?;
        let noted = note(app, actor, AuditAction::UserDeleted, Some(user.party()), "");
        Ok((change.insert(&noted), ()))
    })
    .await
}
