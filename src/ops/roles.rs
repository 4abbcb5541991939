//! Operations on roles.

use std::sync::Arc;

use super::audit::note;
use super::authority::Authority;
use super::settings;
use super::transaction::transact;
use super::users::{default_roles, may_assign};
use crate::app::App;
use crate::auth::{Actor, random};
use crate::domain::role::ROLE_CHARACTERS;
use crate::domain::{
    AuditAction, AuditParty, Grant, Permission, RequestError, Role, RoleId, RoleName, RoleScope, SettingId, plain_text,
};
use crate::store::{Change, Snapshot};

/// The new values of a role.
#[derive(Debug, Clone)]
pub struct RoleDraft {
    /// The name that users see; unique.
    pub name: RoleName,
    /// The purpose of the role, for readers.
    pub description: String,
    /// The area in which the role applies: the whole server, or single rooms.
    pub scope: RoleScope,
    /// True if users with this role must have a second factor.
    pub mandatory_two_factor: bool,
}

impl RoleDraft {
    /// Checks the name and the description of a role.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for a description with a forbidden character or more than [`ROLE_CHARACTERS`]
    /// characters, then [`RequestError::RoleNameInvalid`].
    pub fn parse(
        name: &str,
        description: &str,
        scope: RoleScope,
        mandatory_two_factor: bool,
    ) -> Result<Self, RequestError> {
        let description = plain_text::block(description, "description")?;
        if description.chars().count() > ROLE_CHARACTERS {
            return Err(RequestError::too_long(ROLE_CHARACTERS, "description"));
        }
        Ok(Self {
            name: RoleName::parse(name).map_err(|_| RequestError::RoleNameInvalid { input: name.to_owned() })?,
            description,
            scope,
            mandatory_two_factor,
        })
    }
}

/// Refuses a room in a request: without rooms, the right would apply everywhere, which is more than the caller asked
/// for. An empty text names no room.
///
/// # Errors
/// [`RequestError::NoRooms`] with the name of the field.
pub fn refuse_room(field: &'static str, room: Option<&str>) -> Result<(), RequestError> {
    match room {
        Some(room) if !room.is_empty() => Err(RequestError::NoRooms { field }),
        _ => Ok(()),
    }
}

/// Returns all roles in the order of their ids.
#[must_use]
pub fn list(app: &App) -> Vec<Arc<Role>> {
    app.store.read().access().roles().cloned().collect()
}

/// Returns all roles, each with the number of users who have it. The built-in roles come first, then the others; both
/// are sorted by name.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `access-permissions`.
pub fn with_holders(app: &App, actor: &Actor) -> Result<Vec<(Arc<Role>, usize)>, RequestError> {
    actor.require(Permission::AccessPermissions)?;
    let snapshot = app.store.read();
    let counted = |role: &Arc<Role>| (Arc::clone(role), snapshot.count_with_role(&role.id));
    let mut roles: Vec<_> = snapshot.access().roles().map(counted).collect();
    roles.sort_by(|(a, _), (b, _)| (!a.protected, &a.name).cmp(&(!b.protected, &b.name)));
    Ok(roles)
}

/// Returns the roles that the actor may give to other users and remove from them, in the order of their ids.
#[must_use]
pub fn assignable(app: &App, actor: &Actor) -> Vec<Arc<Role>> {
    let snapshot = app.store.read();
    let authority = Authority::of(app, &snapshot, actor);
    let may = |role: &&Arc<Role>| {
        let role = std::slice::from_ref(&role.id);
        may_assign(actor, role).is_ok() && authority.over_roles(role).is_ok()
    };
    snapshot.access().roles().filter(may).cloned().collect()
}

/// Creates a role.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `access-permissions`, [`RequestError::NoRooms`] for a role that applies in rooms,
/// [`RequestError::RoleNameTaken`].
pub async fn create(app: &App, actor: &Actor, draft: RoleDraft) -> Result<Arc<Role>, RequestError> {
    actor.require(Permission::AccessPermissions)?;
    if draft.scope == RoleScope::Subscriptions {
        return Err(RequestError::NoRooms { field: "scope" });
    }
    transact(app, |snapshot| creation(app, actor, snapshot, None, &draft)).await
}

/// Returns the change that creates a role. Without an id, it gets a new one.
///
/// # Errors
/// [`RequestError::RoleNameTaken`].
pub(super) fn creation(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    id: Option<&RoleId>,
    draft: &RoleDraft,
) -> Result<(Change, Arc<Role>), RequestError> {
    refuse_taken(snapshot, None, &draft.name)?;
    let now = app.clock.now();
    let new_id = || RoleId::from_parts(now.object_id_seconds(), random::bytes());
    let role = Role {
        id: id.cloned().unwrap_or_else(new_id),
        name: draft.name.clone(),
        description: draft.description.clone(),
        protected: false,
        scope: draft.scope,
        mandatory_two_factor: draft.mandatory_two_factor,
        updated_at: now,
    };
    let noted = note(app, actor, AuditAction::RoleCreated, Some(party(&role)), "");
    Ok((Change::new().insert(&role).insert(&noted), Arc::new(role)))
}

