//! The channel from the hub to its subscribers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::event::Event;

/// The maximum number of events that wait for a slow subscriber; after that, it misses events and is notified. The
/// number is large, because ten thousand simultaneous logins, or a change of as many accounts, create that many events
/// before the first is sent. Memory is allocated only when needed.
const WAITING: usize = 128 * 1024;

/// The sending side. Cloning is cheap; all clones send to the same subscribers.
#[derive(Clone, Default)]
pub(super) struct Announcer(Arc<Mutex<Vec<Subscription>>>);

struct Subscription {
    events: mpsc::Sender<(Instant, Event)>,
    missed: Arc<AtomicBool>,
}

/// The receiving side: all events in order.
#[derive(Debug)]
pub struct Events {
    events: mpsc::Receiver<(Instant, Event)>,
    missed: Arc<AtomicBool>,
    announced_at: Instant,
}

/// The error after events were lost, because they arrived faster than the subscriber read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl Announcer {
    /// Sends an event to all subscribers, without waiting.
    pub(super) fn announce(&self, event: &Event) {
        let now = Instant::now();
        let mut subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        subscriptions.retain(
            |subscription| match subscription.events.try_send((now, event.clone())) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscription.missed.store(true, Ordering::Release);
                    true
                }
                Err(TrySendError::Closed(_)) => false,
            },
        );
    }

    /// Returns the number of events that wait for the slowest subscriber.
    pub(super) fn waiting(&self) -> usize {
        let subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = subscriptions
            .iter()
            .map(|subscription| subscription.events.capacity())
            .min();
        free.map_or(0, |free| WAITING.saturating_sub(free))
    }

    pub(super) fn subscribe(&self) -> Events {
        let (sender, events) = mpsc::channel(WAITING);
        let missed = Arc::<AtomicBool>::default();
        let subscription = Subscription {
            events: sender,
            missed: Arc::clone(&missed),
        };
        let mut subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        subscriptions.push(subscription);
        Events {
            events,
            missed,
            announced_at: Instant::now(),
        }
    }
}

impl Events {
    /// Returns the next event; `None` after the hub is dropped. Returns [`Missed`] once after events were lost, then
    /// continues with the others.
    pub async fn next(&mut self) -> Option<Result<Event, Missed>> {
        if self.has_missed() {
            return Some(Err(Missed));
        }
        let received = self.events.recv().await;
        received.map(|(at, event)| Ok(self.note(at, event)))
    }

    /// Returns the next event without waiting; `None` if no event is available or the hub is dropped.
    pub fn try_next(&mut self) -> Option<Result<Event, Missed>> {
        if self.has_missed() {
            return Some(Err(Missed));
        }
        let received = self.events.try_recv().ok();
        received.map(|(at, event)| Ok(self.note(at, event)))
    }

    /// Returns the moment at which the last returned event was announced.
    #[must_use]
    pub const fn announced_at(&self) -> Instant {
        self.announced_at
    }

    fn note(&mut self, at: Instant, event: Event) -> Event {
        self.announced_at = at;
        event
    }

    fn has_missed(&self) -> bool {
        self.missed.swap(false, Ordering::AcqRel)
    }
}
