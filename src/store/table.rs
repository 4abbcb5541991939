//! The tables: one sled tree each. An index table belongs to a table of records.

/// A table. Its position in [`Table::ALL`] is also its position among the open trees. The words of a variant are the name
/// of its tree, so a variant never changes its name: stores on disk use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
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

    /// All tables, in the order of the variants.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the name of the table's tree.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
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

    #[test]
    fn the_names_of_trees_are_those_of_stores_on_disk() {
        let names: Vec<_> = Table::ALL.iter().map(|table| table.name()).collect();
        let stored = "users users_by_username users_by_email user_statuses tokens tokens_by_user tokens_by_name \
                      custom_statuses custom_statuses_by_name roles roles_by_name grants settings failed_logins \
                      password_resets avatars audit_log setup_links lost_connections invitations boards commits overflow";
        assert_eq!(names.join(" "), stored);
    }
}
