//! The clock of a store: it notices a clock of the machine that is wrong.
//!
//! The store has the time of its last commit. If the machine's clock differs from it by more than a day, or is before the
//! build of this program, the time is doubtful: the machine's clock may have lost its battery, or the server was off for
//! some days. Two cases differ:
//!
//! - The clock is ahead. Its time is used, so that what ends by it counts as ended. Nothing is erased for that reason, and no
//!   commit stores the time, until the doubt ends.
//! - The clock is behind. The time goes on from the last commit, so that nothing lasts longer than its own length, and no
//!   record has an earlier time than the records before it.
//!
//! A step back of at most a day is usual. Then the time goes on too, but it stops for six seconds of each minute, until the
//! machine's clock has caught up.
//!
//! The doubt ends when the clock is near the expected time again, or when the operator confirms the clock. After a day of
//! uptime without another jump, a clock that is ahead is believed. A clock that is behind stays doubtful, but from then on
//! data that has ended is erased.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::machine_clock::MachineClock;
use crate::domain::Timestamp;
use crate::domain::timestamp::DAY_MILLIS;

/// The difference from the expected time, in milliseconds, above which the clock is doubtful.
const DOUBT_MILLIS: i64 = DAY_MILLIS;

/// The uptime, in milliseconds, after which a clock that is ahead is believed.
const TRUST_MILLIS: i64 = DAY_MILLIS;

/// The milliseconds of each minute for which the time stops while the machine's clock is behind, so that the machine's
/// clock catches up.
const GAIN_MILLIS: i64 = 6_000;

/// The reason why the time is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The clock is later than expected by more than a day.
    Ahead {
        /// The time that was expected.
        expected: Timestamp,
    },
    /// The clock is earlier than expected by more than a day.
    Behind {
        /// The time that was expected, which is used instead.
        expected: Timestamp,
    },
    /// The clock is earlier than the build of this program.
    BeforeBuild {
        /// The time of the build.
        built: Timestamp,
    },
}

/// A time of the machine's clock, and the steady time at which it was read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: Timestamp,
    steady: Timestamp,
}

impl Reading {
    /// Returns the wall time that follows from this reading at a later steady time.
    fn expected(self, steady: Timestamp) -> Timestamp {
        self.wall.plus_millis(steady.as_millis() - self.steady.as_millis())
    }
}

/// How far the time can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// Why the time is doubtful, if it is.
    pub doubt: Option<Doubt>,
    /// `true` if data that has ended may be erased.
    pub may_erase: bool,
}

impl Trust {
    /// The trust in a time without doubt.
    pub const FULL: Self = Self {
        doubt: None,
        may_erase: true,
    };
}

/// The result of reading the clock.
#[derive(Debug, Clone, Copy)]
struct Time {
    /// The time to use.
    now: Timestamp,
    trust: Trust,
}

impl Time {
    const fn believed(now: Timestamp) -> Self {
        Self {
            now,
            trust: Trust::FULL,
        }
    }
}

#[derive(Debug)]
struct State {
    /// The last reading that was believed.
    believed: Reading,
    /// The latest time that was used, except times of a clock that was ahead. The time never goes back before it.
    used: Timestamp,
    /// The time from which the time goes on by itself, while the machine's clock is behind it.
    own: Option<Reading>,
    /// The first reading after the last jump of a doubtful clock.
    since: Option<Reading>,
    /// `true` after the operator has confirmed the clock.
    is_confirmed: bool,
}

impl State {
    /// Believes the machine's clock, and returns the time at this reading.
    fn believe(&mut self, reading: Reading) -> Time {
        self.believed = reading;
        self.since = None;
        Time::believed(self.go_on(reading, GAIN_MILLIS))
    }

    /// Returns the time at this reading. It is never earlier than a time before it. While the machine's clock is behind,
    /// the time goes on by itself, but stops for `gain_millis` of each minute.
    fn go_on(&mut self, reading: Reading, gain_millis: i64) -> Timestamp {
        let own = *self.own.get_or_insert(Reading {
            wall: self.used,
            steady: reading.steady,
        });
        let minutes = (reading.steady.as_millis() - own.steady.as_millis()).div_euclid(60_000);
        let own = own.expected(reading.steady).plus_millis(-gain_millis * minutes);
        if reading.wall >= own.max(self.used) {
            self.own = None;
        }
        self.used = own.max(reading.wall).max(self.used);
        self.used
    }
}

