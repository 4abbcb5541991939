//! Many concurrent sockets of different users, and their common counters.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::measure::Latencies;
use crate::{socket_driver, stream_driver};

/// Size of the read buffer that all sockets share, in bytes.
const BUFFER: usize = 64 * 1024;

/// The interval at which a wait checks its condition. The printed times are recorded by the sockets themselves.
const LOOK: Duration = Duration::from_millis(2);

/// The interface that a crowd uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// The realtime protocol over `WebSocket`s.
    Sockets,
    /// Streams of events of the pages.
    Streams,
}

/// The sockets. Dropping this closes them.
pub struct Crowd {
    interface: Interface,
    common: Rc<Common>,
    sockets: JoinSet<()>,
    tokens: Vec<String>,
}

/// The state that all sockets share.
pub struct Common {
    /// The addresses of the servers; empty while no server runs.
    addresses: watch::Sender<Vec<SocketAddr>>,
    /// True if sockets subscribe as soon as they are logged in.
    subscribe: watch::Sender<bool>,
    pub counts: RefCell<Counts>,
    /// The change of a status that all sockets are to receive.
    pub watched: RefCell<Option<Watched>>,
    /// The bytes that were just read. They are handled before the next read.
    pub buffer: RefCell<Vec<u8>>,
}

/// The common counters of all sockets.
#[derive(Debug, Clone)]
pub struct Counts {
    /// Sockets that are logged in now.
    pub logged_in: usize,
    /// Sockets that are subscribed now.
    pub ready: usize,
    /// The time of the last answered handshake.
    pub last_accepted: Instant,
    /// The time of the last login or subscription.
    pub last_step: Instant,
    /// Refused logins and subscriptions since [`Crowd::count_anew`], like all counters below.
    pub refused: u64,
    /// Connections that failed before their handshake was answered.
    pub unconnected: u64,
    /// Sockets that the server closed.
    pub closed: u64,
    /// Reconnects because of one of these failures.
    pub again: u64,
    /// Presence events received, for other users or for the socket's own user.
    pub changes: u64,
    /// The time of the last presence event.
    pub last_change: Option<Instant>,
    /// The errors that ended sockets, with the number of sockets for each.
    pub causes: BTreeMap<String, u64>,
}

/// A change of a status that all sockets are to receive.
pub struct Watched {
    /// The number that identifies the change.
    pub number: u64,
    began: Instant,
    /// The number of sockets that have received it.
    heard: usize,
    /// The time at which the last of them received it.
    last: Instant,
    latencies: Latencies,
}

impl Watched {
    /// Counts a socket that received the change.
    pub fn hear(&mut self, now: Instant) {
        self.heard += 1;
        self.last = now;
        self.latencies.record(now - self.began);
    }
}

impl Common {
    /// Waits until a server runs, and returns the address for the socket with this number: each server has as many.
    pub async fn server(&self, number: usize) -> SocketAddr {
        let mut addresses = self.addresses.subscribe();
        loop {
            let now = addresses.borrow_and_update().clone();
            if let Some(address) = now.get(number % now.len().max(1)) {
                return *address;
            }
            // This cannot fail, since `self` has the sender.
            let _ = addresses.changed().await;
        }
    }

    /// Returns whether a server runs.
    pub fn is_open(&self) -> bool {
        !self.addresses.borrow().is_empty()
    }

    /// Returns whether sockets subscribe as soon as they are logged in.
    pub fn is_to_subscribe(&self) -> bool {
        *self.subscribe.borrow()
    }

    /// Waits until sockets are to subscribe.
    pub async fn to_subscribe(&self) {
        // This cannot fail, since `self` has the sender.
        let _ = self.subscribe.subscribe().wait_for(|subscribe| *subscribe).await;
    }
}

impl Counts {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            logged_in: 0,
            ready: 0,
            last_accepted: now,
            last_step: now,
            refused: 0,
            unconnected: 0,
            closed: 0,
            again: 0,
            changes: 0,
            last_change: None,
            causes: BTreeMap::new(),
        }
    }
}

