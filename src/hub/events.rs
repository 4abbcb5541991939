//! The channel from the hub to its subscribers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    events: mpsc::Sender<Event>,
    missed: Arc<AtomicBool>,
}

/// The receiving side: all events in order.
#[derive(Debug)]
pub struct Events {
    events: mpsc::Receiver<Event>,
    missed: Arc<AtomicBool>,
}

/// The error after events were lost, because they arrived faster than the subscriber read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl Announcer {
    /// Sends an event to all subscribers, without waiting.
    pub fn announce(&self, event: &Event) {
        let mut subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        subscriptions.retain(|subscription| match subscription.events.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                subscription.missed.store(true, Ordering::Release);
                true
            }
            Err(TrySendError::Closed(_)) => false,
        });
    }

    pub fn subscribe(&self) -> Events {
        let (sender, events) = mpsc::channel(WAITING);
        let missed = Arc::<AtomicBool>::default();
        let subscription = Subscription {
            events: sender,
            missed: Arc::clone(&missed),
        };
        let mut subscriptions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        subscriptions.push(subscription);
        Events { events, missed }
    }
}

impl Events {
    /// Returns the next event; `None` after the hub is dropped. Returns [`Missed`] once after events were lost, then
    /// continues with the others.
    pub async fn next(&mut self) -> Option<Result<Event, Missed>> {
        if self.has_missed() {
            return Some(Err(Missed));
        }
        self.events.recv().await.map(Ok)
    }

    /// Returns the next event without waiting; `None` if no event is available or the hub is dropped.
    pub fn try_next(&mut self) -> Option<Result<Event, Missed>> {
        if self.has_missed() {
            return Some(Err(Missed));
        }
        self.events.try_recv().ok().map(Ok)
    }

    fn has_missed(&self) -> bool {
        self.missed.swap(false, Ordering::AcqRel)
    }
}
