//! What all sockets share: the application, what is told to them, how many there may be, and when they
//! have to end.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use super::seats::{Full, Most, Seat, Seats, Subscribers};
use crate::app::App;
use crate::domain::SettingId;

/// How long sockets have to end when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Where no setting says otherwise, one of so many sockets may be without a login.
const ANONYMOUS_SHARE: usize = 10;

/// How long sockets wait for signs of life.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// After so long a silence the client is asked whether it is there, and after as long again the
    /// socket is closed.
    pub heartbeat: Duration,
    /// For so long a client may take nothing of what waits for it.
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

/// What all sockets share.
pub struct Hall {
    pub(super) app: App,
    pub(super) timing: Timing,
    closing: watch::Sender<bool>,
    seats: Seats,
}

impl Hall {
    /// A hall without a socket.
    #[must_use]
    pub fn new(app: App, timing: Timing) -> Arc<Self> {
        let (closing, _) = watch::channel(false);
        Arc::new(Self {
            app,
            timing,
            closing,
            seats: Seats::default(),
        })
    }

    /// Tells sockets of everything that the hub announces, and ends connections that were lost for good,
    /// for ever.
    pub async fn tell(&self) {
        let hub = &self.app.hub;
        let end_lost = async {
            loop {
                hub.connection_ended().await;
                hub.end_lost();
            }
        };
        tokio::select! {
            () = super::fanout::run(self) => {}
            () = end_lost => {}
        }
    }

    /// Has every socket end, and waits until all have, but not for ever.
    pub async fn close(&self) {
        let _ = self.closing.send(true);
        if timeout(LAST_WORDS, self.closing.closed()).await.is_err() {
            warn!(left = self.closing.receiver_count(), "sockets were cut off");
        }
    }

    /// For a socket, for as long as it is there: turns true when it has to end.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Whom to tell what happens.
    pub(super) fn subscribers(&self) -> Subscribers {
        self.seats.subscribers()
    }

    /// Takes a socket in, if there is room for one more.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Result<Seat, Full> {
        self.seats.take(address, self.most())
    }

    /// Returns how many sockets there may be now.
    pub(super) fn most(&self) -> Most {
        let settings = self.app.settings();
        let number = |id| settings.number(id) as usize;
        let all = number(SettingId::PresenceMaxConnections);
        let anonymous = match number(SettingId::PresenceMaxAnonymousConnections) {
            0 => (all / ANONYMOUS_SHARE).max(1),
            set => set,
        };
        Most {
            all,
            by_address: number(SettingId::PresenceMaxConnectionsPerAddress),
            anonymous,
            anonymous_by_address: number(SettingId::PresenceMaxAnonymousConnectionsPerAddress),
        }
    }
}
