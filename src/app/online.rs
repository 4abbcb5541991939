//! The number of users who are not offline, counted seldom: callers without a login may ask for it often.

use std::sync::{Mutex, PoisonError};

use crate::domain::Timestamp;

/// A count and the steady time at which it was made.
#[derive(Default)]
pub struct OnlineCount(Mutex<Option<(Timestamp, usize)>>);

impl OnlineCount {
    /// Returns the last count, or counts again if it is as old as this. Callers who come meanwhile wait for the one count.
    pub fn get(&self, now: Timestamp, kept_millis: i64, count: impl FnOnce() -> usize) -> usize {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, number)) if now.as_millis() - at.as_millis() < kept_millis => number,
            _ => {
                let number = count();
                *last = Some((now, number));
                number
            }
        }
    }
}
