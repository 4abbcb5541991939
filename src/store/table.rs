//! The tables: one sled tree each. An index table belongs to a table of records.

use std::fmt;

use sled::{Db, IVec, Tree};

use super::overflow;

/// A table. Its position in [`Table::ALL`] is also its position among the open trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    pub const ALL: [Self; 23] = [
        Self::Users,
        Self::UsersByUsername,
        Self::UsersByEmail,
        Self::UserStatuses,
        Self::Tokens,
        Self::TokensByUser,
        Self::TokensByName,
        Self::CustomStatuses,
        Self::CustomStatusesByName,
        Self::Roles,
        Self::RolesByName,
        Self::Grants,
        Self::Settings,
        Self::FailedLogins,
        Self::PasswordResets,
        Self::Avatars,
        Self::AuditLog,
        Self::SetupLinks,
        Self::LostConnections,
        Self::Invitations,
        Self::Boards,
        Self::Commits,
        Self::Overflow,
    ];

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

/// The open trees, one for each table.
pub(super) struct Trees([Tree; Table::ALL.len()]);

impl Trees {
    /// Opens all trees, and creates missing ones.
    pub(super) fn open(db: &Db) -> sled::Result<Self> {
        let mut trees = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            trees.push(db.open_tree(table.name())?);
        }
        trees
            .try_into()
            .map(Self)
            .map_err(|_| sled::Error::ReportableBug("as many trees as tables".into()))
    }

    /// Returns the tree of a table.
    pub(super) fn of(&self, table: Table) -> &Tree {
        &self.0[table as usize]
    }

    /// Returns the whole value under a key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> sled::Result<Option<IVec>> {
        match self.of(table).get(key)? {
            Some(placed) => self.whole(table, key, placed),
            None => Ok(None),
        }
    }

    /// Returns the whole value of an entry of this table, which has either the value itself or the number of its
    /// parts. `None` if the entry was removed since it was read.
    pub(super) fn whole(&self, table: Table, key: &[u8], placed: IVec) -> sled::Result<Option<IVec>> {
        if overflow::parts(&placed) == 0 {
            return Ok(Some(placed));
        }
        overflow::read(self.of(table), self.of(Table::Overflow), (table, key))
    }

    /// Returns the name of a tree that this version has no table for, if there is one.
    pub(super) fn unknown(db: &Db) -> Option<String> {
        let known =
            |name: &[u8]| name == b"__sled__default" || Table::ALL.iter().any(|table| table.name().as_bytes() == name);
        db.tree_names()
            .into_iter()
            .find(|name| !known(name))
            .map(|name| String::from_utf8_lossy(&name).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_stands_at_its_own_place() {
        for (place, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, place, "{table}");
        }
    }
}
