//! The trait that a stored record implements.

use super::codec::{self, Damage};
use super::table::Table;

/// The version of index entries. The body of an index entry is the key of the record that it points to.
const INDEX_VERSION: u8 = 1;

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

    /// Decodes the body of a record whose checksum was right, in any known version.
    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage>;

    /// Decodes the bytes stored under a key.
    fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, Damage> {
        let (version, body) = codec::unseal(Self::TABLE, key, bytes)?;
        Self::decode_body(version, body)
    }

    /// Returns the record's entries in the index tables, with their bytes.
    fn index_entries(&self) -> Vec<IndexEntry> {
        let key = self.key();
        let entry = |(table, index_key): (Table, Vec<u8>)| IndexEntry {
            value: codec::seal(table, &index_key, INDEX_VERSION, &key),
            table,
            key: index_key,
        };
        self.index_keys().into_iter().map(entry).collect()
    }
}

/// An entry of an index table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
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
