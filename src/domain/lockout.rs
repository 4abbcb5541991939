//! Blocking of users and addresses after failed logins (`api.md` §3.6).

use std::fmt;

use super::{Decimal, SourceAddress, Timestamp, UserId};

/// The number of parts of a window. Failures within one part are stored together, so that a failure counts for at most
/// one part longer than the window.
const GROUPS_PER_WINDOW: i64 = 32;

/// The key that failed logins are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockoutKey {
    /// The account that a caller without a login tried to log in to.
    User(UserId),
    /// The account of a caller who had already proved the password or a token, and then sent a wrong code or password.
    Proof(UserId),
    /// The source address of the failed logins.
    Address(SourceAddress),
}

impl LockoutKey {
    /// Returns all keys of a user.
    #[must_use]
    pub fn of_user(id: &UserId) -> [Self; 2] {
        [Self::User(id.clone()), Self::Proof(id.clone())]
    }
}

impl fmt::Display for LockoutKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(out, "user {id}"),
            Self::Proof(id) => write!(out, "proof of user {id}"),
            Self::Address(address) => write!(out, "address {address}"),
        }
    }
}

/// The failed logins of one user or address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLogins {
    /// The user or address.
    pub of: LockoutKey,
    /// The failures that still count.
    pub failures: Failures,
}

/// Failures within a short time, stored together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureGroup {
    /// The time of the first failure.
    pub first_at: Timestamp,
    /// The time of the last failure.
    pub last_at: Timestamp,
    /// The number of failures.
    pub count: u32,
}

/// Failed logins, ordered by time.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Failures(Vec<FailureGroup>);

/// The rule for blocks after failed logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutRule {
    /// The number of failures that starts a block.
    pub attempts: u32,
    /// The length of a block in milliseconds, from the last of these failures.
    pub millis: i64,
    /// `true` if a failure counts for `millis` only. Otherwise it counts until a successful login.
    pub fades: bool,
}

impl LockoutRule {
    /// Returns the length of a block in minutes.
    #[must_use]
    pub fn minutes(self) -> Decimal {
        Decimal::from_thousandths(u32::try_from(self.millis / 60).unwrap_or(u32::MAX))
    }
}

impl Failures {
    /// Restores stored failures.
    #[must_use]
    pub const fn new(groups: Vec<FailureGroup>) -> Self {
        Self(groups)
    }

    /// Returns these failures; times in the future are set to `now`.
    #[must_use]
    pub fn not_after(&self, now: Timestamp) -> Self {
        let moved = self.0.iter().map(|group| FailureGroup {
            first_at: group.first_at.min(now),
            last_at: group.last_at.min(now),
            ..*group
        });
        Self(moved.collect())
    }

    /// Returns the groups, oldest first.
    #[must_use]
    pub fn groups(&self) -> &[FailureGroup] {
        &self.0
    }

    /// Returns the time of the last failure, if there is one.
    #[must_use]
    pub fn last_at(&self) -> Option<Timestamp> {
        self.0.last().map(|group| group.last_at)
    }

    /// Returns the number of failures that count now. At the limit the number stays the same until the block ends; then
    /// it is 0.
    #[must_use]
    pub fn counted(&self, rule: LockoutRule, now: Timestamp) -> u32 {
        let stored = Self::total(&self.0);
        if stored < rule.attempts {
            return Self::total(self.0.iter().filter(|group| group.counts(rule, now)));
        }
        if self.end(rule).is_some_and(|end| now < end) {
            stored
        } else {
            0
        }
    }

    /// Returns the time at which a block ends that the last failure started.
    fn end(&self, rule: LockoutRule) -> Option<Timestamp> {
        self.last_at().map(|last| last.plus_millis(rule.millis))
    }

    /// Returns the time at which the block ends, if there is a block now.
    #[must_use]
    pub fn block_end(&self, rule: LockoutRule, now: Timestamp) -> Option<Timestamp> {
        self.end(rule).filter(|_| self.block(rule, now))
    }

    /// Returns whether there is a block now.
    #[must_use]
    pub fn block(&self, rule: LockoutRule, now: Timestamp) -> bool {
        self.counted(rule, now) >= rule.attempts
    }

    /// Returns the number of logins that may be verified at once without exceeding the limit, at least 1.
    #[must_use]
    pub fn room(&self, rule: LockoutRule, now: Timestamp) -> u32 {
        match rule.attempts.saturating_sub(self.counted(rule, now)) {
            // Nothing is verified during a block. The block may end before the next login is checked.
            0 => rule.attempts.max(1),
            room => room,
        }
    }

