//! The roles of users: giving and taking a role, and the lists of users with a role.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::audit::note;
use super::authority::Authority;
use super::reach::Reach;
use super::roles::find;
use super::transaction::transact;
use super::users::{default_roles, keep_an_administrator, may_assign};
use super::viewed::View;
use super::viewed_user::ViewedUser;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::page::Listing;
use crate::domain::{AuditAction, Page, Permission, RequestError, Role, RoleId, RoleScope, User, UsernameKey};
use crate::store::Change;

/// Maximum users in one response about public roles.
const PUBLIC_ROLE_USERS: usize = 1_000;

/// Adds a role to a user.
///
/// # Errors
/// [`RequestError::PermissionRequired`], [`RequestError::ActionNotAllowed`] for `admin` without
/// `assign-admin-role`, [`RequestError::RoleNotFound`], [`RequestError::TargetUnknown`],
/// [`RequestError::BeyondAuthority`], [`RequestError::UserAlreadyInRole`].
pub(crate) async fn give(
    app: &App,
    actor: &Actor,
    role: &str,
    username: &UsernameKey,
) -> Result<Arc<Role>, RequestError> {
    assign(
        app,
        actor,
        role,
        username,
        &RequestError::TargetUnknown,
        |role, roles| {
            if roles.contains(&role.id) {
                return Err(RequestError::UserAlreadyInRole);
            }
            let mut more = roles.to_vec();
            more.push(role.id.clone());
            more.sort_unstable();
            Ok((more, AuditAction::RoleGiven))
        },
    )
    .await
}

/// Removes a role from a user.
///
/// # Errors
/// The errors of [`give`], with [`RequestError::RoleHolderUnknown`] and [`RequestError::UserNotInRole`], and
/// [`RequestError::AdministratorNeeded`] for the last active administrator.
pub(crate) async fn take(
    app: &App,
    actor: &Actor,
    role: &str,
    username: &UsernameKey,
) -> Result<Arc<Role>, RequestError> {
    assign(
        app,
        actor,
        role,
        username,
        &RequestError::RoleHolderUnknown,
        |role, roles| {
            if !roles.contains(&role.id) {
                return Err(RequestError::UserNotInRole);
            }
            let rest = roles.iter().filter(|other| **other != role.id).cloned().collect();
            Ok((rest, AuditAction::RoleTaken))
        },
    )
    .await
}

async fn assign(
    app: &App,
    actor: &Actor,
    role: &str,
    username: &UsernameKey,
    unknown: &RequestError,
    assigned: impl Fn(&Role, &[RoleId]) -> Result<(Vec<RoleId>, AuditAction), RequestError>,
) -> Result<Arc<Role>, RequestError> {
    actor.require(Permission::AccessPermissions)?;
    transact(app, |snapshot| {
        let role = find(snapshot, role)?;
        may_assign(actor, std::slice::from_ref(&role.id))?;
        let user = snapshot.user_named(username).ok_or_else(|| unknown.clone())?;
        let authority = Authority::of(app, snapshot, actor);
        authority.over(user)?;
        authority.over_roles(std::slice::from_ref(&role.id))?;
        let (roles, action) = assigned(role, &user.roles)?;
        let new = User {
            roles,
            ..user.changed(app.clock.now())
        };
        let mut change = Change::new().replace(&**user, &new);
        if user.is_administrator() && !new.is_administrator() {
            change = keep_an_administrator(snapshot, user, change).map_err(|error| match error {
                RequestError::LastAdministrator => RequestError::AdministratorNeeded,
                other => other,
            })?;
        }
        // A role that is deleted at the same time must not stay with the user.
        if !role.protected {
            change = change.require(&**role);
        }
        let noted = note(app, actor, action, Some(user.party()), role.name.as_str());
        Ok((change.insert(&noted), Arc::clone(role)))
    })
    .await
}

/// Lists the users who have a role, by username.
///
/// # Errors
/// [`RequestError::PermissionRequired`], [`RequestError::RoleNotFound`].
pub(crate) fn list(app: &App, actor: &Actor, role: &str, page: Page) -> Result<Listing<ViewedUser>, RequestError> {
    actor.require(Permission::AccessPermissions)?;
    let view = View::of(app, actor);
    let snapshot = view.snapshot();
    let role = find(snapshot, role)?;
    let mut holders: Vec<_> = snapshot.users_with_role(&role.id).cloned().collect();
    holders.sort_by_cached_key(|user| user.username.key());
    Ok(Listing::of(holders.into_iter(), page).map(|user| view.user(&user)))
}

/// Lists the users with a public role, by username, each with their public roles. A role is public if it applies
/// everywhere, has a description, and is not a default role. A viewer who does not see the roles of others finds only
/// themselves.
#[must_use]
pub(crate) fn list_public(app: &App, actor: &Actor) -> Vec<(ViewedUser, Vec<RoleId>)> {
    let view = View::of(app, actor);
    let access = view.snapshot().access();
    let ordinary = default_roles(app);
    let is_public = |role: &&Arc<Role>| {
        role.scope == RoleScope::Users && !role.description.is_empty() && !ordinary.contains(&role.id)
    };
    let public: Vec<_> = access.roles().filter(is_public).map(|role| role.id.clone()).collect();
    let reach = Reach::of_search(|permission| actor.may(permission));
    let mut holders = BTreeMap::new();
    let mut keep = |user: &Arc<User>| {
        let roles: Vec<_> = public
            .iter()
            .filter(|role| user.roles.contains(role))
            .cloned()
            .collect();
        if !roles.is_empty() && view.finds(reach, user.id.as_str()) {
            holders.insert(user.username.key(), (view.user(user), roles));
        }
    };
    if view.sees_all_accounts() {
        let users = public.iter().flat_map(|role| view.snapshot().users_with_role(role));
        users.take(PUBLIC_ROLE_USERS).for_each(keep);
    } else if let Actor::User(caller) = actor {
        keep(&caller.user);
    }
    holders.into_values().collect()
}