/// The clock of a store.
#[derive(Debug)]
pub(super) struct StoreClock {
    pub(super) source: MachineClock,
    /// The time of the build; earlier times are doubtful.
    built: Timestamp,
    state: Mutex<State>,
    pub(super) confirmed: Notify,
}

impl StoreClock {
    /// Creates the clock of a store whose last commit was made at this time, if it is known.
    pub(super) fn new(source: MachineClock, built: Timestamp, last_commit: Option<Timestamp>) -> Self {
        let wall = last_commit.unwrap_or_else(|| source.wall().max(built));
        let steady = source.steady();
        Self {
            built,
            state: Mutex::new(State {
                believed: Reading { wall, steady },
                used: wall,
                own: None,
                since: None,
                is_confirmed: false,
            }),
            source,
            confirmed: Notify::new(),
        }
    }

    /// Returns the time to use.
    pub(super) fn now(&self) -> Timestamp {
        self.read().now
    }

    /// Returns how far the time can be relied on.
    pub(super) fn trust(&self) -> Trust {
        self.read().trust
    }

    /// Returns the time for a commit to store; `None` if the clock is ahead.
    pub(super) fn believed(&self) -> Option<Timestamp> {
        let time = self.read();
        (!matches!(time.trust.doubt, Some(Doubt::Ahead { .. }))).then_some(time.now)
    }

