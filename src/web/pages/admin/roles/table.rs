//! The permissions in the order of the matrix, with titles in the reader's language.

use crate::domain::Permission;
use crate::web::words::Words;

/// A group of permissions in the matrix, with its own heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub(super) enum RolePart {
    Accounts,
    Presence,
    Server,
}

impl RolePart {
    pub(super) const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    pub(super) fn title(self, words: Words) -> String {
        let title = match self {
            Self::Accounts => words.t("permissions-accounts"),
            Self::Presence => words.t("permissions-presence"),
            Self::Server => words.t("permissions-server"),
        };
        title.into_owned()
    }
}

/// The permissions in the order of the page, each with its group and the key of its title.
const ROWS: [(RolePart, Permission, &str); 27] = [
    (
        RolePart::Accounts,
        Permission::ViewUserAdministration,
        "permission-administer-users",
    ),
    (
        RolePart::Accounts,
        Permission::ViewFullOtherUserInfo,
        "permission-view-users",
    ),
    (RolePart::Accounts, Permission::CreateUser, "permission-create-user"),
    (RolePart::Accounts, Permission::CreateInviteLinks, "permission-invite"),
    (
        RolePart::Accounts,
        Permission::EditOtherUserInfo,
        "permission-edit-user",
    ),
    (
        RolePart::Accounts,
        Permission::EditOtherUserAvatar,
        "permission-edit-avatar",
    ),
    (
        RolePart::Accounts,
        Permission::EditOtherUserPassword,
        "permission-edit-password",
    ),
    (
        RolePart::Accounts,
        Permission::EditOtherUserTotp,
        "permission-edit-two-step",
    ),
    (
        RolePart::Accounts,
        Permission::EditOtherUserActiveStatus,
        "permission-activate-user",
    ),
    (
        RolePart::Accounts,
        Permission::LogoutOtherUser,
        "permission-sign-out-user",
    ),
    (RolePart::Accounts, Permission::DeleteUser, "permission-delete-user"),
    (RolePart::Accounts, Permission::AssignRoles, "permission-assign-roles"),
    (
        RolePart::Accounts,
        Permission::AssignAdminRole,
        "permission-assign-admin",
    ),
    (
        RolePart::Accounts,
        Permission::UserGenerateAccessToken,
        "permission-user-token",
    ),
    (RolePart::Presence, Permission::ViewDRoom, "permission-list-users"),
    (
        RolePart::Presence,
        Permission::ViewOutsideRoom,
        "permission-outside-room",
    ),
    (RolePart::Presence, Permission::ManageUserStatus, "permission-statuses"),
    (RolePart::Presence, Permission::ManageBoards, "permission-walls"),
    (RolePart::Server, Permission::AccessPermissions, "permission-roles"),
    (
        RolePart::Server,
        Permission::ViewPrivilegedSetting,
        "permission-view-settings",
    ),
    (
        RolePart::Server,
        Permission::EditPrivilegedSetting,
        "permission-edit-settings",
    ),
    (RolePart::Server, Permission::ViewAudit, "permission-audit"),
    (RolePart::Server, Permission::ViewStatistics, "permission-statistics"),
    (RolePart::Server, Permission::ManageBackup, "permission-backup"),
    (
        RolePart::Server,
        Permission::CreatePersonalAccessTokens,
        "permission-own-tokens",
    ),
    (
        RolePart::Server,
        Permission::ApiBypassRateLimit,
        "permission-no-rate-limit",
    ),
    (
        RolePart::Server,
        Permission::ManageModerationActions,
        "permission-moderation",
    ),
];

/// Returns the permissions of a group, each with its title.
pub(super) fn of(words: Words, part: RolePart) -> impl Iterator<Item = (Permission, String)> {
    let rows = ROWS.into_iter().filter(move |(of, ..)| *of == part);
    rows.map(move |(_, permission, key)| (permission, words.t(key).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_every_permission_once() {
        for permission in Permission::ALL {
            let of_it = ROWS.iter().filter(|(_, other, _)| other == permission);
            assert_eq!(of_it.count(), 1, "{permission}");
        }
    }
}
