//! Objects that are used for some calls each, so that the history of each stays small.

use std::sync::{Arc, Mutex, PoisonError};

/// An object of which the history ends at some time.
pub trait Wearing {
    /// Returns whether no further calls should use the object.
    fn is_worn(&self) -> bool;
}

/// The objects in use, one in each slot, and all that were used.
pub struct Rotation<T> {
    make: Box<dyn Fn(usize, usize) -> T + Send + Sync>,
    used: Mutex<Used<T>>,
}

struct Used<T> {
    slots: Vec<Arc<T>>,
    all: Vec<Arc<T>>,
    made: usize,
}

impl<T: Wearing> Rotation<T> {
    /// Returns so many slots. `make` gets the number of a slot and of an object.
    pub fn new(slots: usize, make: impl Fn(usize, usize) -> T + Send + Sync + 'static) -> Self {
        let first: Vec<_> = (0..slots).map(|slot| Arc::new(make(slot, slot))).collect();
        Self {
            make: Box::new(make),
            used: Mutex::new(Used {
                all: first.clone(),
                slots: first,
                made: slots,
            }),
        }
    }

    /// Returns the object in a slot, or a new one if that is worn.
    pub fn get(&self, slot: usize) -> Arc<T> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.slots[slot].is_worn() {
            let new = Arc::new((self.make)(slot, used.made));
            used.made += 1;
            used.slots[slot] = Arc::clone(&new);
            used.all.push(new);
        }
        Arc::clone(&used.slots[slot])
    }

    /// Returns all objects that were used.
    pub fn all(&self) -> Vec<Arc<T>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }
}
