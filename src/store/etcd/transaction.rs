//! A batch as one transaction of etcd.

use std::collections::{HashMap, HashSet};

use etcd_client::{Compare, CompareOp, Txn, TxnOp};

use super::followed::FollowedState;
use super::keyspace::{Keyspace, is_followed};
use crate::store::any_record::in_format;
use crate::store::change::{Change, RecordEdit};
use crate::store::edits::Edits;
use crate::store::format::Format;
use crate::store::records::Table;

/// The largest number of expectations in a transaction with nested ones, for which a part of the operations is left.
pub(super) const MAX_EXPECTATIONS: usize = 100;

/// The largest number of operations in a transaction, and of comparisons. A nested transaction has what its parent leaves.
const MAX_OPERATIONS: usize = 128;

/// The largest number of edits in a transaction of several changes.
const MAX_EDITS: usize = 1000;

/// Operations beside the edits, and comparisons beside the expectations: the marker and the time of the commit.
const BESIDE: usize = 2;

/// The largest number of bytes in a transaction. etcd takes 1.5 MiB by default.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// The revisions of the entries that this process does not follow and on which a batch depends.
pub(super) type UnfollowedRevisions = HashMap<(Table, Vec<u8>), i64>;

/// Returns whether a change can be in one transaction with these edits. A change alone always can.
pub(super) fn fits(edits: &Edits, change: &Change) -> bool {
    let mut size = Size::of(change);
    for before in &edits.changes {
        size = size.and(Size::of(before));
    }
    let is_flat = size.expectations.max(size.edits) + BESIDE <= MAX_OPERATIONS;
    let is_nested = size.expectations <= MAX_EXPECTATIONS && size.edits <= MAX_EDITS;
    edits.changes.is_empty() || ((is_flat || is_nested) && size.bytes <= MAX_BYTES)
}

/// The size of a transaction.
#[derive(Clone, Copy)]
struct Size {
    expectations: usize,
    edits: usize,
    bytes: usize,
}

impl Size {
    fn of(change: &Change) -> Self {
        let bytes = |edit: &RecordEdit| edit.key.len() + edit.value.as_ref().map_or(0, Vec::len);
        Self {
            expectations: change.expectations.len(),
            edits: change.edits.len(),
            bytes: change.edits.iter().map(bytes).sum(),
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            expectations: self.expectations + other.expectations,
            edits: self.edits + other.edits,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Returns the comparisons of all expectations with the cluster; `None` if one does not hold any more.
///
/// An expectation about a key that an earlier change of the batch edits was checked against that change.
pub(super) fn compares(
    keys: &Keyspace,
    edits: &Edits,
    seen: &FollowedState,
    unfollowed: &UnfollowedRevisions,
) -> Option<Vec<Compare>> {
    let mut compares = Vec::new();
    let mut known = HashSet::new();
    for change in &edits.changes {
        for expected in &change.expectations {
            let place = (expected.table, expected.key.as_slice());
            if !known.insert(place) {
                continue;
            }
            let revision = if is_followed(expected.table) {
                seen.revisions
                    .of(expected.table, &expected.key, expected.value.as_deref())?
            } else {
                let read = unfollowed.get(&(expected.table, expected.key.clone()));
                read.copied().unwrap_or_default()
            };
            let key = keys.entry(expected.table, &expected.key);
            compares.push(Compare::mod_revision(key, CompareOp::Equal, revision));
        }
        known.extend(change.edits.iter().map(|edit| (edit.table, edit.key.as_slice())));
    }
    Some(compares)
}

/// Returns the operation that makes an edit in a store of this format.
pub(super) fn operation(keys: &Keyspace, format: Format, (table, key, value): (Table, &[u8], Option<&[u8]>)) -> TxnOp {
    let place = keys.entry(table, key);
    match value {
        Some(value) => match in_format(format, table, key, value) {
            Some(older) => TxnOp::put(place, older, None),
            None => TxnOp::put(place, value, None),
        },
        None => TxnOp::delete(place, None),
    }
}

/// Returns the operations that write all edits, in a transaction with so many comparisons. Many edits are put into nested
/// transactions without comparisons.
pub(super) fn operations(keys: &Keyspace, format: Format, edits: &Edits, comparisons: usize) -> Vec<TxnOp> {
    let all = edits.overlay.iter();
    let all: Vec<_> = all
        .map(|((table, key), value)| operation(keys, format, (*table, key, value.as_deref())))
        .collect();
    let most = MAX_OPERATIONS - BESIDE;
    if all.len() <= most {
        return all;
    }
    let group = |part: &[TxnOp]| TxnOp::txn(Txn::new().and_then(part));
    // As many groups as there are comparisons cost nothing, because the larger number counts.
    let groups = comparisons.clamp(most / 2, most);
    all.chunks(all.len().div_ceil(groups)).map(group).collect()
}
