//! Permissions: the rights that roles give to users.

use enumset::{EnumSet, EnumSetType};

use super::Scope;

/// A right that only some roles give. Its id in requests and responses is the name in lower case, with hyphens.
#[derive(
    Debug,
    EnumSetType,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case", parse_err_ty = NotAPermission, parse_err_fn = not_a_permission)]
pub enum Permission {
    /// Allows changing roles, and the roles of each permission.
    AccessPermissions,
    /// Allows calls without a rate limit.
    ApiBypassRateLimit,
    /// Allows giving a user the role `admin`.
    AssignAdminRole,
    /// Allows giving roles to users and removing them.
    AssignRoles,
    /// Allows creating, listing and revoking invitations.
    CreateInviteLinks,
    /// Allows creating personal access tokens for oneself.
    CreatePersonalAccessTokens,
    /// Allows creating other users.
    CreateUser,
    /// Allows deleting other users.
    DeleteUser,
    /// Allows activating and deactivating accounts.
    EditOtherUserActiveStatus,
    /// Allows changing the avatars of others.
    EditOtherUserAvatar,
    /// Allows changing the records of others.
    EditOtherUserInfo,
    /// Allows setting the passwords of others.
    EditOtherUserPassword,
    /// Allows disabling the second factor of others.
    EditOtherUserTotp,
    /// Allows changing settings of the server.
    EditPrivilegedSetting,
    /// Allows ending the sessions of others.
    LogoutOtherUser,
    /// Allows downloading backups of the whole store. Rollcall's own.
    ManageBackup,
    /// Allows creating, listing and revoking boards for displays on a wall. Rollcall's own.
    ManageBoards,
    /// Exists for moderation in Rocket.Chat; has no effect on accounts here.
    ManageModerationActions,
    /// Allows creating, changing and deleting custom statuses.
    ManageUserStatus,
    /// Allows creating tokens for other users.
    UserGenerateAccessToken,
    /// Allows reading the audit log.
    ViewAudit,
    /// Allows listing other users.
    ViewDRoom,
    /// Allows reading all fields of other users' records, except secrets.
    ViewFullOtherUserInfo,
    /// Allows seeing users who share no room with the caller.
    ViewOutsideRoom,
    /// Allows reading settings that are not public.
    ViewPrivilegedSetting,
    /// Allows reading the full version of the server.
    ViewStatistics,
    /// Allows using the pages of user administration.
    ViewUserAdministration,
}

/// A set of permissions.
pub(crate) type PermissionSet = EnumSet<Permission>;

impl Permission {
    /// All permissions, in the order of their declaration.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the id in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Returns the ids of the roles that have it by default (`api.md` §8, default grants).
    #[must_use]
    pub const fn default_holders(self) -> &'static [&'static str] {
        match self {
            Self::ApiBypassRateLimit => &["admin", "bot", "app"],
            Self::CreatePersonalAccessTokens => &["admin", "user"],
            Self::ViewDRoom => &["admin", "user", "bot", "app", "guest"],
            Self::ViewOutsideRoom => &["admin", "owner", "moderator", "user"],
            _ => &["admin"],
        }
    }

    /// Returns the scope that a token with scopes needs to use it.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::AccessPermissions
            | Self::AssignAdminRole
            | Self::AssignRoles
            | Self::CreateInviteLinks
            | Self::CreatePersonalAccessTokens
            | Self::EditOtherUserPassword
            | Self::EditOtherUserTotp
            | Self::EditPrivilegedSetting
            | Self::ManageBackup
            | Self::ManageBoards
            | Self::ManageModerationActions
            | Self::UserGenerateAccessToken
            | Self::ViewAudit
            | Self::ViewPrivilegedSetting
            | Self::ViewStatistics => Scope::Admin,
            Self::ApiBypassRateLimit
            | Self::ViewDRoom
            | Self::ViewFullOtherUserInfo
            | Self::ViewOutsideRoom
            | Self::ViewUserAdministration => Scope::UsersRead,
            Self::CreateUser
            | Self::DeleteUser
            | Self::EditOtherUserActiveStatus
            | Self::EditOtherUserAvatar
            | Self::EditOtherUserInfo
            | Self::LogoutOtherUser => Scope::UsersWrite,
            Self::ManageUserStatus => Scope::StatusWrite,
        }
    }

    /// Returns the permissions that a token with these scopes may use.
    #[must_use]
    pub fn usable_with(scopes: &[Scope]) -> PermissionSet {
        let usable = |permission: &Self| scopes.contains(&permission.scope());
        PermissionSet::all().iter().filter(usable).collect()
    }
}

/// The error for a text that names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no permission of this server")]
pub struct NotAPermission;

const fn not_a_permission(_: &str) -> NotAPermission {
    NotAPermission
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_named_by_its_word_and_no_other_is() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
        assert_eq!(Permission::EditOtherUserTotp.as_str(), "edit-other-user-totp");
        assert_eq!("fly".parse::<Permission>(), Err(NotAPermission));
    }

    #[test]
    fn scopes_narrow_what_may_be_done() {
        let narrowed = Permission::usable_with(&[Scope::StatusWrite]);
        assert!(narrowed.contains(Permission::ManageUserStatus));
        assert!(!narrowed.contains(Permission::CreateUser));
        assert_eq!(Permission::usable_with(Scope::ALL), PermissionSet::all());
    }
}
