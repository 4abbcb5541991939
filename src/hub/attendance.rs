//! Counts of open sockets by user or token, including sockets that don't count for presence.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of open sockets of each user or token.
#[derive(Debug)]
pub(super) struct Attendances<Key>(Arc<Mutex<HashMap<Key, usize>>>);

/// One counted socket. Dropping it ends the count.
#[derive(Debug)]
pub struct Attendance<Key: Eq + Hash> {
    all: Attendances<Key>,
    key: Key,
}

impl<Key> Default for Attendances<Key> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<Key> Clone for Attendances<Key> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Key: Eq + Hash> Attendances<Key> {
    fn counts(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the user or token has an open socket.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.counts().contains_key(key)
    }
}

impl<Key: Clone + Eq + Hash> Attendances<Key> {
    /// Counts one more socket.
    pub(super) fn add(&self, key: &Key) -> Attendance<Key> {
        *self.counts().entry(key.clone()).or_default() += 1;
        Attendance {
            all: self.clone(),
            key: key.clone(),
        }
    }
}

impl<Key: Eq + Hash> Drop for Attendance<Key> {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}
