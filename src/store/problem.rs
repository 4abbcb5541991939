//! A problem found in the store, as an administrator reads it.

use std::fmt;

use super::records::Table;

/// A problem found in the store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// The name of the table.
    pub table: String,
    /// The key, in hexadecimal if it is not plain text. Empty if the table itself cannot be read.
    pub key: String,
    /// A description of the problem.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(out, "table {}: {}", self.table, self.what)
        } else {
            write!(out, "table {}, key {}: {}", self.table, self.key, self.what)
        }
    }
}

impl Problem {
    pub(super) fn new(table: Table, key: &[u8], what: impl fmt::Display) -> Self {
        Self {
            table: table.to_string(),
            key: printable(key),
            what: what.to_string(),
        }
    }
}

/// Returns a key as text, or in hexadecimal if it is not printable.
pub(super) fn printable(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => format!("0x{}", hex::encode(key)),
    }
}
