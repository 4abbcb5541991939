//! The permissions in the order of the matrix, with titles in the reader's language.

use crate::domain::Permission;
use crate::web::words::Words;

/// A group of permissions in the matrix, with its own heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Accounts,
    Presence,
    Server,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Accounts, Self::Presence, Self::Server];

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
const ROWS: [(Part, Permission, &str); 27] = [
    (
        Part::Accounts,
        Permission::VIEW_USER_ADMINISTRATION,
        "permission-administer-users",
    ),
    (
        Part::Accounts,
        Permission::VIEW_FULL_OTHER_USER_INFO,
        "permission-view-users",
    ),
    (Part::Accounts, Permission::CREATE_USER, "permission-create-user"),
    (Part::Accounts, Permission::CREATE_INVITE_LINKS, "permission-invite"),
    (Part::Accounts, Permission::EDIT_OTHER_USER_INFO, "permission-edit-user"),
    (
        Part::Accounts,
        Permission::EDIT_OTHER_USER_AVATAR,
        "permission-edit-avatar",
    ),
    (
        Part::Accounts,
        Permission::EDIT_OTHER_USER_PASSWORD,
        "permission-edit-password",
    ),
    (
        Part::Accounts,
        Permission::EDIT_OTHER_USER_TOTP,
        "permission-edit-two-step",
    ),
    (
        Part::Accounts,
        Permission::EDIT_OTHER_USER_ACTIVE_STATUS,
        "permission-activate-user",
    ),
    (
        Part::Accounts,
        Permission::LOGOUT_OTHER_USER,
        "permission-sign-out-user",
    ),
    (Part::Accounts, Permission::DELETE_USER, "permission-delete-user"),
    (Part::Accounts, Permission::ASSIGN_ROLES, "permission-assign-roles"),
    (Part::Accounts, Permission::ASSIGN_ADMIN_ROLE, "permission-assign-admin"),
    (
        Part::Accounts,
        Permission::USER_GENERATE_ACCESS_TOKEN,
        "permission-user-token",
    ),
    (Part::Presence, Permission::VIEW_D_ROOM, "permission-list-users"),
    (Part::Presence, Permission::VIEW_OUTSIDE_ROOM, "permission-outside-room"),
    (Part::Presence, Permission::MANAGE_USER_STATUS, "permission-statuses"),
    (Part::Presence, Permission::MANAGE_BOARDS, "permission-walls"),
    (Part::Server, Permission::ACCESS_PERMISSIONS, "permission-roles"),
    (
        Part::Server,
        Permission::VIEW_PRIVILEGED_SETTING,
        "permission-view-settings",
    ),
    (
        Part::Server,
        Permission::EDIT_PRIVILEGED_SETTING,
        "permission-edit-settings",
    ),
    (Part::Server, Permission::VIEW_AUDIT, "permission-audit"),
    (Part::Server, Permission::VIEW_STATISTICS, "permission-statistics"),
    (Part::Server, Permission::MANAGE_BACKUP, "permission-backup"),
    (
        Part::Server,
        Permission::CREATE_PERSONAL_ACCESS_TOKENS,
        "permission-own-tokens",
    ),
    (
        Part::Server,
        Permission::API_BYPASS_RATE_LIMIT,
        "permission-no-rate-limit",
    ),
    (
        Part::Server,
        Permission::MANAGE_MODERATION_ACTIONS,
        "permission-moderation",
    ),
];

/// Returns the permissions of a group, each with its title.
pub(super) fn of(words: Words, part: Part) -> impl Iterator<Item = (Permission, String)> {
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
