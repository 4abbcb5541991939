//! Methods of administrators: accounts, roles and permissions.

use serde_json::json;

use super::params::Params;
use super::{Context, Method, MethodAnswer, Outcome, method};
use crate::domain::scope::RequiredScope;
use crate::domain::user::Activity;
use crate::domain::{RoleId, Scope, UserId, UsernameKey};
use crate::ops::viewed_user::ViewedUser;
use crate::ops::{permissions, role_holders, roles, users};

pub(super) const METHODS: &[Method] = &[
    method!(
        "setUserActiveStatus",
        RequiredScope::Scope(Scope::UsersWrite),
        set_active
    )
    .behind_two_factor(),
    method!("deleteUser", RequiredScope::Scope(Scope::UsersWrite), delete).behind_two_factor(),
    method!(
        "authorization:addUserToRole",
        RequiredScope::Scope(Scope::Admin),
        give_role
    )
    .behind_two_factor(),
    method!(
        "authorization:removeUserFromRole",
        RequiredScope::Scope(Scope::Admin),
        take_role
    )
    .behind_two_factor(),
    method!(
        "authorization:addPermissionToRole",
        RequiredScope::Scope(Scope::Admin),
        give_permission
    )
    .behind_two_factor(),
    method!(
        "authorization:removeRoleFromPermission",
        RequiredScope::Scope(Scope::Admin),
        take_permission
    )
    .behind_two_factor(),
    method!("getUserRoles", RequiredScope::Scope(Scope::UsersRead), public_roles),
];

/// Handles the method `setUserActiveStatus(userId, active)`.
async fn set_active(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let id = UserId::new(&params.required_text()?);
    let activity = if params.required_flag()? {
        Activity::Active
    } else {
        Activity::Deactivated
    };
    users::set_active(context.app, &actor, &id, activity).await?;
    Ok(MethodAnswer::of(json!(true)))
}

/// Handles the method `deleteUser(userId)`.
async fn delete(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let id = UserId::new(&params.required_text()?);
    users::delete(context.app, &actor, &id).await?;
    Ok(MethodAnswer::of(json!({"deletedRooms": []})))
}

/// Handles the method `authorization:addUserToRole(role, username, room?)`. A room is refused.
async fn give_role(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let (role, username) = (params.required_text()?, params.required_text()?);
    roles::refuse_room("scope", params.text()?.as_deref())?;
    role_holders::give(context.app, &actor, &role, &UsernameKey::of(&username)).await?;
    Ok(MethodAnswer::of(json!(true)))
}

/// Handles the method `authorization:removeUserFromRole(role, username, room?)`. A room is refused.
async fn take_role(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let (role, username) = (params.required_text()?, params.required_text()?);
    roles::refuse_room("scope", params.text()?.as_deref())?;
    role_holders::take(context.app, &actor, &role, &UsernameKey::of(&username)).await?;
    Ok(MethodAnswer::of(json!(true)))
}

/// Handles the method `authorization:addPermissionToRole(permissionId, role)`.
async fn give_permission(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let (permission, role) = (params.required_text()?, params.required_text()?);
    permissions::set_one(context.app, &actor, &permission, &role, true).await?;
    Ok(MethodAnswer::NOTHING)
}

/// Handles the method `authorization:removeRoleFromPermission(permissionId, role)`.
async fn take_permission(context: Context<'_>, mut params: Params) -> Outcome {
    let actor = context.actor()?;
    let (permission, role) = (params.required_text()?, params.required_text()?);
    permissions::set_one(context.app, &actor, &permission, &role, false).await?;
    Ok(MethodAnswer::NOTHING)
}

/// Handles the method `getUserRoles()`, which returns the users with a public role.
async fn public_roles(context: Context<'_>, _: Params) -> Outcome {
    let actor = context.actor()?;
    let found = role_holders::list_public(context.app, &actor);
    let line = |(user, roles): &(ViewedUser, Vec<RoleId>)| json!({"_id": user.id(), "username": user.username(), "roles": roles});
    Ok(MethodAnswer::of(found.iter().map(line).collect()))
}
