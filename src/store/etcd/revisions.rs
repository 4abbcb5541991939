//! The revision and the value of each entry that this process follows, as hashes.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::store::any_record::in_format;
use crate::store::format::Format;
use crate::store::records::Table;

/// The revisions of all entries. An entry needs 24 bytes, because the key and the value are hashes with a random key. Two of
/// n entries have the same hash with a chance of n² in 2^65.
#[derive(Default)]
pub(super) struct Revisions {
    hashes: RandomState,
    entries: HashMap<u64, Entry>,
}

/// The state of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// The revision that wrote the value.
    revision: i64,
    value: u64,
}

impl Revisions {
    /// Notes what a revision wrote; `None` if it removed the entry.
    pub(super) fn note(&mut self, table: Table, key: &[u8], value: Option<&[u8]>, revision: i64) {
        let place = self.hashes.hash_one((table, key));
        match value {
            Some(value) => {
                // Expectations have the newest version.
                let newest = in_format(Format::NEWEST, table, key, value);
                let value = self.hashes.hash_one(newest.as_deref().unwrap_or(value));
                self.entries.insert(place, Entry { revision, value });
            }
            None => drop(self.entries.remove(&place)),
        }
    }

    /// Returns the revision of an entry if it has this value now: 0 if it is absent, and that is expected.
    pub(super) fn of(&self, table: Table, key: &[u8], value: Option<&[u8]>) -> Option<i64> {
        let found = self.entries.get(&self.hashes.hash_one((table, key)));
        match (found, value) {
            (None, None) => Some(0),
            (Some(entry), Some(value)) if entry.value == self.hashes.hash_one(value) => Some(entry.revision),
            _ => None,
        }
    }

    /// Returns the revision that wrote an entry last, whatever its value is: 0 if it is absent.
    pub(super) fn last(&self, table: Table, key: &[u8]) -> i64 {
        let found = self.entries.get(&self.hashes.hash_one((table, key)));
        found.map_or(0, |entry| entry.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_its_last_value_and_revision_until_it_is_removed() {
        let mut revisions = Revisions::default();
        let of = |revisions: &Revisions, value| revisions.of(Table::Users, b"ada", value);
        assert_eq!((of(&revisions, None), of(&revisions, Some(b"1"))), (Some(0), None));
        revisions.note(Table::Users, b"ada", Some(b"1"), 7);
        revisions.note(Table::Tokens, b"ada", Some(b"3"), 8);
        assert_eq!((of(&revisions, None), of(&revisions, Some(b"1"))), (None, Some(7)));
        revisions.note(Table::Users, b"ada", Some(b"2"), 9);
        assert_eq!(
            (of(&revisions, Some(b"1")), of(&revisions, Some(b"2"))),
            (None, Some(9))
        );
        revisions.note(Table::Users, b"ada", None, 10);
        assert_eq!((of(&revisions, None), of(&revisions, Some(b"2"))), (Some(0), None));
    }
}
