//! A write to the store as plain data: the records that it expects, and the edits that it makes.

use super::codec;
use super::index_entry::{IndexEntry, index_entries, is_index};
use super::records::{Record, Table};
use super::room::Need;

/// Maximum records in one of the changes into which work on many records is split. Each engine takes so many in one
/// transaction.
pub(crate) const RECORDS_IN_CHANGE: usize = 100;

/// Edits of several records. All of them are made, or none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[must_use = "a change does nothing until it is committed"]
pub struct Change {
    pub(super) expectations: Vec<Expectation>,
    pub(super) edits: Vec<RecordEdit>,
    /// The table of a record that is too large to be stored.
    pub(super) too_large: Option<Table>,
    /// True if the operation says that the change ends access.
    ends_access: bool,
}

/// A condition on the value under a key, checked when the change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expectation {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    /// The expected bytes; `None` if the key must be absent.
    pub(super) value: Option<Vec<u8>>,
}

/// The new value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordEdit {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    /// The bytes to store; `None` removes the key.
    pub(super) value: Option<Vec<u8>>,
}

/// The effect of a change on a record.
#[derive(Debug, PartialEq, Eq)]
pub enum RecordEffect<R> {
    /// The change stores this record.
    Put(R),
    /// The change removes the record.
    Removed,
}

impl Change {
    /// Returns an empty change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a change with these edits, which expects nothing.
    pub(super) fn of(edits: Vec<RecordEdit>) -> Self {
        Self { edits, ..Self::new() }
    }

    /// Returns whether the change edits nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Adds a record. Conflicts on its table if the key exists, and on an index's table if another record has the
    /// value that the index keeps unique.
    #[allow(private_bounds)]
    pub fn insert<R: Record>(mut self, record: &R) -> Self {
        self.expect(R::TABLE, record.key(), None);
        self.edit(R::TABLE, record.key(), Some(record.encode()));
        for entry in index_entries(record) {
            self.enter(entry);
        }
        self
    }

    /// Replaces `old` with `new`, indexes included. Conflicts on its table if the stored record is no longer `old`.
    #[allow(private_bounds)]
    pub fn replace<R: Record>(mut self, old: &R, new: &R) -> Self {
        debug_assert_eq!(old.key(), new.key(), "a record keeps its key");
        self.expect(R::TABLE, old.key(), Some(old.encode()));
        self.edit(R::TABLE, new.key(), Some(new.encode()));
        self.index(&index_entries(old), &index_entries(new));
        self
    }

    /// Replaces a record with one under another key, which may have the same values in unique indexes. Conflicts as
    /// [`Self::remove`] and [`Self::insert`] do.
    #[allow(private_bounds)]
    pub fn exchange<R: Record>(mut self, old: &R, new: &R) -> Self {
        self.expect(R::TABLE, old.key(), Some(old.encode()));
        self.edit(R::TABLE, old.key(), None);
        self.expect(R::TABLE, new.key(), None);
        self.edit(R::TABLE, new.key(), Some(new.encode()));
        self.index(&index_entries(old), &index_entries(new));
        self
    }

    /// Removes a record. Conflicts on its table if the stored record is no longer `old`.
    #[allow(private_bounds)]
    pub fn remove<R: Record>(mut self, old: &R) -> Self {
        self.expect(R::TABLE, old.key(), Some(old.encode()));
        self.edit(R::TABLE, old.key(), None);
        for entry in index_entries(old) {
            self.edit(entry.table, entry.key, None);
        }
        self
    }

    /// Makes the change depend on a record that it does not edit. Conflicts on its table if the stored record is no
    /// longer `record`.
    #[allow(private_bounds)]
    pub fn require<R: Record>(mut self, record: &R) -> Self {
        self.expect(R::TABLE, record.key(), Some(record.encode()));
        self
    }

    /// Makes the change depend on the absence of a record under the key of this one. Conflicts on its table if there
    /// is one.
    #[allow(private_bounds)]
    pub fn require_none<R: Record>(mut self, record: &R) -> Self {
        self.expect(R::TABLE, record.key(), None);
        self
    }

    /// Says that the change ends access, so that it is made even if the disk has little room. A change that removes a
    /// record need not say so.
    pub fn ending_access(mut self) -> Self {
        self.ends_access = true;
        self
    }

    /// Returns how urgent the change is if the disk has little room. A change that removes records may also change users
    /// and their statuses, and add to the audit log, but create nothing else.
    pub(super) fn need(&self) -> Need {
        let puts_only = |tables: &[Table]| {
            let mut puts = self.edits.iter().filter(|edit| edit.value.is_some());
            puts.all(|edit| tables.contains(&edit.table))
        };
        let is_removal = |edit: &RecordEdit| edit.value.is_none() && !is_index(edit.table);
        let removes = self.ends_access || self.edits.iter().any(is_removal);
        let creates_nothing = || puts_only(&[Table::AuditLog, Table::Users, Table::UserStatuses]);
        if puts_only(&[Table::LostConnections]) || (removes && creates_nothing()) {
            Need::Removal
        } else if puts_only(&[Table::FailedLogins, Table::AuditLog]) {
            Need::Failure
        } else {
            Need::Other
        }
    }

    /// Returns the keys of the records of this kind that the change removes.
    #[allow(private_bounds)]
    pub fn removed<R: Record>(&self) -> impl Iterator<Item = &[u8]> {
        let removed = self
            .edits
            .iter()
            .filter(|edit| edit.table == R::TABLE && edit.value.is_none());
        removed.map(|edit| &*edit.key)
    }

