//! From what happens to what sockets are told.

use tokio::task::yield_now;
use tracing::warn;

use super::bundle::Bundler;
use super::encode::encode;
use super::hall::Hall;
use super::outgoing::Outgoing;
use crate::hub::{Event, Events, Missed};

/// Most events that are told together. What happens while sockets are told waits for the next time, so that
/// many events at once cost each socket few calls of the system.
const TOGETHER: usize = 4096;

/// Sockets that are told before others who want to run get their turn.
const AT_ONCE: usize = 64;

/// Tells sockets of everything that the hub announces, for ever.
pub(super) async fn run(hall: &Hall) {
    let mut events = hall.app.hub.subscribe();
    while let Some(happened) = next(hall, &mut events).await {
        let mut bundler = Bundler::new(&happened);
        let now = hall.app.clock.now();
        for (number, subscriber) in hall.subscribers().values().enumerate() {
            subscriber.tell(&hall.app, now, &mut bundler);
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
