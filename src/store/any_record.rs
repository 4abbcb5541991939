//! Decodes a value of any table, and brings it to the newest version.

use super::codec::Damage;
use super::index_entry::decode_index;
use super::records::{Record, RecordVisitor, Table, visit_all};

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

/// Returns a record of an older version as this version stores it. `None` if it is of the newest version or cannot be
/// decoded.
#[cfg(feature = "etcd")]
pub(super) fn in_newest_version(table: Table, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut value = OldValue {
        table,
        key,
        bytes,
        newest: None,
    };
    visit_all(&mut value);
    value.newest
}

/// A value of one table, and its newest version if that is another one.
#[cfg(feature = "etcd")]
struct OldValue<'bytes> {
    table: Table,
    key: &'bytes [u8],
    bytes: &'bytes [u8],
    newest: Option<Vec<u8>>,
}

#[cfg(feature = "etcd")]
impl RecordVisitor for OldValue<'_> {
    fn visit<R: Record>(&mut self) {
        if R::TABLE == self.table && self.bytes.first() != Some(&R::VERSION) {
            let record = R::decode(self.key, self.bytes);
            self.newest = record.ok().map(|record| record.encode());
        }
    }
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