impl Crowd {
    /// Creates a socket for each token, not connected yet.
    pub fn new(interface: Interface, tokens: Vec<String>) -> Self {
        let common = Common {
            addresses: watch::Sender::new(Vec::new()),
            subscribe: watch::Sender::new(false),
            counts: RefCell::new(Counts::new()),
            watched: RefCell::default(),
            buffer: RefCell::new(vec![0; BUFFER]),
        };
        Self {
            interface,
            common: Rc::new(common),
            sockets: JoinSet::new(),
            tokens,
        }
    }

    /// Returns the number of sockets.
    pub fn size(&self) -> usize {
        self.tokens.len()
    }

    /// Connects and logs in all sockets at the same time. A socket that is closed reconnects.
    pub fn gather(&mut self) {
        for (number, token) in self.tokens.iter().enumerate() {
            let (common, token) = (Rc::clone(&self.common), token.clone());
            match self.interface {
                Interface::Sockets => self.sockets.spawn_local(socket_driver::keep(common, number, token)),
                Interface::Streams => self.sockets.spawn_local(stream_driver::keep(common, number, token)),
            };
        }
    }

    /// Drops all sockets at the same time, without a close frame.
    pub async fn scatter(&mut self) {
        self.sockets.shutdown().await;
    }

    /// Subscribes all sockets now. Sockets that log in later subscribe at once.
    pub fn subscribe(&self) {
        self.common.subscribe.send_replace(true);
    }

    /// Sets the addresses of the servers. Without any, sockets wait until there is one before they reconnect.
    pub fn set_servers(&self, addresses: &[SocketAddr]) {
        self.common.addresses.send_replace(addresses.to_vec());
    }

    /// Returns a copy of the counters.
    pub fn counts(&self) -> Counts {
        self.common.counts.borrow().clone()
    }

    /// Resets the counters of events.
    pub fn count_anew(&self) {
        let mut counts = self.common.counts.borrow_mut();
        *counts = Counts {
            logged_in: counts.logged_in,
            ready: counts.ready,
            ..Counts::new()
        };
    }

    /// Waits until the counters satisfy a condition.
    ///
    /// # Errors
    /// An error with the counters if the condition is not satisfied within `limit`.
    pub async fn until(&self, what: &str, limit: Duration, is_so: impl Fn(&Counts) -> bool) -> Outcome<Counts> {
        let began = Instant::now();
        while !is_so(&self.common.counts.borrow()) {
            if began.elapsed() > limit {
                let (seconds, size, counts) = (limit.as_secs(), self.size(), self.counts());
                return Err(format!("{what}: not after {seconds} s with {size} sockets, but {counts:?}").into());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(self.counts())
    }

    /// Waits until all sockets are logged in and subscribed.
    pub async fn until_ready(&self, limit: Duration) -> Outcome<Counts> {
        let size = self.size();
        let is_so = |counts: &Counts| counts.ready == size && counts.logged_in == size;
        self.until("all are logged in and subscribed", limit, is_so).await
    }

    /// Starts to measure the status with this number, which is set next.
    pub fn watch(&self, number: u64) -> Outcome {
        let latencies = Latencies::new()?;
        let now = Instant::now();
        *self.common.watched.borrow_mut() = Some(Watched {
            number,
            began: now,
            heard: 0,
            last: now,
            latencies,
        });
        Ok(())
    }

    /// Waits until all sockets have received it. Returns the times of all sockets, and the time of the last one.
    pub async fn until_heard(&self, limit: Duration) -> Outcome<(Latencies, Duration)> {
        let has_all = |_: &Counts| {
            let watched = self.common.watched.borrow();
            watched.as_ref().is_some_and(|watched| watched.heard == self.size())
        };
        let waited = self.until("all have heard of a change", limit, has_all).await;
        let watched = self.common.watched.take().ok_or("nothing is watched for")?;
        match waited {
            Ok(_) => Ok((watched.latencies, watched.last - watched.began)),
            Err(error) => Err(format!("{error}; {} have heard of it", watched.heard).into()),
        }
    }
}
