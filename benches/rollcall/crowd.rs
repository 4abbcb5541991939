//! Many sockets at once, each of a user of its own, and what all of them count together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::measure::Latencies;
use crate::socket_driver;

/// Bytes that are read at once, into a buffer that all sockets share.
const BUFFER: usize = 64 * 1024;

/// How often it is looked whether what is waited for is so. The times that are printed are taken by the
/// sockets themselves.
const LOOK: Duration = Duration::from_millis(2);

/// The sockets. They are dropped with this.
pub struct Crowd {
    common: Rc<Common>,
    sockets: JoinSet<()>,
    tokens: Vec<String>,
}

/// What all sockets share.
pub struct Common {
    /// Where the server is; none while there is none.
    address: watch::Sender<Option<SocketAddr>>,
    /// Whether sockets subscribe as soon as they can.
    subscribe: watch::Sender<bool>,
    pub counts: RefCell<Counts>,
    /// The change of a status that is to reach all.
    pub watched: RefCell<Option<Watched>>,
    /// What is read lies here until it is heard, which is before anything else is read.
    pub buffer: RefCell<Vec<u8>>,
}

/// What sockets count together.
#[derive(Debug, Clone)]
pub struct Counts {
    /// Sockets that are logged in now.
    pub logged_in: usize,
    /// Sockets that are subscribed now.
    pub ready: usize,
    /// When the last handshake was answered.
    pub last_accepted: Instant,
    /// When a socket last was logged in or subscribed.
    pub last_step: Instant,
    /// Logins and subscriptions that were refused since [`Crowd::count_anew`], as is all below.
    pub refused: u64,
    /// Connections that failed before their handshake was answered.
    pub unconnected: u64,
    /// Sockets that the server closed.
    pub closed: u64,
    /// How often a client had to come back because one of these happened.
    pub again: u64,
    /// Changes that sockets were told of, of others or of their own user.
    pub changes: u64,
    /// When the last of them was heard.
    pub last_change: Option<Instant>,
    /// What ended sockets that were to stay, and how many each.
    pub causes: BTreeMap<String, u64>,
}

/// A change of a status that is to reach all.
pub struct Watched {
    /// What tells it from others.
    pub number: u64,
    began: Instant,
    /// How many have heard of it.
    heard: usize,
    /// When the last of them did.
    last: Instant,
    latencies: Latencies,
}

impl Watched {
    /// Counts a socket that hears of it.
    pub fn hear(&mut self, now: Instant) {
        self.heard += 1;
        self.last = now;
        self.latencies.record(now - self.began);
    }
}

impl Common {
    /// Waits until there is a server, and says where.
    pub async fn server(&self) -> SocketAddr {
        let mut address = self.address.subscribe();
        loop {
            if let Some(address) = *address.borrow_and_update() {
                return address;
            }
            // The sender is in here.
            let _ = address.changed().await;
        }
    }

    /// Whether there is a server.
    pub fn is_open(&self) -> bool {
        self.address.borrow().is_some()
    }

    /// Whether sockets subscribe as soon as they can.
    pub fn is_to_subscribe(&self) -> bool {
        *self.subscribe.borrow()
    }

    /// Waits until all subscribe.
    pub async fn to_subscribe(&self) {
        // The sender is in here.
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
    /// One for each of these tokens; none is connected yet.
    pub fn new(tokens: Vec<String>) -> Self {
        let common = Common {
            address: watch::Sender::new(None),
            subscribe: watch::Sender::new(false),
            counts: RefCell::new(Counts::new()),
            watched: RefCell::default(),
            buffer: RefCell::new(vec![0; BUFFER]),
        };
        Self {
            common: Rc::new(common),
            sockets: JoinSet::new(),
            tokens,
        }
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.tokens.len()
    }

    /// Has all of them connect and log in, at once. They stay, and come back when they are closed.
    pub fn gather(&mut self) {
        for token in &self.tokens {
            let socket = socket_driver::keep(Rc::clone(&self.common), token.clone());
            self.sockets.spawn_local(socket);
        }
    }

    /// Drops all of them at once, without a farewell.
    pub async fn scatter(&mut self) {
        self.sockets.shutdown().await;
    }

    /// Has all subscribe now; those who come later will as soon as they can.
    pub fn subscribe(&self) {
        self.common.subscribe.send_replace(true);
    }

    /// Says where the server is, or that there is none: then nobody comes back until there is one.
    pub fn set_server(&self, address: Option<SocketAddr>) {
        self.common.address.send_replace(address);
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        self.common.counts.borrow().clone()
    }

    /// Begins to count anew what happens.
    pub fn count_anew(&self) {
        let mut counts = self.common.counts.borrow_mut();
        *counts = Counts {
            logged_in: counts.logged_in,
            ready: counts.ready,
            ..Counts::new()
        };
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// After this time it is not, and this is what was counted instead.
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

    /// Waits until all are logged in and subscribed.
    pub async fn until_ready(&self, limit: Duration) -> Outcome<Counts> {
        let size = self.size();
        let is_so = |counts: &Counts| counts.ready == size && counts.logged_in == size;
        self.until("all are logged in and subscribed", limit, is_so).await
    }

    /// Watches for the status with this number, which is about to be set.
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

    /// Waits until all have heard of it, and says when each did and when the last.
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
