//! The limits between administrators, as rules over sets of permissions.
//!
//! A user can't change the login, roles, permissions or existence of another user who has a permission that the first
//! user lacks, and can't grant a permission that they don't have themselves.

use super::{Access, PermissionSet, RequestError, RoleId, SettingId};

/// Returns the permissions of a user with these roles, for comparisons. The role `admin` counts as all permissions,
/// also those that were removed from it: only administrators act on administrators, and an administrator can grant a
/// permission that no role has.
#[must_use]
pub(crate) fn weight(access: &Access, roles: &[RoleId]) -> PermissionSet {
    if roles.iter().any(RoleId::is_admin) {
        PermissionSet::all()
    } else {
        access.of(roles)
    }
}

/// Refuses an act on an object that carries the permissions `theirs`, if the actor has only `own`.
///
/// # Errors
/// [`RequestError::BeyondAuthority`] with the first permission that the actor lacks.
pub(crate) fn require(own: PermissionSet, theirs: PermissionSet) -> Result<(), RequestError> {
    match (theirs - own).iter().next() {
        Some(permission) => Err(RequestError::BeyondAuthority { permission }),
        None => Ok(()),
    }
}

/// Returns whether a setting decides how users log in, or where a link or a page that asks for their password leads.
/// Changing such a setting changes the login of every user. All settings do, except those listed here.
#[must_use]
pub(crate) const fn guards_logins(id: SettingId) -> bool {
    use SettingId as Id;
    !matches!(
        id,
        Id::BlockedUsernames
            | Id::SystemBlockedUsernames
            | Id::AllowUserProfileChange
            | Id::AllowUsernameChange
            | Id::AllowRealNameChange
            | Id::AllowUserAvatarChange
            | Id::AllowUserStatusMessageChange
            | Id::AllowInvisibleStatus
            // A separate check limits the default roles.
            | Id::DefaultRoles
            | Id::DefaultCount
            | Id::UpperCountLimit
            | Id::AllowInfiniteCount
            | Id::PresenceBroadcastDisabled
            | Id::PresenceRequiresConnection
            | Id::PresenceMaxConnections
            | Id::PresenceMaxConnectionsPerAddress
            | Id::SiteName
            | Id::DefaultStatusType
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Permission;

    fn role(name: &str) -> Vec<RoleId> {
        vec![RoleId::new(name)]
    }

    #[test]
    fn the_role_admin_counts_as_all_permissions_whatever_was_taken_from_it() {
        let mut access = Access::default();
        access.put_grant(crate::domain::Grant {
            permission: Permission::ViewAudit,
            roles: role("user"),
            updated_at: crate::domain::Timestamp::from_millis(1),
        });
        assert_eq!(weight(&access, &role("admin")), PermissionSet::all());
        assert!(weight(&access, &role("user")).contains(Permission::ViewAudit));
        assert_eq!(weight(&access, &role("anonymous")), PermissionSet::default());
    }

    #[test]
    fn an_act_needs_every_permission_of_what_it_acts_on() {
        let own = PermissionSet::default() | Permission::ViewDRoom | Permission::DeleteUser;
        assert_eq!(require(own, own), Ok(()));
        assert_eq!(require(own, PermissionSet::default()), Ok(()));
        let more = own | Permission::ViewAudit;
        let refused = RequestError::BeyondAuthority {
            permission: Permission::ViewAudit,
        };
        assert_eq!(require(own, more), Err(refused));
        assert_eq!(require(more, own), Ok(()));
    }

    #[test]
    fn settings_of_logins_are_guarded_and_settings_of_presence_are_not() {
        assert!(guards_logins(SettingId::TwoFactorEnabled));
        assert!(guards_logins(SettingId::SiteUrl));
        assert!(guards_logins(SettingId::BlockFailedLogins));
        assert!(!guards_logins(SettingId::PresenceBroadcastDisabled));
    }
}
