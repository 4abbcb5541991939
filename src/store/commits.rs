//! The store's own counters, and the rule for its compaction.

use crate::domain::Timestamp;

/// The minimum time between two compactions because of deleted data, in milliseconds: one day.
const COMPACTION_PAUSE_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A store of at most this size is not compacted because of its size.
const WORTHWHILE_BYTES: u64 = 16 * 1024 * 1024;

/// The growth since the last compaction, in percent of the files, that is always enough for another one. Without such a
/// condition, a store that a compaction does not make smaller would be compacted at each start.
const ENOUGH_GROWTH_PERCENT: u32 = 50;

/// The store's own counters, and the state of its last compaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Commits {
    /// The number of committed batches.
    pub(super) count: u64,
    /// The number of secrets or personal records that were removed or replaced since the last compaction. Their bytes
    /// may still be in the files.
    pub(super) erasures: u64,
    /// The time when the store was created or last compacted. Unknown in stores of versions before 0.2.
    pub(super) compacted_at: Option<Timestamp>,
    /// Bytes of the files after the last compaction; 0 before the first one.
    pub(super) compacted_bytes: u64,
    /// The time of the last commit that stored its time. A commit does not store it while the clock is ahead. `None` in
    /// stores of older versions.
    pub(super) believed_at: Option<Timestamp>,
}

/// The size of a store, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    /// Bytes of all keys and values.
    pub(super) live: u64,
    /// Bytes of the files.
    pub(super) files: u64,
}

impl Commits {
    /// Returns whether a start should compact the store, for one of two reasons:
    ///
    /// - Something was deleted, and the last compaction was at least a day ago.
    /// - More than `waste_percent` of the files has no data, and since the last compaction the files have grown by more
    ///   than `waste_percent` or [`ENOUGH_GROWTH_PERCENT`] of their size.
    pub(super) fn is_compaction_due(&self, sizes: Sizes, now: Timestamp, waste_percent: u32) -> bool {
        let rest = |percent: u32| sizes.files / 100 * u64::from(100_u32.saturating_sub(percent));
        // A time in the future comes from a clock that was wrong then.
        let long_ago = |at: Timestamp| (now.as_millis() - at.as_millis()).abs() >= COMPACTION_PAUSE_MILLIS;
        let holds_deleted = self.erasures > 0 && self.compacted_at.is_none_or(long_ago);
        let is_large = sizes.files > WORTHWHILE_BYTES
            && rest(waste_percent) > sizes.live
            && rest(waste_percent.min(ENOUGH_GROWTH_PERCENT)) > self.compacted_bytes;
        holds_deleted || is_large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_compacted_a_day_after_the_last_time_or_when_it_has_grown_much() {
        let day = Timestamp::from_millis(COMPACTION_PAUSE_MILLIS);
        let small = Sizes {
            live: 1,
            files: 500_000,
        };
        let erased = Commits {
            erasures: 1,
            compacted_at: Some(Timestamp::from_millis(0)),
            ..Commits::default()
        };
        let is_due = |commits: &Commits, sizes: Sizes, at: Timestamp| commits.is_compaction_due(sizes, at, 75);
        assert!(is_due(&erased, small, day));
        assert!(!is_due(
            &erased,
            small,
            Timestamp::from_millis(COMPACTION_PAUSE_MILLIS - 1)
        ));
        let unchanged = Commits { erasures: 0, ..erased };
        assert!(!is_due(&unchanged, small, day));
        let unknown = Commits {
            compacted_at: None,
            ..erased
        };
        assert!(is_due(&unknown, small, Timestamp::from_millis(0)));

        let grown = Sizes {
            live: WORTHWHILE_BYTES / 4,
            files: WORTHWHILE_BYTES + 1000,
        };
        assert!(is_due(&unchanged, grown, day));
        let full = Sizes {
            live: grown.files,
            ..grown
        };
        assert!(!is_due(&unchanged, full, day), "there is nothing to win");
        let as_before = Commits {
            compacted_bytes: grown.files,
            ..unchanged
        };
        assert!(!is_due(&as_before, grown, day), "a compaction does not make it smaller");
    }

    #[test]
    fn the_waste_at_which_a_store_is_compacted_is_a_setting() {
        let sizes = Sizes {
            live: 60_000_000,
            files: 100_000_000,
        };
        let now = Timestamp::from_millis(0);
        for (percent, compacted_bytes, is_due) in [
            (39, 0, true),
            (40, 0, false),
            (10, 89_000_000, true),
            (10, 90_000_000, false),
            (95, 0, false),
        ] {
            let commits = Commits {
                compacted_bytes,
                ..Commits::default()
            };
            assert_eq!(
                commits.is_compaction_due(sizes, now, percent),
                is_due,
                "{percent} {compacted_bytes}"
            );
        }
    }
}