/// Changes a role that is not built in.
///
/// # Errors
/// [`RequestError::PermissionRequired`], [`RequestError::RoleNotFound`], [`RequestError::RoleProtected`], [`RequestError::BeyondAuthority`],
/// [`RequestError::NoRooms`] if the role would apply in rooms and did not before, [`RequestError::RoleNameTaken`].
pub async fn update(app: &App, actor: &Actor, id: &RoleId, draft: RoleDraft) -> Result<Arc<Role>, RequestError> {
    actor.require(Permission::AccessPermissions)?;
    transact(app, |snapshot| replacement(app, actor, snapshot, id, &draft)).await
}

/// Returns the change of a role.
///
/// # Errors
/// The errors of [`update`] after the permission.
pub(super) fn replacement(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    id: &RoleId,
    draft: &RoleDraft,
) -> Result<(Change, Arc<Role>), RequestError> {
    let old = changeable(snapshot, id)?;
    let authority = Authority::of(app, snapshot, actor);
    authority.over_roles(std::slice::from_ref(id))?;
    if draft.scope == RoleScope::Subscriptions && old.scope != draft.scope {
        return Err(RequestError::NoRooms { field: "scope" });
    }
    if old.mandatory_two_factor != draft.mandatory_two_factor {
        authority.over_holders(old)?;
    }
    refuse_taken(snapshot, Some(id), &draft.name)?;
    let new = Role {
        name: draft.name.clone(),
        description: draft.description.clone(),
        scope: draft.scope,
        mandatory_two_factor: draft.mandatory_two_factor,
        updated_at: app.clock.now(),
        ..Role::clone(old)
    };
    let noted = note(app, actor, AuditAction::RoleUpdated, Some(party(&new)), "");
    Ok((Change::new().replace(&**old, &new).insert(&noted), Arc::new(new)))
}

/// Deletes a role that no user has and no setting names, and removes it from all grants.
///
/// # Errors
/// [`RequestError::PermissionRequired`], [`RequestError::RoleNotFound`], [`RequestError::RoleProtected`],
/// [`RequestError::BeyondAuthority`], [`RequestError::RoleInUse`].
pub async fn delete(app: &App, actor: &Actor, id: &RoleId) -> Result<(), RequestError> {
    actor.require(Permission::AccessPermissions)?;
    transact(app, |snapshot| {
        let old = changeable(snapshot, id)?;
        Authority::of(app, snapshot, actor).over_roles(std::slice::from_ref(id))?;
        if snapshot.users_with_role(id).next().is_some() || default_roles(app).contains(id) {
            return Err(RequestError::RoleInUse);
        }
        let change = Change::new().remove(&**old);
        let mut change = settings::depend_on(app, snapshot, change, SettingId::DefaultRoles);
        for permission in Permission::ALL {
            if let Some(grant) = snapshot.stored_grant(*permission)
                && grant.roles.contains(id)
            {
                let without = Grant {
                    roles: grant.roles.iter().filter(|role| *role != id).cloned().collect(),
                    updated_at: app.clock.now(),
                    ..grant.clone()
                };
                change = change.replace(grant, &without);
            }
        }
        let noted = note(app, actor, AuditAction::RoleDeleted, Some(party(old)), "");
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// Returns the role with this id or name.
pub(super) fn find<'snapshot>(snapshot: &'snapshot Snapshot, text: &str) -> Result<&'snapshot Arc<Role>, RequestError> {
    let named = || {
        RoleName::parse(text)
            .ok()
            .and_then(|name| snapshot.access().role_named(&name))
    };
    snapshot
        .access()
        .role(text)
        .or_else(named)
        .ok_or(RequestError::RoleNotFound)
}

fn changeable<'snapshot>(snapshot: &'snapshot Snapshot, id: &RoleId) -> Result<&'snapshot Arc<Role>, RequestError> {
    let role = snapshot.access().role(id.as_str()).ok_or(RequestError::RoleNotFound)?;
    if role.protected {
        Err(RequestError::RoleProtected)
    } else {
        Ok(role)
    }
}

/// Refuses a name that another role has. Built-in roles are not stored, so the store's index of names is not enough.
fn refuse_taken(snapshot: &Snapshot, own: Option<&RoleId>, name: &RoleName) -> Result<(), RequestError> {
    match snapshot.access().role_named(name) {
        Some(other) if Some(&other.id) != own => Err(RequestError::RoleNameTaken),
        _ => Ok(()),
    }
}

fn party(role: &Role) -> AuditParty {
    AuditParty::new("role", role.id.as_str(), role.name.as_str())
}
