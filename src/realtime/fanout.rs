//! From what happens to what sockets are told.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::task::yield_now;
use tracing::warn;

use super::bundle::Bundler;
use super::encode::encode;
use super::hall::Hall;
use super::outgoing::Outgoing;
use super::seats::Subscribers;
use crate::app::App;
use crate::domain::SettingId;
use crate::hub::{Event, Events, Missed};

/// Most events that are told together. What happens while sockets are told waits for the next time, so that
/// many events at once cost each socket few calls of the system. Not more, since who is among those it is about
/// gets a bundle of their own.
const TOGETHER: usize = 512;

/// Sockets that are told before others who want to run get their turn.
const AT_ONCE: usize = 64;

/// Sockets for which one more task is worth it, up to as many as there are cores.
const SHARE: usize = 512;

/// Tells sockets of everything that the hub announces, for ever.
pub(super) async fn run(hall: &Hall) {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let mut events = hall.app.hub.subscribe();
    while let Some(happened) = next(hall, &mut events).await {
        let round = Arc::new(Round {
            app: hall.app.clone(),
            happened,
            subscribers: hall.subscribers(),
        });
        let shares = cores.min(round.subscribers.len() / SHARE + 1);
        let others: Vec<_> = (1..shares)
            .map(|share| tokio::spawn(Arc::clone(&round).tell(share, shares)))
            .collect();
        Arc::clone(&round).tell(0, shares).await;
        // Nobody is told of the next round before all were told of this one.
        for other in others {
            let _ = other.await;
        }
    }
}

/// What is told to whom together.
struct Round {
    app: App,
    happened: Vec<Outgoing>,
    subscribers: Subscribers,
}

impl Round {
    /// Tells one of so many shares of the subscribers.
    async fn tell(self: Arc<Self>, share: usize, shares: usize) {
        let access = Arc::clone(self.app.store.read().shared_access());
        let narrow = self.app.settings().flag(SettingId::ListsNeedViewOutsideRoom);
        let mut bundler = Bundler::new(&self.happened, access, narrow);
        let now = self.app.clock.now();
        for (number, subscriber) in self.subscribers.values().skip(share).step_by(shares).enumerate() {
            subscriber.tell(&self.app, now, &mut bundler);
            if number % AT_ONCE == AT_ONCE - 1 {
                yield_now().await;
            }
        }
    }
}

/// All that has happened and was not told, once there is anything; none at the end.
async fn next(hall: &Hall, events: &mut Events) -> Option<Vec<Outgoing>> {
    let mut happened = told(hall, events.next().await?);
    while happened.len() < TOGETHER
        && let Some(next) = events.try_next()
    {
        happened.extend(told(hall, next));
    }
    Some(happened)
}

fn told(hall: &Hall, next: Result<Event, Missed>) -> Vec<Outgoing> {
    let Ok(event) = next else {
        warn!("events came faster than they could be told: all sockets are closed and begin anew");
        return vec![Outgoing::Lost];
    };
    encode(&hall.app, event)
}
