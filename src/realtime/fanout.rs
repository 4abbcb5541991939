//! The fan-out: sends the messages about events to the sockets.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use tokio::task::yield_now;
use tracing::warn;

use super::batch::BatchEncoder;
use super::encode::encode;
use super::outbound_message::OutboundMessage;
use super::socket_registry::Subscribers;
use super::socket_server::SocketServer;
use crate::app::App;
use crate::domain::SettingId;
use crate::hub::{Event, Events, Missed};
use crate::observe::EventReader;
use crate::ops::permissions;

/// The maximum number of messages in one round. Events during a round wait for the next one, so that many events
/// together cost each socket few system calls. The number is limited, because each user who is concerned by one of the
/// events needs a separate batch.
const MAX_MESSAGES_A_ROUND: usize = 512;

/// The number of sockets after which a task lets other tasks run.
const SOCKETS_BEFORE_YIELD: usize = 64;

/// The number of sockets for which one more task is started, up to one task for each core.
const SOCKETS_A_TASK: usize = 512;

/// Sends all events of the hub to the sockets. Ends with the hub.
pub async fn run(socket_server: &SocketServer) {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let mut events = socket_server.app.hub.subscribe();
    let meter = socket_server.app.hub.meter();
    while let Some((happened, announced_at)) = next(socket_server, &mut events).await {
        let round = Arc::new(Round {
            app: socket_server.app.clone(),
            happened,
            subscribers: socket_server.subscribers(),
        });
        let shares = cores.min(round.subscribers.len() / SOCKETS_A_TASK + 1);
        let others: Vec<_> = (1..shares)
            .map(|share| tokio::spawn(Arc::clone(&round).tell(share, shares)))
            .collect();
        Arc::clone(&round).tell(0, shares).await;
        // Every socket must receive this round before the next one starts.
        for other in others {
            let _ = other.await;
        }
        meter.sent(EventReader::Sockets, announced_at.elapsed());
    }
}

/// The messages of one round, and the sockets that receive them.
struct Round {
    app: App,
    happened: Vec<OutboundMessage>,
    subscribers: Subscribers,
}

impl Round {
    /// Sends the messages to one share of the subscribers.
    async fn tell(self: Arc<Self>, share: usize, shares: usize) {
        let access = permissions::access(&self.app);
        let narrow = self.app.settings().flag(SettingId::ListsNeedViewOutsideRoom);
        let mut encoder = BatchEncoder::new(&self.happened, access, narrow);
        let now = self.app.clock.now();
        for (number, subscriber) in self.subscribers.values().skip(share).step_by(shares).enumerate() {
            subscriber.tell(&self.app, now, &mut encoder);
            if number % SOCKETS_BEFORE_YIELD == SOCKETS_BEFORE_YIELD - 1 {
                yield_now().await;
            }
        }
    }
}

/// Waits for an event, and returns its messages together with those of all events that wait, and the moment at which the
/// first of them was announced; `None` after the hub ends.
async fn next(socket_server: &SocketServer, events: &mut Events) -> Option<(Vec<OutboundMessage>, Instant)> {
    let mut happened = told(socket_server, events.next().await?);
    let announced_at = events.announced_at();
    while happened.len() < MAX_MESSAGES_A_ROUND
        && let Some(next) = events.try_next()
    {
        happened.extend(told(socket_server, next));
    }
    Some((happened, announced_at))
}

fn told(socket_server: &SocketServer, next: Result<Event, Missed>) -> Vec<OutboundMessage> {
    let Ok(event) = next else {
        socket_server.app.hub.meter().miss();
        warn!("events came faster than they could be sent: all sockets are closed, and clients connect again");
        return vec![OutboundMessage::Lost];
    };
    // A socket that opens later reads a state that already includes the event.
    if socket_server.subscribers().is_empty() {
        return Vec::new();
    }
    encode(&socket_server.app, event)
}
