//! A key that each transaction of one kind compares and rewrites, so that its outcome becomes known.

use etcd_client::{Compare, CompareOp, PutOptions, Txn, TxnOp};

use super::outcome::Settled;

/// The marker of the transactions that a process sends one after the other.
pub(super) struct Marker {
    pub(super) key: Vec<u8>,
    /// The lease of the process. The marker is removed when it ends.
    pub(super) lease: i64,
    /// The revision that wrote the marker; 0 before the first transaction.
    pub(super) revision: i64,
    /// The number of the last transaction.
    pub(super) number: u64,
}

impl Marker {
    /// Returns the next transaction: it makes these operations if all comparisons hold, and nothing otherwise.
    pub(super) fn next(&mut self, mut compares: Vec<Compare>, mut operations: Vec<TxnOp>) -> Settled {
        self.number += 1;
        compares.push(Compare::mod_revision(self.key.clone(), CompareOp::Equal, self.revision));
        let lease = PutOptions::new().with_lease(self.lease);
        operations.push(TxnOp::put(self.key.clone(), self.number.to_be_bytes(), Some(lease)));
        let read = TxnOp::get(self.key.clone(), None);
        Settled {
            request: Txn::new().when(compares).and_then(operations).or_else([read]),
            number: self.number,
            before: self.revision,
        }
    }
}
