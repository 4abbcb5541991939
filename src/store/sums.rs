//! The checksums that compare a copy of all tables with its source.

use std::collections::BTreeMap;

use super::records::Table;

/// The number and the checksum of the entries of each table.
pub(super) type Sums = BTreeMap<&'static str, (u64, u32)>;

/// The running checksums of all tables that are copied.
pub(super) struct RunningSums(BTreeMap<&'static str, Sum>);

/// The running checksum of one table.
#[derive(Default)]
struct Sum {
    count: u64,
    hasher: crc32fast::Hasher,
}

impl RunningSums {
    /// Begins with empty tables.
    pub(super) fn begin() -> Self {
        let copied = Table::in_order_of_backups();
        Self(copied.map(|table| (table.name(), Sum::default())).collect())
    }

    /// Adds an entry. The entries of a table must come in the order of their keys.
    pub(super) fn add(&mut self, table: Table, key: &[u8], value: &[u8]) {
        let sum = self.0.entry(table.name()).or_default();
        sum.count += 1;
        for bytes in [key, value] {
            sum.hasher.update(&(bytes.len() as u64).to_le_bytes());
            sum.hasher.update(bytes);
        }
    }

    /// Returns the checksums of what was added.
    pub(super) fn done(self) -> Sums {
        let done = |(table, sum): (_, Sum)| (table, (sum.count, sum.hasher.finalize()));
        self.0.into_iter().map(done).collect()
    }
}
