//! All streams of events, and the task that sends to them.

use std::sync::Arc;

use tokio::task::yield_now;
use tracing::warn;

use super::registry::Registry;
use super::round::Round;
use crate::app::App;
use crate::auth::random;
use crate::observe::EventReader;

/// The maximum number of changes in one round. Later changes wait for the next round.
const CHANGES_IN_ROUND: usize = 512;

/// The number of streams that the server serves before it lets other tasks run.
const STREAMS_IN_TURN: usize = 64;

/// All streams of events. A clone is cheap and has the same streams.
#[derive(Clone)]
pub(crate) struct Streams {
    app: App,
    pub(super) registry: Arc<Registry>,
    /// The random name of this run of the server, which is part of the ids of events.
    pub(super) run: Arc<str>,
}

impl Streams {
    /// Returns an empty set of streams for an application.
    #[must_use]
    pub(crate) fn new(app: App) -> Self {
        Self {
            registry: Arc::new(Registry::new(&app)),
            run: format!("{:08x}", u32::from_be_bytes(random::bytes())).into(),
            app,
        }
    }

    /// Sends the events of the hub to all streams. Does not return while the server runs.
    pub(crate) async fn tell(&self) {
        let mut events = self.app.hub.subscribe();
        while let Some(first) = events.next().await {
            let mut round = Round::default();
            let announced_at = events.announced_at();
            round.add(first, &self.run);
            while round.changes.len() < CHANGES_IN_ROUND
                && let Some(next) = events.try_next()
            {
                round.add(next, &self.run);
            }
            self.send(&round).await;
            self.app.hub.meter().sent(EventReader::Streams, announced_at.elapsed());
        }
    }

    /// Ends all streams and refuses new ones.
    pub(crate) fn close(&self) {
        self.registry.close();
    }

    /// Ends all streams. Clients may begin new ones.
    pub(crate) fn send_elsewhere(&self) {
        self.registry.end_all();
    }

    async fn send(&self, round: &Round) {
        if round.is_lost {
            self.app.hub.meter().miss();
            warn!("events came faster than they could be sent: all streams end and begin again");
        }
        let subscribers = self.registry.subscribers();
        for (number, subscriber) in subscribers.values().enumerate() {
            subscriber.receive(&self.app, round);
            if number % STREAMS_IN_TURN == STREAMS_IN_TURN - 1 {
                yield_now().await;
            }
        }
    }
}
