//! Decodes a value of any table, and brings it to the newest version.

use super::codec::Damage;
#[cfg(feature = "etcd")]
use super::format::Format;
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

/// Returns a record of the newest version as it is written in a store of this format. `None` if that is the same.
#[cfg(feature = "etcd")]
pub(super) fn in_format(format: Format, table: Table, key: &[u8], newest: &[u8]) -> Option<Vec<u8>> {
    if format == Format::NEWEST {
        return None;
    }
    let mut value = NewestValue {
        format,
        table,
        key,
        newest,
        older: None,
    };
    visit_all(&mut value);
    value.older.filter(|older| older != newest)
}

/// A value of one table in the newest version, and in that of a format.
#[cfg(feature = "etcd")]
struct NewestValue<'bytes> {
    format: Format,
    table: Table,
    key: &'bytes [u8],
    newest: &'bytes [u8],
    older: Option<Vec<u8>>,
}

#[cfg(feature = "etcd")]
impl RecordVisitor for NewestValue<'_> {
    fn visit<R: Record>(&mut self) {
        if R::TABLE == self.table {
            let record = R::decode(self.key, self.newest);
            self.older = record.ok().map(|record| record.encode_in(self.format));
        }
    }
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
