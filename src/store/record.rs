//! What a table of records needs to know of its records.

use super::codec::{self, Damage};
use super::table::Table;

/// The version of index entries: an index entry is the sealed key of the record it stands for.
const INDEX_VERSION: u8 = 1;

/// A kind of record. Its keys and index entries follow from its value alone, so that a change to a
/// record carries its indexes with it.
pub(super) trait Record: Sized {
    /// Where records of this kind are kept.
    const TABLE: Table;

    /// The index tables beside it.
    const INDEXES: &'static [Table] = &[];

    /// Its key.
    fn key(&self) -> Vec<u8>;

    /// The keys under which indexes find it. An index holds a key once: that is how a value is kept
    /// unique.
    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        Vec::new()
    }

    /// The keys under which indexes of older versions found it, where they differ from [`Self::index_keys`]. The opening
    /// of a store moves such entries.
    fn former_index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        Vec::new()
    }

    /// Says which of two records keeps a key of an index that they did not share in older versions: the one with the
    /// smaller number.
    fn precedence(&self) -> i64 {
        0
    }

    /// The record without the value that an index has of it: another record keeps that value.
    fn without_index(self, _: Table) -> Self {
        self
    }

    /// The newest version, in which records are written. Those of older ones are written anew when
    /// the store is opened, so that a record's bytes follow from its value alone.
    const VERSION: u8 = 1;

    /// Its bytes, in the newest version.
    fn encode(&self) -> Vec<u8>;

    /// The record in a sound body of any version known.
    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage>;

    /// The record in the bytes under a key.
    fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, Damage> {
        let (version, body) = codec::unseal(Self::TABLE, key, bytes)?;
        Self::decode_body(version, body)
    }

    /// Its entries in the index tables, with their bytes.
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

/// One entry of an index table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// The key of the record that an index entry stands for.
pub(super) fn decode_index(table: Table, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Damage> {
    match codec::unseal(table, key, bytes)? {
        (INDEX_VERSION, body) => codec::decode(body),
        (found, _) => Err(Damage::Version {
            found,
            known: INDEX_VERSION,
        }),
    }
}
