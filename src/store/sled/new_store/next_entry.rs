//! The entries of a table with their whole values.

use sled::IVec;

use crate::store::records::Table;
use crate::store::sled::trees::{Trees, contained};

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
