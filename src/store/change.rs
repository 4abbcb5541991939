//! What a write is: plain data that says what must be so, and what becomes so.

use super::record::{IndexEntry, Record};
use super::table::Table;

/// Edits of several records that are made together or not at all.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[must_use = "a change does nothing until it is committed"]
pub struct Change {
    pub(super) expectations: Vec<Expectation>,
    pub(super) edits: Vec<Edit>,
}

/// What must be under a key when the change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expectation {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    /// These bytes, or nothing.
    pub(super) value: Option<Vec<u8>>,
}

/// What is under a key once the change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    /// These bytes, or nothing.
    pub(super) value: Option<Vec<u8>>,
}

/// What a change does with a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It puts this one.
    Put(R),
    /// It takes the record away.
    Removed,
}

impl Change {
    /// A change of nothing, to be added to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record. Conflicts on its table when the key is taken, and on an index's table when
    /// another record has the value that the index keeps unique.
    #[allow(private_bounds)]
    pub fn insert<R: Record>(mut self, record: &R) -> Self {
        self.expect(R::TABLE, record.key(), None);
        self.edit(R::TABLE, record.key(), Some(record.encode()));
        for entry in record.index_entries() {
            self.enter(entry);
        }
        self
    }

    /// Puts `new` in the place of `old`, indexes included. Conflicts on its table when the stored
    /// record is no longer `old`.
    #[allow(private_bounds)]
    pub fn replace<R: Record>(mut self, old: &R, new: &R) -> Self {
        debug_assert_eq!(old.key(), new.key(), "a record keeps its key");
        self.expect(R::TABLE, old.key(), Some(old.encode()));
        self.edit(R::TABLE, new.key(), Some(new.encode()));
        self.index(&old.index_entries(), &new.index_entries());
        self
    }

    /// Puts a record under a new key in the place of one under another, which may hold values that an
    /// index keeps unique. Conflicts as [`Self::remove`] and [`Self::insert`] do.
    #[allow(private_bounds)]
    pub fn exchange<R: Record>(mut self, old: &R, new: &R) -> Self {
        self.expect(R::TABLE, old.key(), Some(old.encode()));
        self.edit(R::TABLE, old.key(), None);
        self.expect(R::TABLE, new.key(), None);
        self.edit(R::TABLE, new.key(), Some(new.encode()));
        self.index(&old.index_entries(), &new.index_entries());
        self
    }

    /// Takes a record away. Conflicts on its table when the stored record is no longer `old`.
    #[allow(private_bounds)]
    pub fn remove<R: Record>(mut self, old: &R) -> Self {
        self.expect(R::TABLE, old.key(), Some(old.encode()));
        self.edit(R::TABLE, old.key(), None);
        for entry in old.index_entries() {
            self.edit(entry.table, entry.key, None);
        }
        self
    }

    /// Makes the change depend on a record that it leaves alone. Conflicts on its table when the
    /// stored record is no longer `record`.
    #[allow(private_bounds)]
    pub fn require<R: Record>(mut self, record: &R) -> Self {
        self.expect(R::TABLE, record.key(), Some(record.encode()));
        self
    }

    /// Makes the change depend on there being no record under the key of this one. Conflicts on its table
    /// when there is.
    #[allow(private_bounds)]
    pub fn require_none<R: Record>(mut self, record: &R) -> Self {
        self.expect(R::TABLE, record.key(), None);
        self
    }

    /// Returns the keys of the records of this kind that it takes away.
    #[allow(private_bounds)]
    pub fn removed<R: Record>(&self) -> impl Iterator<Item = &[u8]> {
        let removed = self
            .edits
            .iter()
            .filter(|edit| edit.table == R::TABLE && edit.value.is_none());
        removed.map(|edit| &*edit.key)
    }

    /// Returns the records of this kind that it puts.
    #[allow(private_bounds)]
    pub fn puts<R: Record>(&self) -> impl Iterator<Item = R> {
        let put = self.edits.iter().filter(|edit| edit.table == R::TABLE);
        put.filter_map(|edit| R::decode(&edit.key, edit.value.as_ref()?).ok())
    }

    /// Returns what it does with the record of this kind under a key: none where it leaves the record alone.
    #[allow(private_bounds)]
    pub fn outcome<R: Record>(&self, key: &[u8]) -> Option<Outcome<R>> {
        let edit = self
            .edits
            .iter()
            .rev()
            .find(|edit| edit.table == R::TABLE && edit.key == key)?;
        match &edit.value {
            None => Some(Outcome::Removed),
            Some(bytes) => R::decode(key, bytes).ok().map(Outcome::Put),
        }
    }

    /// Puts `record` in the place of the one that it puts under the same key. The kind has no indexes.
    #[allow(private_bounds)]
    pub fn amend<R: Record>(mut self, record: &R) -> Self {
        debug_assert!(R::INDEXES.is_empty(), "an amended record has no indexes");
        let key = record.key();
        for edit in &mut self.edits {
            if edit.table == R::TABLE && edit.key == key {
                edit.value = Some(record.encode());
            }
        }
        self
    }

    /// Turns the index entries of a record into those of the one in its place.
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
            // A value that the old record held is free for the new one, and for no other: the old
            // record itself is expected to be there.
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
        self.edits.push(Edit { table, key, value });
    }
}
