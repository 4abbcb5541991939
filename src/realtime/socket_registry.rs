//! The registry of open sockets: their number, their sources, and their subscribers.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;

use super::anonymous::Anonymous;
use super::close_reason::CloseReason;
use super::subscriber::Subscriber;
use crate::domain::SourceAddress;

/// The limits for open sockets.
#[derive(Debug, Clone, Copy)]
pub(super) struct SocketLimits {
    pub all: usize,
    /// The maximum number from one address.
    pub by_address: usize,
    /// The maximum number without a login.
    pub anonymous: usize,
    /// The maximum number without a login from one address.
    pub anonymous_by_address: usize,
}

/// The limit that a new socket exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitReached {
    /// The maximum for the whole server is reached.
    Everywhere,
    /// The maximum for the address is reached.
    ForAddress,
}

/// The registry of open sockets. Cloning is cheap; all clones share the same registry.
#[derive(Default, Clone)]
pub(super) struct SocketRegistry(Arc<Mutex<Taken>>);

/// The subscribers on all sockets, by socket number.
pub(super) type Subscribers = OrdMap<u64, Arc<Subscriber>>;

#[derive(Default)]
struct Taken {
    all: usize,
    by_source: HashMap<Option<SourceAddress>, usize>,
    anonymous: Anonymous,
    /// The sockets that must close to make room for others, but whose sessions have not started yet.
    unseated: HashSet<u64>,
    subscribers: Subscribers,
    /// The number of sockets since the start, for socket numbers.
    ever: u64,
}

/// The registration of a socket. Dropping it removes the socket from the registry.
pub(super) struct RegisteredSocket {
    seats: SocketRegistry,
    source: Option<SourceAddress>,
    /// The socket's turn among those without a login; `None` while it has a login.
    turn: Option<u64>,
    /// The unique number of the socket.
    pub number: u64,
}

impl SocketRegistry {
    /// Registers a socket without a login, if the limits allow it. If there are then too many sockets without a login,
    /// the longest idle ones are closed.
    pub(super) fn take(&self, address: Option<IpAddr>, most: SocketLimits) -> Result<RegisteredSocket, LimitReached> {
        let source = address.map(SourceAddress::of);
        let mut taken = self.taken();
        if taken.all >= most.all {
            return Err(LimitReached::Everywhere);
        }
        let from_there = taken.by_source.get(&source).copied().unwrap_or_default();
        if from_there >= most.by_address {
            return Err(LimitReached::ForAddress);
        }
        taken.by_source.insert(source, from_there + 1);
        taken.all += 1;
        taken.ever += 1;
        let number = taken.ever;
        let turn = taken.anonymous.enter(number, source);
        taken.make_room(source, most);
        Ok(RegisteredSocket {
            seats: self.clone(),
            source,
            turn: Some(turn),
            number,
        })
    }

    /// Returns the current subscribers.
    pub(super) fn subscribers(&self) -> Subscribers {
        self.taken().subscribers.clone()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Closes sockets without a login, the longest idle first, until the limits of the source and of the
    /// server are kept.
    fn make_room(&mut self, source: Option<SourceAddress>, most: SocketLimits) {
        while let Some(number) = self.anonymous.take_beyond_in(source, most.anonymous_by_address) {
            self.unseat(number);
        }
        while let Some(number) = self.anonymous.take_beyond(most.anonymous) {
            self.unseat(number);
        }
    }

    fn unseat(&mut self, number: u64) {
        match self.subscribers.get(&number) {
            Some(subscriber) => subscriber.outbox.shut(CloseReason::MadeRoom),
            None => drop(self.unseated.insert(number)),
        }
    }
}

impl RegisteredSocket {
    /// Adds the subscriber, which receives events from now on.
    pub(super) fn seat(&mut self, subscriber: Arc<Subscriber>) {
        let mut taken = self.seats.taken();
        if taken.unseated.remove(&self.number) {
            subscriber.outbox.shut(CloseReason::MadeRoom);
        }
        taken.subscribers.insert(self.number, subscriber);
    }

    /// Removes the subscriber, which receives no more events.
    pub(super) fn leave(&mut self) {
        self.seats.taken().subscribers.remove(&self.number);
    }

    /// Records a sign of life of the client. It matters only while the socket has no login.
    pub(super) fn touch(&mut self) {
        if let Some(turn) = &mut self.turn {
            *turn = self.seats.taken().anonymous.touch(*turn);
        }
    }

    /// Removes the socket from those without a login.
    pub(super) fn log_in(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.seats.taken().anonymous.remove(turn);
        }
    }

    /// Adds the socket to those without a login. If there are then too many of them, the longest idle ones are closed.
    pub(super) fn log_out(&mut self, most: SocketLimits) {
        if self.turn.is_none() {
            let mut taken = self.seats.taken();
            self.turn = Some(taken.anonymous.enter(self.number, self.source));
            taken.make_room(self.source, most);
        }
    }
}

impl Drop for RegisteredSocket {
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
