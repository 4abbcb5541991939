//! The memory for request bodies: a budget for all bodies, and a limit per caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::rates::RateKey;
use crate::domain::RequestError;

/// Seconds after which a client whose body was refused for lack of memory may retry.
const RETRY_AFTER_SECONDS: u32 = 2;

/// The memory budget of all bodies. Clones are cheap and share the budget.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    reserved: Arc<Mutex<Reserved>>,
    all_bytes: usize,
    caller_bytes: usize,
}

#[derive(Debug, Default)]
struct Reserved {
    bytes: usize,
    by_caller: HashMap<RateKey, usize>,
}

/// The reserved memory of one body. Dropping it releases the memory.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Budget,
    caller: RateKey,
    bytes: usize,
}

impl Budget {
    /// Returns a budget with nothing reserved: a number of bytes for all bodies, and one for those of one caller.
    #[must_use]
    pub(crate) fn new(all_bytes: usize, caller_bytes: usize) -> Self {
        Self {
            reserved: Arc::default(),
            all_bytes,
            caller_bytes,
        }
    }

    /// Returns an empty reservation for a caller.
    #[must_use]
    pub(crate) fn open(&self, caller: RateKey) -> Reservation {
        Reservation {
            budget: self.clone(),
            caller,
            bytes: 0,
        }
    }

    fn reserved(&self) -> MutexGuard<'_, Reserved> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Reserves more bytes for this body.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if the budget or the caller's limit would be exceeded.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), RequestError> {
        let mut reserved = self.budget.reserved();
        let own = reserved.by_caller.get(&self.caller).copied().unwrap_or_default();
        if reserved.bytes + bytes > self.budget.all_bytes || own + bytes > self.budget.caller_bytes {
            return Err(RequestError::Overloaded {
                retry_after: RETRY_AFTER_SECONDS,
            });
        }
        reserved.bytes += bytes;
        reserved.by_caller.insert(self.caller.clone(), own + bytes);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut reserved = self.budget.reserved();
        reserved.bytes -= self.bytes;
        let own = reserved.by_caller.remove(&self.caller).unwrap_or_default();
        if own > self.bytes {
            reserved.by_caller.insert(self.caller.clone(), own - self.bytes);
        }
    }
}
