//! Decodes a value of any table, and brings it to the version of a format.

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

/// Returns a record as it is written in a store of this format. `None` if it has that version already, if it cannot be
/// decoded, or if the table has no records.
#[cfg(feature = "etcd")]
pub(super) fn in_format(format: Format, table: Table, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut value = OtherVersion {
        format,
        table,
        key,
        bytes,
        rewritten: None,
    };
    visit_all(&mut value);
    value.rewritten
}

/// A value of one table, and the version of it that a format has, if that is another one.
#[cfg(feature = "etcd")]
struct OtherVersion<'bytes> {
    format: Format,
    table: Table,
    key: &'bytes [u8],
    bytes: &'bytes [u8],
    rewritten: Option<Vec<u8>>,
}

#[cfg(feature = "etcd")]
impl RecordVisitor for OtherVersion<'_> {
    fn visit<R: Record>(&mut self) {
        if R::TABLE == self.table && self.bytes.first() != Some(&R::version_in(self.format)) {
            let record = R::decode(self.key, self.bytes);
            self.rewritten = record.ok().map(|record| record.encode_in(self.format));
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