    /// Returns the failures after one more. A failure during a block changes nothing, so that a block can't become
    /// longer than the rule allows.
    #[must_use]
    pub fn after_failure(&self, rule: LockoutRule, now: Timestamp) -> Self {
        if self.block(rule, now) {
            return self.clone();
        }
        let ended = Self::total(&self.0) >= rule.attempts;
        let counting = self.0.iter().filter(|group| !ended && group.counts(rule, now));
        let mut groups: Vec<_> = counting.copied().collect();
        let joins = |group: &&mut FailureGroup| {
            let age = now.as_millis().saturating_sub(group.first_at.as_millis());
            !rule.fades || age < rule.millis / GROUPS_PER_WINDOW
        };
        match groups.last_mut().filter(joins) {
            Some(group) => {
                group.count = group.count.saturating_add(1);
                group.last_at = now;
            }
            None => groups.push(FailureGroup {
                first_at: now,
                last_at: now,
                count: 1,
            }),
        }
        Self(groups)
    }

    fn total<'group>(groups: impl IntoIterator<Item = &'group FailureGroup>) -> u32 {
        groups
            .into_iter()
            .fold(0, |total, group| total.saturating_add(group.count))
    }
}

impl FailureGroup {
    fn counts(&self, rule: LockoutRule, now: Timestamp) -> bool {
        !rule.fades || now < self.last_at.plus_millis(rule.millis)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LASTING: LockoutRule = LockoutRule {
        attempts: 3,
        millis: 5 * MINUTE,
        fades: false,
    };
    const FADING: LockoutRule = LockoutRule { fades: true, ..LASTING };
    const MINUTE: i64 = 60_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn failed(rule: LockoutRule, times: impl IntoIterator<Item = i64>) -> Failures {
        let after = |failures: Failures, time| failures.after_failure(rule, at(time));
        times.into_iter().fold(Failures::default(), after)
    }

    #[test]
    fn the_third_failure_blocks_for_five_minutes_and_no_longer() {
        for rule in [LASTING, FADING] {
            assert!(!failed(rule, [0, 1]).block(rule, at(2)));
            assert_eq!(failed(rule, [0, 1]).block_end(rule, at(2)), None);
            let three = failed(rule, [0, 1, 2]);
            assert!(three.block(rule, at(2 + 5 * MINUTE - 1)));
            assert!(!three.block(rule, at(2 + 5 * MINUTE)));
            assert_eq!(three.block_end(rule, at(3)), Some(at(2 + 5 * MINUTE)));
            assert_eq!(three.block_end(rule, at(2 + 5 * MINUTE)), None);
        }
    }

    #[test]
    fn a_full_counter_stays_full_until_its_end_and_then_begins_again() {
        for rule in [LASTING, FADING] {
            let full = failed(rule, [0, 1, 2]);
            let more = failed(rule, [0, 1, 2, 3, 4, 4 * MINUTE]);
            assert_eq!(more, full, "a failure during a block changes nothing");
            let again = full.after_failure(rule, at(6 * MINUTE));
            assert_eq!(again.counted(rule, at(6 * MINUTE)), 1);
        }
    }

    #[test]
    fn a_failure_of_an_address_counts_for_the_minutes_of_the_rule() {
        let two = failed(FADING, [0, 4 * MINUTE]);
        assert_eq!(two.counted(FADING, at(5 * MINUTE - 1)), 2);
        assert_eq!(two.counted(FADING, at(5 * MINUTE)), 1);
        let three = two.after_failure(FADING, at(6 * MINUTE));
        assert!(!three.block(FADING, at(6 * MINUTE)));
        // A failure of a user counts until a successful login.
        assert!(failed(LASTING, [0, 4 * MINUTE, 60 * MINUTE]).block(LASTING, at(60 * MINUTE)));
    }

    #[test]
    fn failures_in_the_future_are_moved_to_the_present() {
        let failures = failed(LASTING, [0, 60 * MINUTE, 61 * MINUTE]);
        let moved = failures.not_after(at(MINUTE));
        assert!(moved.block(LASTING, at(6 * MINUTE - 1)));
        assert!(!moved.block(LASTING, at(6 * MINUTE)));
        assert_eq!(failures.not_after(at(61 * MINUTE)), failures);
    }

    #[test]
    fn the_room_never_passes_the_limit() {
        let now = at(10);
        let rooms = [0, 1, 2, 3].map(|count| failed(FADING, 0..count).room(FADING, now));
        assert_eq!(rooms, [3, 2, 1, 3]);
    }

    proptest! {
        #[test]
        fn no_window_has_more_failures_than_the_limit(
            gaps in prop::collection::vec(0..2 * MINUTE, 1..200),
            attempts in 1..20_u32,
        ) {
            let rule = LockoutRule { attempts, ..FADING };
            let (mut failures, mut now, mut verified) = (Failures::default(), 0, Vec::new());
            for gap in gaps {
                now += gap;
                if failures.block(rule, at(now)) {
                    continue;
                }
                failures = failures.after_failure(rule, at(now));
                verified.push(now);
                let window = verified.iter().filter(|time| now - **time < 5 * MINUTE).count();
                prop_assert!(window <= attempts as usize);
                prop_assert!(failures.groups().len() < 35, "at most a group for each part, and the two at the ends");
            }
        }
    }
}
