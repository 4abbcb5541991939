//! The roles of each permission.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::audit::note;
use super::authority::Authority;
use super::transaction::transact;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::{Access, AuditAction, AuditParty, Grant, Permission, RequestError, RoleId, Timestamp};
use crate::store::{Change, Snapshot};

/// Returns the roles and grants in force. The pointer stays the same until a role or a grant changes.
#[must_use]
pub(crate) fn access(app: &App) -> Arc<Access> {
    Arc::clone(app.store.read().shared_access())
}

/// Returns all grants, or those that were changed after a moment.
#[must_use]
pub(crate) fn list(app: &App, since: Option<Timestamp>) -> Vec<Arc<Grant>> {
    let snapshot = app.store.read();
    let wanted = |grant: &&Arc<Grant>| since.is_none_or(|since| grant.updated_at > since);
    snapshot.access().grants().filter(wanted).cloned().collect()
}

/// Sets the roles of several permissions. Either all are set or none.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `access-permissions`; [`RequestError::PermissionInvalid`],
/// [`RequestError::GrantRoleInvalid`]; [`RequestError::ActionNotAllowed`] for removing `access-permissions` from `admin`, because
/// then no user could restore it; [`RequestError::BeyondAuthority`].
pub(crate) async fn update(app: &App, actor: &Actor, grants: &[(String, Vec<RoleId>)]) -> Result<(), RequestError> {
    actor.require(Permission::AccessPermissions)?;
    transact(app, |snapshot| Ok((replacement(app, actor, snapshot, grants)?, ()))).await
}

/// Returns the change that sets the roles of several permissions.
///
/// # Errors
/// The errors of [`update`] after the permission.
pub(super) fn replacement(
    app: &App,
    actor: &Actor,
    snapshot: &Snapshot,
    grants: &[(String, Vec<RoleId>)],
) -> Result<Change, RequestError> {
    let mut granting = Granting::of(app, actor, snapshot);
    for (id, roles) in grants {
        granting.set(id.parse().map_err(|_| RequestError::PermissionInvalid)?, roles.clone())?;
    }
    Ok(granting.finish()?.0)
}

/// Adds one role to a permission, or removes it. Changes nothing if that is already so.
///
/// # Errors
/// The errors of [`update`].
pub(crate) async fn set_one(
    app: &App,
    actor: &Actor,
    permission: &str,
    role: &str,
    held: bool,
) -> Result<(), RequestError> {
    actor.require(Permission::AccessPermissions)?;
    let cell = Cell {
        permission: permission.parse().map_err(|_| RequestError::PermissionInvalid)?,
        role: RoleId::new(role),
        held,
    };
    change(app, actor, &[cell]).await
}

/// A change of one permission of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The permission that the role gets or loses.
    pub permission: Permission,
    /// The role that gets or loses the permission.
    pub role: RoleId,
    /// `true` if the role gets the permission, `false` if it loses it.
    pub held: bool,
}

/// Adds roles to permissions and removes roles from permissions: all of these changes or none. It does not change the
/// other roles of a permission. If two administrators change different cells at the same time, both changes are stored.
///
/// # Errors
/// The errors of [`update`].
pub(crate) async fn change(app: &App, actor: &Actor, cells: &[Cell]) -> Result<(), RequestError> {
    actor.require(Permission::AccessPermissions)?;
    transact(app, |snapshot| {
        let access = snapshot.access();
        let mut grants: BTreeMap<Permission, Vec<RoleId>> = BTreeMap::new();
        for cell in cells {
            access.role(cell.role.as_str()).ok_or(RequestError::GrantRoleInvalid)?;
            let before = access.grant(cell.permission).map_or(&[][..], |grant| &grant.roles);
            if before.contains(&cell.role) == cell.held {
                continue;
            }
            let roles = grants.entry(cell.permission).or_insert_with(|| before.to_vec());
            if cell.held {
                roles.push(cell.role.clone());
                roles.sort_unstable();
            } else {
                roles.retain(|other| *other != cell.role);
            }
        }
        let mut granting = Granting::of(app, actor, snapshot);
        for (permission, roles) in grants {
            granting.set(permission, roles)?;
        }
        granting.finish()
    })
    .await
}

/// A change of several grants while it is built.
struct Granting<'a> {
    app: &'a App,
    actor: &'a Actor,
    snapshot: &'a Snapshot,
    change: Change,
    after: Access,
}

impl<'a> Granting<'a> {
    fn of(app: &'a App, actor: &'a Actor, snapshot: &'a Snapshot) -> Self {
        Self {
            app,
            actor,
            snapshot,
            change: Change::new(),
            after: snapshot.access().clone(),
        }
    }

    /// Sets the roles of a permission.
    fn set(&mut self, permission: Permission, roles: Vec<RoleId>) -> Result<(), RequestError> {
        let mut change = std::mem::take(&mut self.change);
        for role in &roles {
            let role = self
                .snapshot
                .access()
                .role(role.as_str())
                .ok_or(RequestError::GrantRoleInvalid)?;
            if !role.protected {
                change = change.require(&**role);
            }
        }
        if permission == Permission::AccessPermissions && !roles.iter().any(RoleId::is_admin) {
            return Err(RequestError::ActionNotAllowed {
                words: "Taking access-permissions from admin is not allowed: nobody could give it back",
                action: "Access_permissions",
            });
        }
        let names: Vec<_> = roles.iter().map(RoleId::as_str).collect();
        let id = permission.as_str();
        let target = AuditParty::new("permission", id, id);
        let action = AuditAction::PermissionChanged;
        let noted = note(self.app, self.actor, action, Some(target), names.join(", "));
        let new = Grant {
            permission,
            roles,
            updated_at: self.app.clock.now(),
        };
        self.change = match self.snapshot.stored_grant(permission) {
            Some(old) => change.replace(old, &new),
            None => change.insert(&new),
        }
        .insert(&noted);
        self.after.put_grant(new);
        Ok(())
    }

    /// Returns the change, unless it exceeds the authority of the actor.
    fn finish(self) -> Result<(Change, ()), RequestError> {
        Authority::of(self.app, self.snapshot, self.actor).over_grants(&self.after)?;
        Ok((self.change, ()))
    }
}
