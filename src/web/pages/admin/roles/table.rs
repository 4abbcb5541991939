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
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    pub fn title(self, words: Words) -> String {
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
        Permission::VIEW_USER_ADMINISTRATION,
        "permission-administer-users",
    ),
    (
        RolePart::Accounts,
        Permission::VIEW_FULL_OTHER_USER_INFO,
        "permission-view-users",
    ),
    (RolePart::Accounts, Permission::CREATE_USER, "permission-create-user"),
    (RolePart::Accounts, Permission::CREATE_INVITE_LINKS, "permission-invite"),
    (
        RolePart::Accounts,
        Permission::EDIT_OTHER_USER_INFO,
        "permission-edit-user",
    ),
    (
        RolePart::Accounts,
        Permission::EDIT_OTHER_USER_AVATAR,
        "permission-edit-avatar",
    ),
    (
        RolePart::Accounts,
        Permission::EDIT_OTHER_USER_PASSWORD,
        "permission-edit-password",
    ),
    (
        RolePart::Accounts,
        Permission::EDIT_OTHER_USER_TOTP,
        "permission-edit-two-step",
    ),
    (
        RolePart::Accounts,
        Permission::EDIT_OTHER_USER_ACTIVE_STATUS,
        "permission-activate-user",
    ),
    (
        RolePart::Accounts,
        Permission::LOGOUT_OTHER_USER,
        "permission-sign-out-user",
    ),
    (RolePart::Accounts, Permission::DELETE_USER, "permission-delete-user"),
    (RolePart::Accounts, Permission::ASSIGN_ROLES, "permission-assign-roles"),
    (
        RolePart::Accounts,
        Permission::ASSIGN_ADMIN_ROLE,
        "permission-assign-admin",
    ),
    (
        RolePart::Accounts,
        Permission::USER_GENERATE_ACCESS_TOKEN,
        "permission-user-token",
    ),
    (RolePart::Presence, Permission::VIEW_D_ROOM, "permission-list-users"),
    (
        RolePart::Presence,
        Permission::VIEW_OUTSIDE_ROOM,
        "permission-outside-room",
    ),
    (
        RolePart::Presence,
        Permission::MANAGE_USER_STATUS,
        "permission-statuses",
    ),
    (RolePart::Presence, Permission::MANAGE_BOARDS, "permission-walls"),
    (RolePart::Server, Permission::ACCESS_PERMISSIONS, "permission-roles"),
    (
        RolePart::Server,
        Permission::VIEW_PRIVILEGED_SETTING,
        "permission-view-settings",
    ),
    (
        RolePart::Server,
        Permission::EDIT_PRIVILEGED_SETTING,
        "permission-edit-settings",
    ),
    (RolePart::Server, Permission::VIEW_AUDIT, "permission-audit"),
    (RolePart::Server, Permission::VIEW_STATISTICS, "permission-statistics"),
    (RolePart::Server, Permission::MANAGE_BACKUP, "permission-backup"),
    (
        RolePart::Server,
        Permission::CREATE_PERSONAL_ACCESS_TOKENS,
        "permission-own-tokens",
    ),
    (
        RolePart::Server,
        Permission::API_BYPASS_RATE_LIMIT,
        "permission-no-rate-limit",
    ),
    (
        RolePart::Server,
        Permission::MANAGE_MODERATION_ACTIONS,
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
