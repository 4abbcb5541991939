//! The time, from outside, so that a test can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// What time it is: the system's, or one that somebody sets.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's time.
    System,
    /// Stands still at a number of milliseconds since 1970 until somebody stores another.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                // A clock before 1970 is wrong in any case.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(millis) => Timestamp::from_millis(millis.load(Ordering::Acquire)),
        }
    }
}
