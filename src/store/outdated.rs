//! The edits with which a start upgrades what an older version stored.

use super::change::RecordEdit;
use super::edits::Edits;

/// The edits that upgrade a store.
#[derive(Debug, Default)]
pub(super) struct Outdated {
    /// Edits that rewrite records of older versions, and values that must be split into parts. Each of them leaves a
    /// sound store.
    pub(super) rewrites: Vec<RecordEdit>,
    /// Edits that move records to other index keys. Only all of them together leave a sound store.
    pub(super) moves: Vec<RecordEdit>,
    /// True if the record with the number of commits has an older version.
    pub(super) has_old_counters: bool,
}

impl Outdated {
    /// Returns whether nothing has to be upgraded.
    pub(super) const fn is_empty(&self) -> bool {
        self.rewrites.is_empty() && self.moves.is_empty() && !self.has_old_counters
    }

    /// Returns the transactions of the upgrade, in their order. After each of them the store is sound, so that the next
    /// start can go on. `size` is the maximum number of rewritten records in one.
    pub(super) fn batches(&self, size: usize) -> Vec<Edits> {
        let mut batches: Vec<_> = self.rewrites.chunks(size).map(Edits::of).collect();
        if !self.moves.is_empty() {
            batches.push(Edits::of(&self.moves));
        }
        if batches.is_empty() && self.has_old_counters {
            batches.push(Edits::of_counters());
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Table;
    use super::*;

    fn edits(count: usize) -> Vec<RecordEdit> {
        let edit = |number: usize| RecordEdit {
            table: Table::Users,
            key: number.to_be_bytes().into(),
            value: None,
        };
        (0..count).map(edit).collect()
    }

    #[test]
    fn moves_are_never_split_and_counters_need_a_batch_only_alone() {
        let sizes = |outdated: &Outdated| -> Vec<_> {
            let batches = outdated.batches(2);
            batches.iter().map(|batch| batch.ordered().count()).collect()
        };
        let mut outdated = Outdated::default();
        assert!(outdated.is_empty() && sizes(&outdated).is_empty());
        outdated.has_old_counters = true;
        assert!(!outdated.is_empty());
        assert_eq!(sizes(&outdated), [0]);
        assert!(outdated.batches(2)[0].is_written());
        outdated.rewrites = edits(3);
        outdated.moves = edits(5);
        assert_eq!(sizes(&outdated), [2, 1, 5]);
    }
}
