//! The list of all kinds of records. Reading, verifying, backups and copies follow from it.

use super::codec::Damage;
use super::commits::Commits;
use super::record::{Record, decode_index};
use super::setup_links::SetupLink;
use super::table::Table;
use crate::domain::setting::Setting;
use crate::domain::{
    AuditEntry, Avatar, Board, CustomStatus, FailedLogins, Grant, Invitation, LostConnections, PasswordReset, Role,
    Token, User, UserStatus,
};

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

/// Checks that a value decodes as a record or index entry of this table.
///
/// # Errors
/// The damage of the value.
pub(super) fn decode_any(table: Table, key: &[u8], bytes: &[u8]) -> Result<(), Damage> {
    // A part of a long value has no form of its own.
    let mut value = Value {
        table,
        key,
        bytes,
        decoded: Ok(()),
    };
    visit_all(&mut value);
    value.decoded
}

/// A value of one table, and the result of decoding it.
struct Value<'bytes> {
    table: Table,
    key: &'bytes [u8],
    bytes: &'bytes [u8],
    decoded: Result<(), Damage>,
}

impl RecordVisitor for Value<'_> {
    fn visit<R: Record>(&mut self) {
        if R::TABLE == self.table {
            self.decoded = R::decode(self.key, self.bytes).map(drop);
        } else if R::INDEXES.contains(&self.table) {
            self.decoded = decode_index(self.table, self.key, self.bytes).map(drop);
        }
    }
}

/// Returns whether a table is an index of another one.
pub(super) fn is_index(table: Table) -> bool {
    let mut search = IndexSearch { table, is_index: false };
    visit_all(&mut search);
    search.is_index
}

struct IndexSearch {
    table: Table,
    is_index: bool,
}

impl RecordVisitor for IndexSearch {
    fn visit<R: Record>(&mut self) {
        self.is_index |= R::INDEXES.contains(&self.table);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
