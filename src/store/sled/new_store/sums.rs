//! The checksums that compare a copy of a table with the table.

use std::collections::BTreeMap;

use sled::IVec;

use crate::store::records::Table;
use crate::store::sled::trees::{Trees, contained};

/// The number and the checksum of the entries of each table.
pub(in crate::store) type Sums = BTreeMap<&'static str, (u64, u32)>;

/// Returns the next entry of a table, with its whole value.
pub(in crate::store) fn next(
    trees: &Trees,
    table: Table,
    rest: &mut sled::Iter,
) -> Result<Option<(IVec, IVec)>, String> {
    let read = || -> sled::Result<Option<(IVec, IVec)>> {
        let Some(entry) = rest.next() else {
            return Ok(None);
        };
        let (key, placed) = entry?;
        let value = trees.whole(table, &key, placed)?.unwrap_or_default();
        Ok(Some((key, value)))
    };
    contained(read)
}

/// A running checksum of a table's entries.
#[derive(Default)]
pub(in crate::store) struct Sum {
    count: u64,
    hasher: crc32fast::Hasher,
}

impl Sum {
    /// Adds an entry.
    pub(in crate::store) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.count += 1;
        for bytes in [key, value] {
            self.hasher.update(&(bytes.len() as u64).to_le_bytes());
            self.hasher.update(bytes);
        }
    }

    /// Returns the number of entries and their checksum.
    pub(in crate::store) fn done(self) -> (u64, u32) {
        (self.count, self.hasher.finalize())
    }
}
