//! The tables of the store, and the kinds of records in them. The file of a record has its stored form.

pub(super) mod audit_log;
mod avatars;
mod boards;
pub(super) mod commits;
pub(super) mod custom_statuses;
mod failed_logins;
mod invitations;
mod lost_connections;
mod password_resets;
mod roles;
pub(super) mod settings;
mod setup_links;
mod tokens;
mod user_passwords;
mod user_statuses;
mod user_versions;
mod users;

use super::codec::{self, Damage};
use super::commits::Commits;
#[cfg(feature = "etcd")]
use super::format::Format;
use crate::domain::setting::Setting;
use crate::domain::{
    AuditEntry, Avatar, Board, CustomStatus, FailedLogins, Grant, Invitation, LostConnections, PasswordReset, Role,
    SetupLink, Token, User, UserStatus,
};

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

    /// Returns the tables in the order in which a backup reads them. Long tables come last, so that few records change
    /// before they are read.
    pub(super) fn in_order_of_backups() -> impl Iterator<Item = Self> {
        const LONG: [Table; 2] = [Table::AuditLog, Table::Avatars];
        let short = |table: &Self| table.is_copied() && !LONG.contains(table);
        Self::ALL.iter().copied().filter(short).chain(LONG)
    }

    /// All tables, in the order of the variants.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the name of the table's tree.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A kind of record. Its keys and index entries follow from its value alone, so that each change of a record also
/// changes its indexes.
pub(super) trait Record: Sized {
    /// The table of these records.
    const TABLE: Table;

    /// The index tables of this table.
    const INDEXES: &'static [Table] = &[];

    /// Returns the record's key.
    fn key(&self) -> Vec<u8>;

    /// Returns the keys of the index entries that point to this record. An index holds each key once, which keeps a
    /// value unique.
    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        Vec::new()
    }

    /// Returns the index keys that older versions used, where they differ from [`Self::index_keys`]. Opening a store
    /// moves such entries.
    fn former_index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        Vec::new()
    }

    /// Returns the rank of a record that has the same index key as another one by today's rules, but not by those of
    /// an older version. The record with the smaller number keeps the key.
    fn precedence(&self) -> i64 {
        0
    }

    /// Returns the record without the value that this index holds, because another record has it.
    fn without_index(self, _: Table) -> Self {
        self
    }

    /// The newest version, in which records are written. Opening a store rewrites records of older versions, so that
    /// a record's bytes follow from its value alone.
    const VERSION: u8 = 1;

    /// Returns the record's bytes, in the newest version.
    fn encode(&self) -> Vec<u8>;

    /// Returns the version in which a store of this format has the records. A kind has its own function, and one for
    /// [`Self::encode_in`], while [`Format::OLDEST`] has an older version of it.
    #[cfg(feature = "etcd")]
    fn version_in(_: Format) -> u8 {
        Self::VERSION
    }

    /// Returns the record's bytes as they are written in a store of this format.
    #[cfg(feature = "etcd")]
    fn encode_in(&self, _: Format) -> Vec<u8> {
        self.encode()
    }

    /// Decodes the body of a record whose checksum was right, in any known version.
    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage>;

    /// Decodes the bytes stored under a key.
    fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, Damage> {
        let (version, body) = codec::unseal(Self::TABLE, key, bytes)?;
        Self::decode_body(version, body)
    }
}

/// Work for each kind of record.
pub(super) trait RecordVisitor {
    /// Does the work for one kind.
    fn visit<R: Record>(&mut self);
}

/// Visits all kinds of records, each once. Users come before what belongs to them.
pub(super) fn visit_all(visitor: &mut impl RecordVisitor) {
    visitor.visit::<User>();
    visitor.visit::<UserStatus>();
    visitor.visit::<Token>();
    visitor.visit::<CustomStatus>();
    visitor.visit::<Role>();
    visitor.visit::<Grant>();
    visitor.visit::<Setting>();
    visitor.visit::<FailedLogins>();
    visitor.visit::<PasswordReset>();
    visitor.visit::<Avatar>();
    visitor.visit::<AuditEntry>();
    visitor.visit::<SetupLink>();
    visitor.visit::<LostConnections>();
    visitor.visit::<Invitation>();
    visitor.visit::<Board>();
    visitor.visit::<Commits>();
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

    #[derive(Default)]
    struct Visited(Vec<Table>);

    impl RecordVisitor for Visited {
        fn visit<R: Record>(&mut self) {
            self.0.push(R::TABLE);
            self.0.extend(R::INDEXES);
        }
    }

    #[test]
    fn every_table_but_that_of_parts_is_visited_once() {
        let mut visited = Visited::default();
        visit_all(&mut visited);
        for table in Table::ALL.iter().copied() {
            let times = visited.0.iter().filter(|visited| **visited == table).count();
            assert_eq!(times, usize::from(table != Table::Overflow), "{table}");
        }
    }
}
