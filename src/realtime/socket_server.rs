//! The state that all sockets share: the application, the subscribers, the limits, and the signal to close.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use super::socket_registry::{LimitReached, RegisteredSocket, SocketLimits, SocketRegistry, Subscribers};
use crate::app::App;
use crate::domain::SettingId;

/// The share of sockets without a login if the setting is 0: one in this many.
const ANONYMOUS_SHARE: usize = 10;

/// The timeouts of sockets.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The time of silence after which the server sends a ping; after the same time again it closes the socket.
    pub heartbeat: Duration,
    /// The maximum time for which a client may read nothing while messages wait.
    pub send: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(30),
            send: Duration::from_secs(30),
        }
    }
}

/// The reasons for which sockets have had to close.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Closing {
    /// `true` once the server stops.
    pub is_stopping: bool,
    /// The number of times that clients were sent to another server.
    pub sent_elsewhere: u64,
}

/// The state that all sockets share.
pub struct SocketServer {
    pub(super) app: App,
    pub(super) timing: Timing,
    closing: watch::Sender<Closing>,
    seats: SocketRegistry,
}

impl SocketServer {
    /// Creates the state without sockets.
    #[must_use]
    pub fn new(app: App, timing: Timing) -> Arc<Self> {
        let (closing, _) = watch::channel(Closing::default());
        Arc::new(Self {
            app,
            timing,
            closing,
            seats: SocketRegistry::default(),
        })
    }

    /// Removes lost connections that did not come back within the grace time. Never ends.
    pub async fn end_lost(&self) {
        let hub = &self.app.hub;
        loop {
            hub.connection_ended().await;
            hub.end_lost();
        }
    }

    /// Closes all sockets, and waits until they are closed, at most for this time.
    pub async fn close(&self, patience: Duration) {
        // `send` would not store the value while there is no socket, and a handshake may still be under way.
        self.closing.send_modify(|closing| closing.is_stopping = true);
        if timeout(patience, self.closing.closed()).await.is_err() {
            warn!(left = self.closing.receiver_count(), "sockets were cut off");
        }
    }

    /// Closes all sockets that are open now, so that their clients go to another server.
    pub fn send_elsewhere(&self) {
        self.closing.send_modify(|closing| closing.sent_elsewhere += 1);
    }

    /// Returns a receiver for one socket, which changes when the socket has to close.
    pub(super) fn closing(&self) -> watch::Receiver<Closing> {
        self.closing.subscribe()
    }

    /// Returns the subscribers on all sockets.
    pub(super) fn subscribers(&self) -> Subscribers {
        self.seats.subscribers()
    }

    /// Registers a socket, if the limits allow one more.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Result<RegisteredSocket, LimitReached> {
        self.seats.take(address, self.most())
    }

    /// Returns the current limits for sockets.
    pub(super) fn most(&self) -> SocketLimits {
        let settings = self.app.settings();
        let number = |id| settings.number(id) as usize;
        let all = number(SettingId::PresenceMaxConnections);
        let anonymous = match number(SettingId::PresenceMaxAnonymousConnections) {
            0 => (all / ANONYMOUS_SHARE).max(1),
            set => set,
        };
        SocketLimits {
            all,
            by_address: number(SettingId::PresenceMaxConnectionsPerAddress),
            anonymous,
            anonymous_by_address: number(SettingId::PresenceMaxAnonymousConnectionsPerAddress),
        }
    }
}
