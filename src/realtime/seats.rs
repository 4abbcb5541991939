//! The sockets there are: how many, from where, and whom to tell what happens.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;

use super::anonymous::Anonymous;
use super::end::End;
use super::subscriber::Subscriber;
use crate::domain::SourceAddress;

/// How many sockets there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub all: usize,
    /// From one address.
    pub by_address: usize,
    /// Without a login.
    pub anonymous: usize,
    /// Without a login, from one address.
    pub anonymous_by_address: usize,
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
    by_source: HashMap<Option<SourceAddress>, usize>,
    anonymous: Anonymous,
    /// Sockets that made room for others before their sessions began.
    unseated: HashSet<u64>,
    subscribers: Subscribers,
    /// How many there ever were.
    ever: u64,
}

/// The place of a socket. It is taken until this is dropped.
pub(super) struct Seat {
    seats: Seats,
    source: Option<SourceAddress>,
    /// Its turn among the sockets without a login, unless it has one.
    turn: Option<u64>,
    /// No two sockets have the same.
    pub number: u64,
}

impl Seats {
    /// Takes a place for a socket without a login, if there is one left. If there are too many without a login then,
    /// those that were idle for longest are closed.
    pub fn take(&self, address: Option<IpAddr>, most: Most) -> Result<Seat, Full> {
        let source = address.map(SourceAddress::of);
        let mut taken = self.taken();
        if taken.all >= most.all {
            return Err(Full::Everywhere);
        }
        let from_there = taken.by_source.get(&source).copied().unwrap_or_default();
        if from_there >= most.by_address {
            return Err(Full::ForAddress);
        }
        taken.by_source.insert(source, from_there + 1);
        taken.all += 1;
        taken.ever += 1;
        let number = taken.ever;
        let turn = taken.anonymous.enter(number, source);
        taken.make_room(source, most);
        Ok(Seat {
            seats: self.clone(),
            source,
            turn: Some(turn),
            number,
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

impl Taken {
    /// Closes sockets without a login, the longest idle first, until a source and the server have no more of them
    /// than they may.
    fn make_room(&mut self, source: Option<SourceAddress>, most: Most) {
        while let Some(number) = self.anonymous.take_beyond_in(source, most.anonymous_by_address) {
            self.unseat(number);
        }
        while let Some(number) = self.anonymous.take_beyond(most.anonymous) {
            self.unseat(number);
        }
    }

    fn unseat(&mut self, number: u64) {
        match self.subscribers.get(&number) {
            Some(subscriber) => subscriber.outbox.shut(End::MadeRoom),
            None => drop(self.unseated.insert(number)),
        }
    }
}

impl Seat {
    /// Has a subscriber told what happens from now on.
    pub fn seat(&mut self, subscriber: Arc<Subscriber>) {
        let mut taken = self.seats.taken();
        if taken.unseated.remove(&self.number) {
            subscriber.outbox.shut(End::MadeRoom);
        }
        taken.subscribers.insert(self.number, subscriber);
    }

    /// Has the subscriber told nothing more.
    pub fn leave(&mut self) {
        self.seats.taken().subscribers.remove(&self.number);
    }

    /// Notes that the client said something. That counts while it has no login.
    pub fn touch(&mut self) {
        if let Some(turn) = &mut self.turn {
            *turn = self.seats.taken().anonymous.touch(*turn);
        }
    }

    /// Counts the socket no longer as one without a login.
    pub fn log_in(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.seats.taken().anonymous.remove(turn);
        }
    }

    /// Counts the socket as one without a login. If there are too many of them then, the longest idle are closed.
    pub fn log_out(&mut self, most: Most) {
        if self.turn.is_none() {
            let mut taken = self.seats.taken();
            self.turn = Some(taken.anonymous.enter(self.number, self.source));
            taken.make_room(self.source, most);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.subscribers.remove(&self.number);
        taken.unseated.remove(&self.number);
        if let Some(turn) = self.turn {
            taken.anonymous.remove(turn);
        }
        taken.all -= 1;
        let left = taken.by_source.remove(&self.source).unwrap_or_default();
        if left > 1 {
            taken.by_source.insert(self.source, left - 1);
        }
    }
}
