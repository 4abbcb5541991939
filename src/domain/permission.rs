//! Permissions: what not everybody may do.

use std::fmt;
use std::str::FromStr;

use super::Scope;

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(u8);

/// What there is to know of a permission.
struct Row {
    id: &'static str,
    /// The roles that hold it until somebody changes that (`api.md` §8, default grants).
    holders: &'static [&'static str],
    /// The scope that a narrowed token needs to use it.
    scope: Scope,
}

macro_rules! permissions {
    ($($(#[$meaning:meta])* $name:ident = $id:literal, $holders:expr, $scope:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u8)]
        enum Place { $($name),* }

        impl Permission {
            $($(#[$meaning])* pub const $name: Self = Self(Place::$name as u8);)*

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        const ROWS: &[Row] = &[$(Row { id: $id, holders: $holders, scope: Scope::$scope }),*];
    };
}

const ADMIN: &[&str] = &["admin"];

permissions! {
    /// Change who may do what, and the roles.
    ACCESS_PERMISSIONS = "access-permissions", ADMIN, Admin;
    /// Call without being slowed down.
    API_BYPASS_RATE_LIMIT = "api-bypass-rate-limit", &["admin", "bot", "app"], UsersRead;
    /// Make somebody an administrator.
    ASSIGN_ADMIN_ROLE = "assign-admin-role", ADMIN, Admin;
    /// Give and take roles.
    ASSIGN_ROLES = "assign-roles", ADMIN, Admin;
    /// Make tokens of one's own that outlive a session.
    CREATE_PERSONAL_ACCESS_TOKENS = "create-personal-access-tokens", &["admin", "user"], Admin;
    /// Create users.
    CREATE_USER = "create-user", ADMIN, UsersWrite;
    /// Delete users.
    DELETE_USER = "delete-user", ADMIN, UsersWrite;
    /// Switch accounts on and off.
    EDIT_OTHER_USER_ACTIVE_STATUS = "edit-other-user-active-status", ADMIN, UsersWrite;
    /// Change others' avatars.
    EDIT_OTHER_USER_AVATAR = "edit-other-user-avatar", ADMIN, UsersWrite;
    /// Change others' records.
    EDIT_OTHER_USER_INFO = "edit-other-user-info", ADMIN, UsersWrite;
    /// Set others' passwords.
    EDIT_OTHER_USER_PASSWORD = "edit-other-user-password", ADMIN, Admin;
    /// Switch off others' second factor.
    EDIT_OTHER_USER_TOTP = "edit-other-user-totp", ADMIN, Admin;
    /// Change settings.
    EDIT_PRIVILEGED_SETTING = "edit-privileged-setting", ADMIN, Admin;
    /// End others' logins.
    LOGOUT_OTHER_USER = "logout-other-user", ADMIN, UsersWrite;
    /// Moderate; of no effect on accounts here.
    MANAGE_MODERATION_ACTIONS = "manage-moderation-actions", ADMIN, Admin;
    /// Create, change and delete custom statuses.
    MANAGE_USER_STATUS = "manage-user-status", ADMIN, StatusWrite;
    /// Make tokens for others.
    USER_GENERATE_ACCESS_TOKEN = "user-generate-access-token", ADMIN, Admin;
    /// Read the audit log.
    VIEW_AUDIT = "view-audit", ADMIN, Admin;
    /// List users.
    VIEW_D_ROOM = "view-d-room", &["admin", "user", "bot", "app", "guest"], UsersRead;
    /// See all fields of others' records that are no secrets.
    VIEW_FULL_OTHER_USER_INFO = "view-full-other-user-info", ADMIN, UsersRead;
    /// See users with whom one shares no room.
    VIEW_OUTSIDE_ROOM = "view-outside-room", &["admin", "owner", "moderator", "user"], UsersRead;
    /// See settings that are not public.
    VIEW_PRIVILEGED_SETTING = "view-privileged-setting", ADMIN, Admin;
    /// See the server's full version.
    VIEW_STATISTICS = "view-statistics", ADMIN, Admin;
    /// Use the pages of user administration.
    VIEW_USER_ADMINISTRATION = "view-user-administration", ADMIN, UsersRead;
}

impl Permission {
    fn row(self) -> &'static Row {
        &ROWS[usize::from(self.0)]
    }

    /// Its id on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().id
    }

    /// The roles that hold it until somebody changes that.
    #[must_use]
    pub fn default_holders(self) -> &'static [&'static str] {
        self.row().holders
    }

    /// The scope that a narrowed token needs to use it.
    #[must_use]
    pub fn scope(self) -> Scope {
        self.row().scope
    }
}

/// The text is no permission.
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

/// Some permissions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct PermissionSet(u64);

const _: () = assert!(Permission::ALL.len() <= 64, "a set has a bit for each permission");

impl PermissionSet {
    /// Every permission there is.
    pub const ALL: Self = Self(u64::MAX >> (64 - Permission::ALL.len()));

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission.0) != 0
    }

    /// These and that one.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission.0))
    }

    /// These and those.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The permissions that are in both sets.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The permissions that are in one of the two sets only.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    /// Those of these that a token with these scopes may use.
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
            PermissionSet::ALL.within(&Scope::ALL),
            PermissionSet::default().union(PermissionSet::ALL.within(&Scope::ALL))
        );
    }
}
