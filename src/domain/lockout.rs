//! Blocking those who guess passwords (`api.md` §3.6).

use std::fmt;
use std::net::IpAddr;

use super::{Timestamp, UserId};

/// What failed logins are counted for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspect {
    /// The account that was tried.
    User(UserId),
    /// Where the tries came from.
    Address(IpAddr),
}

impl fmt::Display for Suspect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(out, "user {id}"),
            Self::Address(address) => write!(out, "address {address}"),
        }
    }
}

/// Failed logins since the last one that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLogins {
    /// Of whom.
    pub of: Suspect,
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// When to block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutRule {
    /// After so many failures.
    pub attempts: u32,
    /// For so many minutes after the last of them.
    pub minutes: u32,
}

impl FailedLogins {
    /// Whether there is a block now. Tries during a block are not counted, so that nobody can make
    /// it longer than the rule says.
    #[must_use]
    pub fn block(&self, rule: LockoutRule, now: Timestamp) -> bool {
        self.count >= rule.attempts && now < self.ends(rule)
    }

    fn ends(&self, rule: LockoutRule) -> Timestamp {
        self.last_at.plus_minutes(rule.minutes)
    }

    /// The count after one more failure. A block that has passed is forgiven: the count begins anew.
    #[must_use]
    pub fn after_failure(before: Option<&Self>, of: Suspect, rule: LockoutRule, now: Timestamp) -> Self {
        let forgiven = |before: &&Self| before.count < rule.attempts;
        Self {
            of,
            count: before
                .filter(forgiven)
                .map_or(0, |before| before.count)
                .saturating_add(1),
            last_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: LockoutRule = LockoutRule {
        attempts: 3,
        minutes: 5,
    };
    const MINUTE: i64 = 60_000;

    fn fail(before: Option<&FailedLogins>, at: i64) -> FailedLogins {
        let of = Suspect::User(UserId::new("ada"));
        FailedLogins::after_failure(before, of, RULE, Timestamp::from_millis(at))
    }

    #[test]
    fn the_third_failure_blocks_for_five_minutes_and_no_longer() {
        let one = fail(None, 0);
        let two = fail(Some(&one), 1);
        assert!(!two.block(RULE, Timestamp::from_millis(2)));
        let three = fail(Some(&two), 2);
        assert!(three.block(RULE, Timestamp::from_millis(2 + 5 * MINUTE - 1)));
        assert!(!three.block(RULE, Timestamp::from_millis(2 + 5 * MINUTE)));
    }

    #[test]
    fn after_a_block_the_count_begins_anew() {
        let blocked = FailedLogins {
            count: 3,
            ..fail(None, 0)
        };
        let again = fail(Some(&blocked), 6 * MINUTE);
        assert_eq!(again.count, 1);
        assert!(!again.block(RULE, Timestamp::from_millis(6 * MINUTE)));
    }
}
