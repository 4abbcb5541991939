//! Which roles may do what.

use std::sync::Arc;

use super::audit::note;
use super::authority::Authority;
use super::decide::decide;
use super::roles::is_admin;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::{AuditAction, AuditParty, Fault, Grant, Permission, RoleId, Timestamp};
use crate::store::Change;

/// All grants, or those that were changed after a moment.
#[must_use]
pub fn list(app: &App, since: Option<Timestamp>) -> Vec<Arc<Grant>> {
    let snapshot = app.store.read();
    let wanted = |grant: &&Arc<Grant>| since.is_none_or(|since| grant.updated_at > since);
    snapshot.access().grants().filter(wanted).cloned().collect()
}

/// Gives each of these permissions to these roles and no others, all of them or none.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `access-permissions`; [`Fault::PermissionInvalid`],
/// [`Fault::GrantRoleInvalid`]; [`Fault::ActionNotAllowed`] for taking `access-permissions` from
/// administrators: nobody could give it back; [`Fault::BeyondAuthority`].
pub async fn update(app: &App, actor: &Actor, grants: &[(String, Vec<RoleId>)]) -> Result<(), Fault> {
    if !actor.may(Permission::ACCESS_PERMISSIONS) {
        return Err(Fault::PermissionRequired);
    }
    decide(app, |snapshot| {
        let mut change = Change::new();
        let mut after = snapshot.access().clone();
        for (id, roles) in grants {
            let permission: Permission = id.parse().map_err(|_| Fault::PermissionInvalid)?;
            for role in roles {
                let role = snapshot.access().role(role.as_str()).ok_or(Fault::GrantRoleInvalid)?;
                if !role.protected {
                    change = change.require(&**role);
                }
            }
            if permission == Permission::ACCESS_PERMISSIONS && !roles.iter().any(is_admin) {
                return Err(Fault::ActionNotAllowed {
                    words: "Taking access-permissions from admin is not allowed: nobody could give it back",
                    action: "Access_permissions",
                });
            }
            let new = Grant {
                permission,
                roles: roles.clone(),
                updated_at: app.clock.now(),
            };
            after.put_grant(new.clone());
            change = match snapshot.stored_grant(permission) {
                Some(old) => change.replace(old, &new),
                None => change.insert(&new),
            };
            let names: Vec<_> = roles.iter().map(RoleId::as_str).collect();
            let target = AuditParty::new("permission", id, id);
            let action = AuditAction::PermissionChanged;
            change = change.insert(&note(app, actor, action, Some(target), names.join(", ")));
        }
        Authority::of(app, snapshot, actor).over_grants(&after)?;
        Ok((change, ()))
    })
    .await
}
