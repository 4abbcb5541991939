//! A cached count of the users who are not offline, because callers without a login may request it often.

use std::sync::{Mutex, PoisonError};

use crate::domain::Timestamp;

/// The last count, with the steady time at which it was made.
#[derive(Default)]
pub struct OnlineCount(Mutex<Option<(Timestamp, usize)>>);

impl OnlineCount {
    /// Returns the last count, or counts again if it is at least `kept_millis` old. Concurrent callers wait
    /// for one count.
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
