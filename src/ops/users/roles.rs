//! Roles that a user may be given, and the rule that one active administrator remains.

use std::sync::Arc;

use crate::app::{App, Settings};
use crate::auth::Actor;
use crate::domain::{Permission, RequestError, RoleId, SettingId, User};
use crate::store::{Change, Snapshot};

/// Returns the roles of new users for whom no roles are given.
pub(in crate::ops) fn default_roles(app: &App) -> Vec<RoleId> {
    default_roles_in(&app.settings())
}

/// Returns the roles of new users by these settings.
pub(in crate::ops) fn default_roles_in(settings: &Settings) -> Vec<RoleId> {
    settings
        .list(SettingId::DefaultRoles)
        .iter()
        .map(|id| RoleId::new(id))
        .collect()
}

/// Returns the roles sorted and without duplicates, or an error if one of them does not exist.
pub(in crate::ops) fn checked_roles(snapshot: &Snapshot, mut roles: Vec<RoleId>) -> Result<Vec<RoleId>, RequestError> {
    if roles.iter().any(|role| snapshot.access().role(role.as_str()).is_none()) {
        return Err(RequestError::RoleInvalid);
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

/// Refuses to assign or remove these roles if the actor lacks the permission.
pub(in crate::ops) fn may_assign(actor: &Actor, roles: &[RoleId]) -> Result<(), RequestError> {
    let admin = roles.iter().any(RoleId::is_admin);
    if admin && !actor.may(Permission::AssignAdminRole) {
        return Err(RequestError::ActionNotAllowed {
            words: "Assigning admin is not allowed",
            action: "Assign_admin",
        });
    }
    if !roles.is_empty() && !actor.may(Permission::AssignRoles) {
        return Err(RequestError::ActionNotAllowed {
            words: "Assign roles is not allowed",
            action: "Assign_role",
        });
    }
    Ok(())
}

/// Refuses a change that removes the last active administrator. The change requires the record of another one, so that
/// two administrators cannot deactivate each other at the same time.
pub(in crate::ops) fn keep_an_administrator(
    snapshot: &Snapshot,
    leaving: &User,
    change: Change,
) -> Result<Change, RequestError> {
    if !leaving.is_active_administrator() {
        return Ok(change);
    }
    let stays = |user: &&Arc<User>| user.id != leaving.id && user.is_active_administrator();
    let admin = RoleId::admin();
    let staying = snapshot
        .users_with_role(&admin)
        .find(stays)
        .ok_or(RequestError::LastAdministrator)?;
    Ok(change.require(&**staying))
}
