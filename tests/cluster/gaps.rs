//! When writes were acknowledged, and by which server.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The acknowledged writes since the last reset.
pub struct Gaps(Mutex<Acknowledged>);

struct Acknowledged {
    began: Instant,
    /// The times, and the numbers of the servers.
    times: Vec<(Instant, usize)>,
}

/// The writes during some time.
#[derive(Debug, Clone, Copy)]
pub struct WriteFigures {
    /// The number of acknowledged writes.
    pub acknowledged: usize,
    /// The longest time without one at any server.
    pub longest_gap: Duration,
    /// The longest time without one at the server for which it was longest.
    pub longest_gap_at_one: Duration,
}

impl Default for Gaps {
    fn default() -> Self {
        Self(Mutex::new(Acknowledged {
            began: Instant::now(),
            times: Vec::new(),
        }))
    }
}

impl Gaps {
    /// Forgets all earlier writes.
    pub fn reset(&self) {
        self.with(|state| {
            state.began = Instant::now();
            state.times.clear();
        });
    }

    /// Notes a write that a server has just acknowledged.
    pub fn note(&self, server: usize) {
        self.with(|state| state.times.push((Instant::now(), server)));
    }

    /// Returns the numbers of acknowledged writes of each server.
    pub fn counts(&self) -> [usize; 3] {
        self.with(|state| [0, 1, 2].map(|server| state.times.iter().filter(|(_, at)| *at == server).count()))
    }

    /// Returns the figures of all writes until now.
    pub fn figures(&self) -> WriteFigures {
        self.with(|state| {
            let gap = |wanted: Option<usize>| {
                let times = state
                    .times
                    .iter()
                    .filter(|(_, at)| wanted.is_none_or(|wanted| *at == wanted));
                longest(state.began, times.map(|(time, _)| *time))
            };
            WriteFigures {
                acknowledged: state.times.len(),
                longest_gap: gap(None),
                longest_gap_at_one: (0..3).map(|server| gap(Some(server))).max().unwrap_or_default(),
            }
        })
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Acknowledged) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn longest(began: Instant, times: impl Iterator<Item = Instant>) -> Duration {
    let (mut before, mut longest) = (began, Duration::ZERO);
    for time in times.chain([Instant::now()]) {
        longest = longest.max(time.saturating_duration_since(before));
        before = time;
    }
    longest
}
