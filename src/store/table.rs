//! The tables: one sled tree each, and beside a table of records the trees of its indexes.

use std::fmt;

use sled::{Db, IVec, Tree};

use super::overflow;

/// A table. Its place in [`Table::ALL`] is its place among the open trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// Users by id.
    Users,
    /// Folded username → user id; holds each username once.
    UsersByUsername,
    /// Folded e-mail address → user id; holds each address once.
    UsersByEmail,
    /// What is kept of users' statuses, by user.
    UserStatuses,
    /// Login tokens by their SHA-256.
    Tokens,
    /// User id and token hash → token hash.
    TokensByUser,
    /// User id and name → hash of a personal access token; holds each name once for a user.
    TokensByName,
    /// Custom statuses by id.
    CustomStatuses,
    /// Name → custom status id; holds each name once.
    CustomStatusesByName,
    /// Roles that were made or changed, by id; the built-in ones are not stored.
    Roles,
    /// Name → role id; holds each name once.
    RolesByName,
    /// Permissions whose holders were changed, by id.
    Grants,
    /// Settings that were set, by id.
    Settings,
    /// Failed logins, by user and by address.
    FailedLogins,
    /// Links to set a password, by user.
    PasswordResets,
    /// Pictures of users, by user.
    Avatars,
    /// What was done, by time.
    AuditLog,
    /// The one-time link that creates the first administrator, while there is none.
    SetupLinks,
    /// Connections that ended with the server, by token.
    LostConnections,
    /// How many batches were committed.
    Commits,
    /// Parts of values that are too long for their own place.
    Overflow,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 21] = [
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
        Self::Commits,
        Self::Overflow,
    ];

    /// The name of its tree. Never changes: stores on disk have it.
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
    /// Opens all trees, making those that are absent.
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

    /// The tree of a table.
    pub(super) fn of(&self, table: Table) -> &Tree {
        &self.0[table as usize]
    }

    /// What is under a key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> sled::Result<Option<IVec>> {
        match self.of(table).get(key)? {
            Some(placed) => self.whole(table, key, placed),
            None => Ok(None),
        }
    }

    /// The value that stands in a place of this table's tree, or for which something stands there; none
    /// if it was taken away meanwhile.
    pub(super) fn whole(&self, table: Table, key: &[u8], placed: IVec) -> sled::Result<Option<IVec>> {
        if overflow::parts(&placed) == 0 {
            return Ok(Some(placed));
        }
        overflow::read(self.of(table), self.of(Table::Overflow), (table, key))
    }

    /// A tree that no table of this version has, if there is one.
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
