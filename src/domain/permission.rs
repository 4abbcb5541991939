//! Permissions: the rights that roles give to users.

use std::fmt;
use std::str::FromStr;

use super::Scope;

/// A right that only some roles give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(u8);

/// The properties of a permission.
struct Row {
    id: &'static str,
    /// The roles that have it by default (`api.md` §8, default grants).
    holders: &'static [&'static str],
    /// The scope that a token with scopes needs to use it.
    scope: Scope,
}

macro_rules! permissions {
    ($($(#[$meaning:meta])* $name:ident = $id:literal, $holders:expr, $scope:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u8)]
        enum Place { $($name),* }

        impl Permission {
            $($(#[$meaning])* pub const $name: Self = Self(Place::$name as u8);)*

            /// All permissions, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        const ROWS: &[Row] = &[$(Row { id: $id, holders: $holders, scope: Scope::$scope }),*];
    };
}

const ADMIN: &[&str] = &["admin"];

permissions! {
    /// Allows changing roles, and the roles of each permission.
    ACCESS_PERMISSIONS = "access-permissions", ADMIN, Admin;
    /// Allows calls without a rate limit.
    API_BYPASS_RATE_LIMIT = "api-bypass-rate-limit", &["admin", "bot", "app"], UsersRead;
    /// Allows giving a user the role `admin`.
    ASSIGN_ADMIN_ROLE = "assign-admin-role", ADMIN, Admin;
    /// Allows giving roles to users and removing them.
    ASSIGN_ROLES = "assign-roles", ADMIN, Admin;
    /// Allows creating, listing and revoking invitations.
    CREATE_INVITE_LINKS = "create-invite-links", ADMIN, Admin;
    /// Allows creating personal access tokens for oneself.
    CREATE_PERSONAL_ACCESS_TOKENS = "create-personal-access-tokens", &["admin", "user"], Admin;
    /// Allows creating other users.
    CREATE_USER = "create-user", ADMIN, UsersWrite;
    /// Allows deleting other users.
    DELETE_USER = "delete-user", ADMIN, UsersWrite;
    /// Allows activating and deactivating accounts.
    EDIT_OTHER_USER_ACTIVE_STATUS = "edit-other-user-active-status", ADMIN, UsersWrite;
    /// Allows changing the avatars of others.
    EDIT_OTHER_USER_AVATAR = "edit-other-user-avatar", ADMIN, UsersWrite;
    /// Allows changing the records of others.
    EDIT_OTHER_USER_INFO = "edit-other-user-info", ADMIN, UsersWrite;
    /// Allows setting the passwords of others.
    EDIT_OTHER_USER_PASSWORD = "edit-other-user-password", ADMIN, Admin;
    /// Allows disabling the second factor of others.
    EDIT_OTHER_USER_TOTP = "edit-other-user-totp", ADMIN, Admin;
    /// Allows changing settings of the server.
    EDIT_PRIVILEGED_SETTING = "edit-privileged-setting", ADMIN, Admin;
    /// Allows ending the sessions of others.
    LOGOUT_OTHER_USER = "logout-other-user", ADMIN, UsersWrite;
    /// Allows downloading backups of the whole store. Rollcall's own.
    MANAGE_BACKUP = "manage-backup", ADMIN, Admin;
    /// Allows creating, listing and revoking boards for displays on a wall. Rollcall's own.
    MANAGE_BOARDS = "manage-boards", ADMIN, Admin;
    /// Exists for moderation in Rocket.Chat; has no effect on accounts here.
    MANAGE_MODERATION_ACTIONS = "manage-moderation-actions", ADMIN, Admin;
    /// Allows creating, changing and deleting custom statuses.
    MANAGE_USER_STATUS = "manage-user-status", ADMIN, StatusWrite;
    /// Allows creating tokens for other users.
    USER_GENERATE_ACCESS_TOKEN = "user-generate-access-token", ADMIN, Admin;
    /// Allows reading the audit log.
    VIEW_AUDIT = "view-audit", ADMIN, Admin;
    /// Allows listing other users.
    VIEW_D_ROOM = "view-d-room", &["admin", "user", "bot", "app", "guest"], UsersRead;
    /// Allows reading all fields of other users' records, except secrets.
    VIEW_FULL_OTHER_USER_INFO = "view-full-other-user-info", ADMIN, UsersRead;
    /// Allows seeing users who share no room with the caller.
    VIEW_OUTSIDE_ROOM = "view-outside-room", &["admin", "owner", "moderator", "user"], UsersRead;
    /// Allows reading settings that are not public.
    VIEW_PRIVILEGED_SETTING = "view-privileged-setting", ADMIN, Admin;
    /// Allows reading the full version of the server.
    VIEW_STATISTICS = "view-statistics", ADMIN, Admin;
    /// Allows using the pages of user administration.
    VIEW_USER_ADMINISTRATION = "view-user-administration", ADMIN, UsersRead;
}

impl Permission {
    fn row(self) -> &'static Row {
        &ROWS[usize::from(self.0)]
    }

    /// Returns the id in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().id
    }

    /// Returns the ids of the roles that have it by default.
    #[must_use]
    pub fn default_holders(self) -> &'static [&'static str] {
        self.row().holders
    }

    /// Returns the scope that a token with scopes needs to use it.
    #[must_use]
    pub fn scope(self) -> Scope {
        self.row().scope
    }
}

/// The error for a text that names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no permission of this server")]
pub struct NotAPermission;

impl FromStr for Permission {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |permission: &Self| permission.as_str() == text;
        Self::ALL.iter().copied().find(named).ok_or(NotAPermission)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A set of permissions, one bit for each.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct PermissionSet(u64);

const _: () = assert!(Permission::ALL.len() <= 64, "a set has a bit for each permission");

impl PermissionSet {
    /// The set of all permissions.
    pub const ALL: Self = Self(u64::MAX >> (64 - Permission::ALL.len()));

    /// Returns whether the set contains a permission.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission.0) != 0
    }

    /// Returns the set with one more permission.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission.0))
    }

    /// Returns the permissions that are in one of the two sets or both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the permissions that are in both sets.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the permissions that are in exactly one of the two sets.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    /// Returns the permissions of this set that a token with these scopes may use.
    #[must_use]
    pub fn within(self, scopes: &[Scope]) -> Self {
        let usable = |permission: &&Permission| self.has(**permission) && scopes.contains(&permission.scope());
        Permission::ALL
            .iter()
            .filter(usable)
            .fold(Self::default(), |set, permission| set.with(*permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_named_by_its_word_and_no_other_is() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
            let set = PermissionSet::default().with(*permission);
            for other in Permission::ALL {
                assert_eq!(set.has(*other), other == permission);
            }
            assert!(PermissionSet::ALL.has(*permission));
        }
        assert_eq!("fly".parse::<Permission>(), Err(NotAPermission));
    }

    #[test]
    fn scopes_narrow_what_may_be_done() {
        let narrowed = PermissionSet::ALL.within(&[Scope::StatusWrite]);
        assert!(narrowed.has(Permission::MANAGE_USER_STATUS));
        assert!(!narrowed.has(Permission::CREATE_USER));
        assert_eq!(
            PermissionSet::ALL.within(Scope::ALL),
            PermissionSet::default().union(PermissionSet::ALL.within(Scope::ALL))
        );
    }
}
