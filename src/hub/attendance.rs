//! Sockets of users that don't count for their presence, but have to hear of the end of their login.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::UserId;

/// How many such sockets each user has.
#[derive(Debug, Default, Clone)]
pub(super) struct Attendances(Arc<Mutex<HashMap<UserId, usize>>>);

/// One such socket. Dropping it ends it.
#[derive(Debug)]
pub struct Attendance {
    all: Attendances,
    user: UserId,
}

impl Attendances {
    fn counts(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a socket of a user.
    pub fn add(&self, user: &UserId) -> Attendance {
        *self.counts().entry(user.clone()).or_default() += 1;
        Attendance {
            all: self.clone(),
            user: user.clone(),
        }
    }

    /// Whether a user has such a socket.
    pub fn has(&self, user: &UserId) -> bool {
        self.counts().contains_key(user)
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}
