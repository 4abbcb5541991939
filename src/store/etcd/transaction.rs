//! A batch as one transaction of etcd.

use std::collections::{HashMap, HashSet};

use etcd_client::{Compare, CompareOp, Txn, TxnOp};

use super::followed::FollowedState;
use super::keyspace::{Keyspace, is_followed};
use crate::store::any_record::in_format;
use crate::store::change::{Change, RecordEdit};
use crate::store::commits::Commits;
use crate::store::edits::Edits;
use crate::store::format::Format;
use crate::store::records::{Record, Table};

/// The largest number of expectations in a transaction with nested ones, for which a part of the operations is left.
pub(super) const MAX_EXPECTATIONS: usize = 100;

/// The largest number of operations in a transaction, and of comparisons. A nested transaction has what its parent leaves.
const MAX_OPERATIONS: usize = 128;

/// The largest number of edits in a transaction of several changes.
const MAX_EDITS: usize = 1000;

/// Operations beside the edits, and comparisons beside the expectations: the marker and the time of the commit.
const BESIDE: usize = 2;

/// The largest number of edits, and of expectations, in a transaction without nested ones.
const MAX_FLAT: usize = MAX_OPERATIONS - BESIDE;

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
    edits.changes.is_empty() || (is_possible(size.expectations, size.edits) && size.bytes <= MAX_BYTES)
}

/// Returns whether one transaction can have so many comparisons and edits, with the edits in nested transactions or without.
const fn is_possible(comparisons: usize, edits: usize) -> bool {
    let is_flat = comparisons <= MAX_FLAT && edits <= MAX_FLAT;
    let is_nested = comparisons <= MAX_EXPECTATIONS && edits <= MAX_EDITS;
    is_flat || is_nested
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
/// An expectation about a key that an earlier change of the batch edits was checked against that change. A transaction cannot
/// have all comparisons of a very large change. Then one comparison replaces those of the followed entries: it holds if there
/// was no commit since the state in `seen`. Each commit rewrites the entry of the last commit's time.
pub(super) fn compares(
    keys: &Keyspace,
    edits: &Edits,
    seen: &FollowedState,
    unfollowed: &UnfollowedRevisions,
) -> Option<Vec<Compare>> {
    let (mut followed, mut others) = (Vec::new(), Vec::new());
    let mut known = HashSet::new();
    for change in &edits.changes {
        for expected in &change.expectations {
            let place = (expected.table, expected.key.as_slice());
            if !known.insert(place) {
                continue;
            }
            let (compares, revision) = if is_followed(expected.table) {
                let value = expected.value.as_deref();
                (&mut followed, seen.revisions.of(expected.table, &expected.key, value)?)
            } else {
                let read = unfollowed.get(&(expected.table, expected.key.clone()));
                (&mut others, read.copied().unwrap_or_default())
            };
            compares.push(at_revision(keys, (expected.table, &expected.key), revision));
        }
        known.extend(change.edits.iter().map(|edit| (edit.table, edit.key.as_slice())));
    }
    if !is_possible(followed.len() + others.len(), edits.overlay.len()) {
        let last = Commits::default().key();
        let revision = seen.revisions.last(Commits::TABLE, &last);
        followed = vec![at_revision(keys, (Commits::TABLE, &last), revision)];
    }
    followed.append(&mut others);
    Some(followed)
}

/// Returns the comparison that an entry was last written by this revision; 0 for an entry that is absent.
fn at_revision(keys: &Keyspace, (table, key): (Table, &[u8]), revision: i64) -> Compare {
    Compare::mod_revision(keys.entry(table, key), CompareOp::Equal, revision)
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
    if all.len() <= MAX_FLAT {
        return all;
    }
    let group = |part: &[TxnOp]| TxnOp::txn(Txn::new().and_then(part));
    // As many groups as there are comparisons cost nothing, because the larger number counts.
    let groups = comparisons.clamp(MAX_FLAT / 2, MAX_FLAT);
    all.chunks(all.len().div_ceil(groups)).map(group).collect()
}
