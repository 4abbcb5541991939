//! The tables: one sled tree each. An index table belongs to a table of records.

use std::fmt;

/// A table. Its position in [`Table::ALL`] is also its position among the open trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum Table {
    /// Users by id.
    Users,
    /// Folded username → user id. Holds each username once.
    UsersByUsername,
    /// Folded e-mail address → user id. Holds each address once.
    UsersByEmail,
    /// Statuses and presence settings of users, by user id.
    UserStatuses,
    /// Login tokens by their SHA-256.
    Tokens,
    /// User id and token hash → token hash.
    TokensByUser,
    /// User id and name → hash of a personal access token. Holds each name once per user.
    TokensByName,
    /// Custom statuses by id.
    CustomStatuses,
    /// Name → custom status id. Holds each name once.
    CustomStatusesByName,
    /// Roles that were created or changed, by id. Unchanged built-in roles are not stored.
    Roles,
    /// Name → role id. Holds each name once.
    RolesByName,
    /// Permissions whose roles were changed, by id.
    Grants,
    /// Settings that were changed from their default, by id.
    Settings,
    /// Failed logins, by user and by address.
    FailedLogins,
    /// Links that set a password, by user id.
    PasswordResets,
    /// Avatars of users, by user id.
    Avatars,
    /// Entries of the audit log, by time.
    AuditLog,
    /// The one-time link that creates the first administrator, until it is used.
    SetupLinks,
    /// Connections that were open when the server ended, by token.
    LostConnections,
    /// Invitations, by place.
    Invitations,
    /// Boards for displays on a wall, by place.
    Boards,
    /// The number of committed batches, in one record.
    Commits,
    /// Parts of values that are too long for one entry.
    Overflow,
}

impl Table {
    /// Returns whether copies of a store have the entries of the table. The parts of long values are copied with their
    /// values, and the counts of commits are written at the end.
    pub(super) const fn is_copied(self) -> bool {
        !matches!(self, Self::Overflow | Self::Commits)
    }

    /// Returns whether the table is an index of another one.
    pub(super) const fn is_index(self) -> bool {
        matches!(
            self,
            Self::UsersByUsername
                | Self::UsersByEmail
                | Self::TokensByUser
                | Self::TokensByName
                | Self::CustomStatusesByName
                | Self::RolesByName
        )
    }

    /// All tables, in the order of the variants.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the name of the table's tree. Never changes: stores on disk use it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::UsersByUsername => "users_by_username",
            Self::UsersByEmail => "users_by_email",
            Self::UserStatuses => "user_statuses",
            Self::Tokens => "tokens",
            Self::TokensByUser => "tokens_by_user",
            Self::TokensByName => "tokens_by_name",
            Self::CustomStatuses => "custom_statuses",
            Self::CustomStatusesByName => "custom_statuses_by_name",
            Self::Roles => "roles",
            Self::RolesByName => "roles_by_name",
            Self::Grants => "grants",
            Self::Settings => "settings",
            Self::FailedLogins => "failed_logins",
            Self::PasswordResets => "password_resets",
            Self::Avatars => "avatars",
            Self::AuditLog => "audit_log",
            Self::SetupLinks => "setup_links",
            Self::LostConnections => "lost_connections",
            Self::Invitations => "invitations",
            Self::Boards => "boards",
            Self::Commits => "commits",
            Self::Overflow => "overflow",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_stands_at_its_own_place() {
        for (place, table) in Table::ALL.iter().copied().enumerate() {
            assert_eq!(table as usize, place, "{table}");
        }
    }
}
