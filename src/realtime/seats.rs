//! The sockets there are: how many, from where, and whom to tell what happens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;

use super::subscriber::Subscriber;

/// How many sockets there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub all: usize,
    pub by_address: usize,
}

/// Why no more sockets are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many as the server takes.
    Everywhere,
    /// There are as many as it takes from one address.
    ForAddress,
}

/// The places of all sockets. Cloning is cheap; all clones are the same places.
#[derive(Default, Clone)]
pub(super) struct Seats(Arc<Mutex<Taken>>);

/// The subscribers on all sockets, by the numbers of their places.
pub(super) type Subscribers = OrdMap<u64, Arc<Subscriber>>;

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<Option<IpAddr>, usize>,
    subscribers: Subscribers,
    /// How many there ever were.
    ever: u64,
}

/// The place of a socket. It is taken until this is dropped.
pub(super) struct Seat {
    seats: Seats,
    address: Option<IpAddr>,
    /// No two sockets have the same.
    pub number: u64,
}

impl Seats {
    /// Takes a place, if there is one left.
    pub fn take(&self, address: Option<IpAddr>, most: Most) -> Result<Seat, Full> {
        let mut taken = self.taken();
        if taken.all >= most.all {
            return Err(Full::Everywhere);
        }
        let from_there = taken.by_address.get(&address).copied().unwrap_or_default();
        if from_there >= most.by_address {
            return Err(Full::ForAddress);
        }
        taken.by_address.insert(address, from_there + 1);
        taken.all += 1;
        taken.ever += 1;
        Ok(Seat {
            seats: self.clone(),
            address,
            number: taken.ever,
        })
    }

    /// Whom to tell what happens, as of now.
    pub fn subscribers(&self) -> Subscribers {
        self.taken().subscribers.clone()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Has a subscriber told what happens from now on.
    pub fn seat(&mut self, subscriber: Arc<Subscriber>) {
        self.seats.taken().subscribers.insert(self.number, subscriber);
    }

    /// Has the subscriber told nothing more.
    pub fn leave(&mut self) {
        self.seats.taken().subscribers.remove(&self.number);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.subscribers.remove(&self.number);
        taken.all -= 1;
        let left = taken.by_address.remove(&self.address).unwrap_or_default();
        if left > 1 {
            taken.by_address.insert(self.address, left - 1);
        }
    }
}
