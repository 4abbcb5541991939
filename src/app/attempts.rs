//! In-memory state of login attempts: the queue for verifications, and failed logins with unknown names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::account_key::AccountKey;
use super::turns::{QueueFull, Turn, TurnLimits, TurnRoom, Turns};
use super::{Overrides, Settings};
use crate::clock::Clock;
use crate::domain::{Failures, LockoutKey, LockoutRule, SettingId, SourceAddress, Timestamp};
use crate::store::Store;

/// The maximum number of unknown names whose failures are stored. Beyond it, the name whose last failure is the
/// oldest is removed.
const MAX_UNKNOWN_NAMES: usize = 10_000;

/// The in-memory state of login attempts: turns, and failures of unknown names.
pub struct Attempts {
    turns: Arc<Turns>,
    unknown: Arc<UnknownNames>,
}

impl Attempts {
    pub(super) fn new(store: &Store, clock: &Clock, fixed: &Arc<Overrides>) -> Self {
        let unknown = Arc::new(UnknownNames::default());
        let limits = InForce {
            store: store.clone(),
            clock: clock.clone(),
            fixed: Arc::clone(fixed),
            unknown: Arc::clone(&unknown),
        };
        Self {
            turns: Turns::new(limits),
            unknown,
        }
    }

    /// Waits for a turn to verify a password, a code or another secret. `account` is `None` for secrets of the server.
    ///
    /// # Errors
    /// [`QueueFull`] if too many verifications of the account or the address are already waiting.
    pub async fn take_turn(
        &self,
        account: Option<AccountKey>,
        source: Option<SourceAddress>,
    ) -> Result<Turn, QueueFull> {
        self.turns.take(account, source).await
    }

    /// Returns the numbers of verifications that have their turn, and of those that wait.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        self.turns.load()
    }

    /// Returns the failed logins with names that no user has.
    #[must_use]
    pub fn unknown_names(&self) -> &UnknownNames {
        &self.unknown
    }
}

/// The failed logins with names that no user has. They are counted like those of users, so that a block does not reveal
/// whether a user exists.
#[derive(Default)]
pub struct UnknownNames(Mutex<HashMap<[u8; 32], Failures>>);

impl UnknownNames {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the failures of a name.
    #[must_use]
    pub fn failures(&self, name: &[u8; 32]) -> Failures {
        self.lock().get(name).cloned().unwrap_or_default()
    }

    /// Counts a failure of a name, and returns whether it starts a block.
    pub fn count(&self, name: &[u8; 32], rule: LockoutRule, now: Timestamp) -> bool {
        let mut names = self.lock();
        let before = names.get(name).cloned().unwrap_or_default();
        if before.block(rule, now) {
            return false;
        }
        if names.len() >= MAX_UNKNOWN_NAMES && !names.contains_key(name) {
            let oldest = names.iter().min_by_key(|(_, failures)| failures.last_at());
            if let Some(oldest) = oldest.map(|(name, _)| *name) {
                names.remove(&oldest);
            }
        }
        let after = before.after_failure(rule, now);
        let blocked = after.block(rule, now);
        names.insert(*name, after);
        blocked
    }

    /// Removes names whose last failure was before this time.
    pub fn forget_before(&self, end: Timestamp) {
        self.lock().retain(|_, failures| failures.last_at() >= Some(end));
    }
}

/// The limits of the queue, from the current settings. An account or address that is close to its block gets fewer
/// turns at once, so that the running verifications can't exceed the limit together.
struct InForce {
    store: Store,
    clock: Clock,
    fixed: Arc<Overrides>,
    unknown: Arc<UnknownNames>,
}

impl InForce {
    fn settings(&self) -> Settings {
        Settings::new(self.store.read(), Arc::clone(&self.fixed))
    }

    fn stored(&self, of: &LockoutKey) -> Failures {
        let snapshot = self.store.read();
        snapshot
            .failed_logins(of)
            .map(|failed| failed.failures.clone())
            .unwrap_or_default()
    }

    fn at_once(&self, most: u32, rule: Option<LockoutRule>, failures: impl FnOnce() -> Failures) -> u32 {
        rule.map_or(most, |rule| failures().room(rule, self.clock.steady()).min(most))
    }
}

impl TurnLimits for InForce {
    fn of_account(&self, account: &AccountKey) -> TurnRoom {
        let settings = self.settings();
        let most = settings.number(SettingId::VerificationsPerUser);
        let rule = settings.user_lockout();
        let at_once = |failures: Failures| self.at_once(most, rule, || failures);
        let at_once = match account {
            // A verification may be counted for either key.
            AccountKey::Known(id) => LockoutKey::of_user(id).map(|suspect| at_once(self.stored(&suspect))),
            AccountKey::Unknown(name) => [at_once(self.unknown.failures(name)); 2],
        };
        TurnRoom {
            at_once: at_once[0].min(at_once[1]),
            waiting: settings.number(SettingId::WaitingPerUser),
        }
    }

    fn of_source(&self, source: Option<SourceAddress>) -> TurnRoom {
        let settings = self.settings();
        let failures = || source.map_or_else(Failures::default, |source| self.stored(&LockoutKey::Address(source)));
        TurnRoom {
            at_once: self.at_once(
                settings.number(SettingId::VerificationsPerAddress),
                settings.address_lockout(),
                failures,
            ),
            waiting: settings.number(SettingId::WaitingPerAddress),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: LockoutRule = LockoutRule {
        attempts: 2,
        millis: 5 * 60_000,
        fades: false,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn unknown_names_are_counted_within_a_bound() {
        let names = UnknownNames::default();
        let name = |number: i64| match AccountKey::unknown(&number.to_string()) {
            AccountKey::Unknown(name) => name,
            AccountKey::Known(_) => unreachable!("the key of an unknown name"),
        };
        assert!(!names.count(&name(0), RULE, at(0)));
        assert!(names.count(&name(0), RULE, at(1)), "the second failure begins a block");
        assert!(
            !names.count(&name(0), RULE, at(2)),
            "a failure during a block begins none"
        );
        assert!(names.failures(&name(0)).block(RULE, at(3)));
        for number in 1..=10_000 {
            names.count(&name(number), RULE, at(10 + number));
        }
        assert_eq!(names.lock().len(), MAX_UNKNOWN_NAMES);
        assert_eq!(names.failures(&name(0)), Failures::default(), "the oldest is forgotten");
        names.forget_before(at(10 + 9_999));
        assert_eq!(names.lock().len(), 2);
    }
}