    /// Returns the records of this kind that the change stores.
    #[allow(private_bounds)]
    pub fn puts<R: Record>(&self) -> impl Iterator<Item = R> {
        let put = self.edits.iter().filter(|edit| edit.table == R::TABLE);
        put.filter_map(|edit| R::decode(&edit.key, edit.value.as_ref()?).ok())
    }

    /// Returns the effect on the record of this kind under a key, or `None` if the change does not edit it.
    #[allow(private_bounds)]
    pub fn outcome<R: Record>(&self, key: &[u8]) -> Option<RecordEffect<R>> {
        let edit = self
            .edits
            .iter()
            .rev()
            .find(|edit| edit.table == R::TABLE && edit.key == key)?;
        match &edit.value {
            None => Some(RecordEffect::Removed),
            Some(bytes) => R::decode(key, bytes).ok().map(RecordEffect::Put),
        }
    }

    /// Replaces the record that this change stores under the same key. The kind must have no indexes.
    #[allow(private_bounds)]
    pub fn amend<R: Record>(mut self, record: &R) -> Self {
        debug_assert!(R::INDEXES.is_empty(), "an amended record has no indexes");
        let (key, bytes) = (record.key(), record.encode());
        self.measure(R::TABLE, Some(&bytes));
        for edit in &mut self.edits {
            if edit.table == R::TABLE && edit.key == key {
                edit.value = Some(bytes.clone());
            }
        }
        self
    }

    /// Edits the index entries of `before` into those of `after`.
    fn index(&mut self, before: &[IndexEntry], after: &[IndexEntry]) {
        let held = |entry: &IndexEntry| {
            before
                .iter()
                .any(|old| (old.table, &old.key) == (entry.table, &entry.key))
        };
        let kept = |entry: &IndexEntry| {
            after
                .iter()
                .any(|new| (new.table, &new.key) == (entry.table, &entry.key))
        };
        for entry in before {
            if !kept(entry) {
                self.edit(entry.table, entry.key.clone(), None);
            }
        }
        for entry in after {
            if before.contains(entry) {
                continue;
            }
            // The new record may take a value that the old record held. No other record can have taken it, since the
            // change expects the old record.
            if held(entry) {
                self.edit(entry.table, entry.key.clone(), Some(entry.value.clone()));
            } else {
                self.enter(entry.clone());
            }
        }
    }

    fn enter(&mut self, entry: IndexEntry) {
        self.expect(entry.table, entry.key.clone(), None);
        self.edit(entry.table, entry.key, Some(entry.value));
    }

    fn expect(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.expectations.push(Expectation { table, key, value });
    }

    fn edit(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.measure(table, value.as_deref());
        self.edits.push(RecordEdit { table, key, value });
    }

    /// Records the table of a value that is too large to be read again.
    fn measure(&mut self, table: Table, value: Option<&[u8]>) {
        if value.is_some_and(|bytes| !codec::is_readable(bytes)) {
            self.too_large = Some(table);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Avatar, ImageKind, UserId};

    fn put(table: Table) -> RecordEdit {
        RecordEdit {
            table,
            key: b"key".to_vec(),
            value: Some(b"value".to_vec()),
        }
    }

    fn removal(table: Table) -> RecordEdit {
        RecordEdit {
            value: None,
            ..put(table)
        }
    }

    #[test]
    fn what_removes_or_ends_access_is_urgent_and_what_creates_is_not() {
        let need = |edits: Vec<RecordEdit>| {
            let change = Change { edits, ..Change::new() };
            change.need()
        };
        for (edits, expected) in [
            (vec![removal(Table::Tokens), put(Table::AuditLog)], Need::Removal),
            (vec![removal(Table::Tokens), put(Table::UserStatuses)], Need::Removal),
            (vec![removal(Table::Tokens), put(Table::Users)], Need::Removal),
            (vec![removal(Table::Avatars), put(Table::Users)], Need::Removal),
            (vec![removal(Table::LostConnections)], Need::Removal),
            (vec![put(Table::LostConnections)], Need::Removal),
            (vec![put(Table::FailedLogins), put(Table::AuditLog)], Need::Failure),
            (vec![put(Table::AuditLog)], Need::Failure),
            // A login that removes earlier failures.
            (vec![removal(Table::FailedLogins), put(Table::Tokens)], Need::Other),
            // A new name: the old one leaves its index.
            (
                vec![
                    removal(Table::UsersByUsername),
                    put(Table::Users),
                    put(Table::UsersByUsername),
                ],
                Need::Other,
            ),
            (vec![put(Table::UserStatuses)], Need::Other),
            (vec![put(Table::Users), put(Table::AuditLog)], Need::Other),
        ] {
            assert_eq!(need(edits.clone()), expected, "{edits:?}");
        }
        let deactivation = Change {
            edits: vec![put(Table::Users), put(Table::AuditLog)],
            ..Change::new()
        };
        assert_eq!(deactivation.ending_access().need(), Need::Removal);
        let picture = Avatar {
            user: UserId::new("ada"),
            etag: "etag".into(),
            kind: ImageKind::Png,
            bytes: vec![7],
            clean: true,
        };
        assert_eq!(Change::new().insert(&picture).ending_access().need(), Need::Other);
    }
}
