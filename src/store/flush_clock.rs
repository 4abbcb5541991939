//! Measures the time that the disk takes for one batch, and reports a stall.
//!
//! A flush that takes too long counts as a failed disk. An engine may also wait for ever although a write of its own threads
//! has failed. So each tick wakes it. The time is counted in ticks of a thread of this process. If the process was stopped
//! or the machine slept, the pause counts as one tick at most, so it is not mistaken for a failed disk.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, warn};

/// The time between two checks of a running flush.
const TICK: Duration = Duration::from_secs(1);

/// The state of the disk: stalled or not, and the number of stalls since the store was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stalls {
    pub(super) count: u64,
    pub(super) is_stalled: bool,
}

/// A function that wakes a write that waits in vain.
type Waker = Box<dyn Fn() + Send>;

#[derive(Default)]
struct State {
    /// The ticks of the running flush; `None` between flushes.
    flush_ticks: Option<u64>,
    /// Wakes the running work if it waits for a write that has failed.
    waker: Option<Waker>,
    /// The number of flushes that have begun.
    flushes: u64,
    /// True while the counting thread waits for the next flush and counts no ticks.
    is_resting: bool,
    has_ended: bool,
}

/// Counts the ticks of the running flush.
pub(super) struct FlushClock {
    state: Mutex<State>,
    changed: Condvar,
    stalls: watch::Sender<Stalls>,
    /// The number of ticks after which a flush counts as stalled.
    max_ticks: u64,
    /// Lets a test block the writer before the disk.
    #[cfg(test)]
    pub(super) gate: FlushGate,
}

/// Blocks the writer before the disk while a test holds the lock.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct FlushGate {
    pub(super) lock: Mutex<()>,
    pub(super) is_reached: std::sync::atomic::AtomicBool,
}

#[cfg(test)]
impl FlushGate {
    pub(super) fn pass(&self) {
        self.is_reached.store(true, std::sync::atomic::Ordering::Release);
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.is_reached.store(false, std::sync::atomic::Ordering::Release);
    }
}

impl FlushClock {
    /// Creates the clock and starts the thread that counts its ticks. A flush counts as stalled after this many seconds.
    ///
    /// # Errors
    /// The error of the operating system.
    pub(super) fn start(max_seconds: u64) -> io::Result<Arc<Self>> {
        let clock = Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            stalls: watch::channel(Stalls::default()).0,
            max_ticks: max_seconds / TICK.as_secs(),
            #[cfg(test)]
            gate: FlushGate::default(),
        });
        let counting = Arc::clone(&clock);
        thread::Builder::new()
            .name("store-flush-clock".into())
            .spawn(move || counting.count())?;
        Ok(clock)
    }

    /// Runs the disk's work for one batch, and counts its time.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.begin(None);
        let outcome = work();
        self.end();
        outcome
    }

    /// Runs work that writes, counts its time, and calls `waker` at each tick.
    pub(super) fn during_write<T>(&self, waker: Waker, work: impl FnOnce() -> T) -> T {
        self.begin(Some(waker));
        let outcome = work();
        self.end();
        outcome
    }

    /// Returns the current state of the disk.
    pub(super) fn stalls(&self) -> Stalls {
        *self.stalls.borrow()
    }

    /// Returns a receiver that gets each begin and end of a stall.
    pub(super) fn subscribe(&self) -> watch::Receiver<Stalls> {
        self.stalls.subscribe()
    }

    /// Ends the counting thread.
    pub(super) fn finish(&self) {
        self.lock().has_ended = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, waker: Option<Waker>) {
        let mut state = self.lock();
        state.flush_ticks = Some(0);
        state.waker = waker;
        state.flushes += 1;
        if state.is_resting {
            state.is_resting = false;
            self.changed.notify_all();
        }
    }

    fn end(&self) {
        let mut state = self.lock();
        state.flush_ticks = None;
        let waker = state.waker.take();
        let resumed = self.stalls.send_if_modified(|stalls| {
            let was_stalled = stalls.is_stalled;
            stalls.is_stalled = false;
            was_stalled
        });
        drop(state);
        drop(waker);
        if resumed {
            warn!("the store takes writes again");
        }
    }

    /// Counts ticks while there are flushes, and waits while there are none.
    fn count(&self) {
        let mut state = self.lock();
        let mut seen = state.flushes;
        while !state.has_ended {
            if state.flush_ticks.is_none() && state.flushes == seen {
                state.is_resting = true;
                let is_waiting = |state: &mut State| state.is_resting && !state.has_ended;
                let waited = self.changed.wait_while(state, is_waiting);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            seen = state.flushes;
            let waited = self.changed.wait_timeout_while(state, TICK, |state| !state.has_ended);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            self.count_tick(&mut state);
        }
    }

    fn count_tick(&self, state: &mut State) {
        if let Some(waker) = &state.waker {
            waker();
        }
        let Some(ticks) = &mut state.flush_ticks else {
            return;
        };
        *ticks += 1;
        if *ticks == self.max_ticks {
            self.stalls.send_modify(|stalls| {
                stalls.count += 1;
                stalls.is_stalled = true;
            });
            error!(
                "the store has not taken a write for {} seconds: writes are refused until it does",
                TICK.as_secs() * self.max_ticks
            );
        }
    }

    /// Counts one tick, as the counting thread does each second.
    #[cfg(test)]
    pub(super) fn tick(&self) {
        self.count_tick(&mut self.lock());
    }

    /// Counts ticks until the flush counts as stalled.
    #[cfg(test)]
    pub(super) fn stall(&self) {
        while !self.stalls().is_stalled {
            self.tick();
            thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_SECONDS: u64 = 30;

    #[test]
    fn only_ticks_of_one_flush_count() {
        let clock = FlushClock::start(MAX_SECONDS).expect("a thread");
        for _ in 0..MAX_SECONDS * 2 {
            clock.during(|| clock.tick());
            clock.tick();
        }
        assert_eq!(
            clock.stalls(),
            Stalls::default(),
            "no flush took more than a tick or two"
        );
        clock.finish();
    }

    #[test]
    fn a_flush_that_takes_too_long_is_a_stall_and_its_end_ends_the_stall() {
        let clock = FlushClock::start(MAX_SECONDS).expect("a thread");
        let stalled = Stalls {
            count: 1,
            is_stalled: true,
        };
        clock.during(|| {
            clock.stall();
            assert_eq!(clock.stalls(), stalled);
        });
        let over = Stalls {
            is_stalled: false,
            ..stalled
        };
        assert_eq!(clock.stalls(), over);
        clock.finish();
    }
}
