//! The list of open streams, and the limits of their number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;

use super::subscriber::{StreamEnd, StreamSubscriber};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::{RequestError, SettingId, UserId};
use crate::net::{Connections, Surplus, TcpConnection};
use crate::observe::Opened;

/// The number of seconds after which a refused client may try again.
const RETRY_SECONDS: u32 = 10;

/// The maximum number of streams of one user at one time. Each open page has one stream.
const STREAMS_PER_USER: usize = 32;

/// The subscribers of the open streams, by the numbers of the streams.
pub(super) type StreamSubscribers = OrdMap<u64, Arc<StreamSubscriber>>;

/// The list of open streams.
pub(super) struct Registry {
    connections: Connections,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    closed: bool,
    last: u64,
    by_user: HashMap<UserId, usize>,
    subscribers: StreamSubscribers,
}

/// A place for one stream. The place becomes free when this is dropped.
pub(super) struct StreamSeat {
    number: u64,
    user: UserId,
    registry: Arc<Registry>,
    _connection: Option<TcpConnection>,
    /// The count of this stream in the metrics.
    _opened: Opened,
}

impl Registry {
    /// Returns an empty registry. The setting for the maximum number of sockets also limits the number of streams.
    pub(super) fn new(app: &App) -> Self {
        let most = app.settings().number(SettingId::PresenceMaxConnections);
        Self {
            connections: Connections::new(u64::from(most)),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a stream.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if the server has too many streams or stops; [`RequestError::TooManyRequests`] if the address or
    /// the user has too many.
    pub(super) fn take_seat(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        address: Option<IpAddr>,
    ) -> Result<StreamSeat, RequestError> {
        let overloaded = RequestError::Overloaded {
            retry_after: RETRY_SECONDS,
        };
        let too_many = RequestError::TooManyRequests {
            seconds: u64::from(RETRY_SECONDS),
        };
        let most = app.settings().number(SettingId::PresenceMaxConnectionsPerAddress);
        let connection = match address.map(|address| self.connections.open(address, Some(most))) {
            None => None,
            Some(Ok(connection)) => Some(connection),
            Some(Err(Surplus::All)) => return Err(overloaded),
            Some(Err(Surplus::Address)) => return Err(too_many),
        };
        let mut state = self.state();
        if state.closed {
            return Err(overloaded);
        }
        let user = caller.user.id.clone();
        let own = state.by_user.entry(user.clone()).or_default();
        if *own >= STREAMS_PER_USER {
            return Err(too_many);
        }
        *own += 1;
        state.last += 1;
        Ok(StreamSeat {
            number: state.last,
            user,
            registry: Arc::clone(self),
            _connection: connection,
            _opened: app.metrics.readings.open_stream(),
        })
    }

    /// Returns the subscribers of all streams that are open now.
    pub(super) fn subscribers(&self) -> StreamSubscribers {
        self.state().subscribers.clone()
    }

    /// Returns the subscriber of the stream with this number.
    pub(super) fn find(&self, number: u64) -> Option<Arc<StreamSubscriber>> {
        self.state().subscribers.get(&number).cloned()
    }

    /// Ends all streams and refuses new ones.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.end_all();
    }

    /// Ends all streams.
    pub(super) fn end_all(&self) {
        for subscriber in self.state().subscribers.values() {
            subscriber.end(StreamEnd::Stopping);
        }
    }
}

impl StreamSeat {
    /// Returns the number of the stream.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Registers a subscriber, which then receives all later events.
    pub(super) fn register(&self, subscriber: &Arc<StreamSubscriber>) {
        let mut state = self.registry.state();
        if state.closed {
            subscriber.end(StreamEnd::Stopping);
        }
        state.subscribers.insert(self.number, Arc::clone(subscriber));
    }
}

impl Drop for StreamSeat {
    fn drop(&mut self) {
        let mut state = self.registry.state();
        state.subscribers.remove(&self.number);
        let left = state.by_user.remove(&self.user).unwrap_or_default();
        if left > 1 {
            state.by_user.insert(self.user.clone(), left - 1);
        }
    }
}
