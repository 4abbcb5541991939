//! The entries of index tables. They follow from the records that they point to.

use std::hash::{BuildHasher, RandomState};

use super::codec::{self, Damage};
use super::records::{Record, RecordVisitor, Table, visit_all};

/// The version of index entries. The body of an index entry is the key of the record that it points to.
const INDEX_VERSION: u8 = 1;

/// An entry of an index table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// The sum of the hashes of many index entries, in any order. It compares the entries that records need with those that
/// are stored, without a look-up for each. If the entries differ, the sums are equal with a chance of 1 in 2^64. The key
/// of the hashes is random, so that no user can choose entries with the same sum.
#[derive(Clone, Default)]
pub(super) struct IndexSum {
    hashes: RandomState,
    sum: u64,
}

impl IndexSum {
    /// Returns the sum of no entries, for a comparison with this one.
    pub(super) fn zero(&self) -> Self {
        Self { sum: 0, ..self.clone() }
    }

    /// Adds the entry of an index under this key, which points to a record.
    pub(super) fn add(&mut self, index: Table, key: &[u8], record: &[u8]) {
        self.sum = self.sum.wrapping_add(self.hashes.hash_one((index, key, record)));
    }
}

impl PartialEq for IndexSum {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum
    }
}

/// Returns a record's entries in the index tables, with their bytes.
pub(super) fn index_entries(record: &impl Record) -> Vec<IndexEntry> {
    let key = record.key();
    let entry = |(table, index_key): (Table, Vec<u8>)| IndexEntry {
        value: codec::seal(table, &index_key, INDEX_VERSION, &key),
        table,
        key: index_key,
    };
    record.index_keys().into_iter().map(entry).collect()
}

/// Returns the key of the record that an index entry points to.
pub(super) fn decode_index(table: Table, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Damage> {
    match codec::unseal(table, key, bytes)? {
        (INDEX_VERSION, body) => codec::decode(body),
        (found, _) => Err(Damage::Version {
            found,
            known: INDEX_VERSION,
        }),
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