    /// Believes the clock from now on, also if it is earlier than the last commit.
    pub(super) fn confirm(&self) {
        let mut state = self.lock();
        let (wall, steady) = self.source.wall_and_steady();
        state.believed = Reading { wall, steady };
        state.used = wall;
        state.own = None;
        state.since = None;
        state.is_confirmed = true;
        drop(state);
        self.confirmed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Time {
        let mut state = self.lock();
        let (wall, steady) = self.source.wall_and_steady();
        let reading = Reading { wall, steady };
        let expected = state.believed.expected(reading.steady);
        let difference = reading.wall.as_millis().saturating_sub(expected.as_millis());
        let doubt = if difference > DOUBT_MILLIS {
            Doubt::Ahead { expected }
        } else if difference < -DOUBT_MILLIS {
            Doubt::Behind { expected }
        } else if reading.wall < self.built && !state.is_confirmed {
            Doubt::BeforeBuild { built: self.built }
        } else {
            return state.believe(reading);
        };
        let jumped = |since: &Reading| {
            let apart = reading
                .wall
                .as_millis()
                .saturating_sub(since.expected(reading.steady).as_millis());
            apart.saturating_abs() > DOUBT_MILLIS
        };
        let since = *match &mut state.since {
            Some(since) if !jumped(since) => since,
            since => since.insert(reading),
        };
        let is_old = reading.steady.as_millis() - since.steady.as_millis() >= TRUST_MILLIS;
        let is_ahead = matches!(doubt, Doubt::Ahead { .. });
        if is_old && is_ahead {
            return state.believe(reading);
        }
        let now = if is_ahead {
            reading.wall
        } else {
            state.go_on(reading, 0)
        };
        Time {
            now,
            trust: Trust {
                doubt: Some(doubt),
                may_erase: is_old,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::machine_clock::SetClock;
    use super::*;

    const START: i64 = 1_700_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// Returns a clock of a store whose last commit was at `START`, and the machine's clock, which is off by this much.
    fn opened(off_millis: i64) -> (StoreClock, Arc<SetClock>) {
        let set = SetClock::at(START + off_millis);
        let clock = StoreClock::new(MachineClock::Set(Arc::clone(&set)), at(0), Some(at(START)));
        (clock, set)
    }

    #[test]
    fn a_clock_near_the_last_commit_is_believed() {
        for off in [-DAY_MILLIS, -1, 0, 1, DAY_MILLIS] {
            let (clock, _) = opened(off);
            assert_eq!((clock.trust().doubt, clock.trust().may_erase), (None, true), "{off}");
            assert_eq!(clock.now(), at(START + off.max(0)), "no time is before the last commit");
        }
    }

    #[test]
    fn a_clock_far_ahead_is_used_but_neither_erases_nor_is_stored_for_a_day() {
        let (clock, set) = opened(1000 * DAY_MILLIS);
        assert_eq!(clock.trust().doubt, Some(Doubt::Ahead { expected: at(START) }));
        assert_eq!(clock.now(), at(START + 1000 * DAY_MILLIS));
        assert_eq!((clock.trust().may_erase, clock.believed()), (false, None));
        set.pass(DAY_MILLIS - 1);
        assert!(!clock.trust().may_erase);
        set.pass(1);
        assert_eq!((clock.trust().doubt, clock.trust().may_erase), (None, true));
        assert_eq!(clock.believed(), Some(at(START + 1001 * DAY_MILLIS)));
    }

    #[test]
    fn a_clock_that_jumps_again_begins_its_day_again_and_one_that_returns_is_believed() {
        let (clock, set) = opened(1000 * DAY_MILLIS);
        assert!(clock.trust().doubt.is_some());
        set.pass(DAY_MILLIS / 2);
        set.set_back(-500 * DAY_MILLIS);
        assert!(!clock.trust().may_erase);
        set.pass(DAY_MILLIS - 1);
        assert!(!clock.trust().may_erase, "the day began with the second jump");
        set.set_back(1500 * DAY_MILLIS);
        assert_eq!(clock.trust().doubt, None);
        assert_eq!(clock.now(), at(START + DAY_MILLIS / 2 + DAY_MILLIS - 1));
    }

    #[test]
    fn a_clock_that_jumps_while_the_server_runs_is_doubtful_too() {
        let (clock, set) = opened(0);
        assert_eq!(clock.trust().doubt, None);
        set.set_back(-DAY_MILLIS - 1);
        assert!(matches!(clock.trust().doubt, Some(Doubt::Ahead { .. })));
        set.set_back(DAY_MILLIS + 1);
        assert_eq!(clock.trust().doubt, None);
        set.set_back(DAY_MILLIS + 1);
        assert!(matches!(clock.trust().doubt, Some(Doubt::Behind { .. })));
    }

    #[test]
    fn with_a_clock_behind_the_time_goes_on_from_the_last_commit_and_erases_after_a_day() {
        let (clock, set) = opened(-1000 * DAY_MILLIS);
        assert_eq!(clock.trust().doubt, Some(Doubt::Behind { expected: at(START) }));
        assert_eq!((clock.now(), clock.trust().may_erase), (at(START), false));
        set.pass(5_000);
        assert_eq!(
            (clock.now(), clock.believed()),
            (at(START + 5_000), Some(at(START + 5_000)))
        );
        set.pass(DAY_MILLIS);
        assert!(
            clock.trust().may_erase,
            "what ended by this time has lasted for its own length"
        );
        assert_eq!(clock.now(), at(START + 5_000 + DAY_MILLIS));
        assert!(clock.trust().doubt.is_some(), "the machine's clock is still wrong");
    }

    #[test]
    fn after_a_small_step_back_time_goes_on_and_the_clock_catches_up() {
        let (clock, set) = opened(0);
        assert_eq!(clock.now(), at(START));
        set.set_back(60_000);
        assert_eq!((clock.now(), clock.trust().doubt), (at(START), None));
        set.pass(5_000);
        assert_eq!(clock.now(), at(START + 5_000), "a short time is not longer than usual");
        let mut last = clock.now();
        for second in 6..=610 {
            set.pass(1_000);
            let now = clock.now();
            assert!(
                now >= last && now.as_millis() - last.as_millis() <= 1_000,
                "second {second}"
            );
            last = now;
        }
        assert_eq!(last, clock.source.wall(), "the clock has caught up");
        set.pass(1_000);
        assert_eq!(clock.now(), clock.source.wall());
    }

    #[test]
    fn the_operator_can_confirm_a_clock_in_both_directions() {
        for off in [1000 * DAY_MILLIS, -1000 * DAY_MILLIS] {
            let (clock, _) = opened(off);
            assert!(clock.trust().doubt.is_some());
            clock.confirm();
            assert_eq!((clock.trust().doubt, clock.trust().may_erase), (None, true));
            assert_eq!(clock.believed(), Some(at(START + off)));
        }
    }

    #[test]
    fn a_clock_before_the_build_is_doubtful_in_a_new_store_too() {
        let set = SetClock::at(5);
        let built = at(START);
        let clock = StoreClock::new(MachineClock::Set(Arc::clone(&set)), built, None);
        assert!(matches!(clock.trust().doubt, Some(Doubt::Behind { .. })));
        assert!(clock.now() >= built);
        let near = SetClock::at(START - 1000);
        let clock = StoreClock::new(MachineClock::Set(near), built, Some(at(START)));
        assert_eq!(clock.trust().doubt, Some(Doubt::BeforeBuild { built }));
        clock.confirm();
        assert_eq!(clock.trust().doubt, None);
    }
}
