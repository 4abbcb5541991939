//! From those who announce events to those who subscribe to them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::event::Event;

/// Events that wait for a slow subscriber before it misses some, and is told so. Many: ten thousand users who
/// log in at once, or a change of as many accounts, are that many events before anybody can be told of one.
/// Room is taken as it is needed.
const WAITING: usize = 128 * 1024;

/// Where events are announced. Cloning is cheap; all clones are the same.
#[derive(Clone, Default)]
pub(super) struct Announcer(Arc<Mutex<Vec<Subscription>>>);

struct Subscription {
    events: mpsc::Sender<Event>,
    missed: Arc<AtomicBool>,
}

/// What is announced, in its order.
#[derive(Debug)]
pub struct Events {
    events: mpsc::Receiver<Event>,
    missed: Arc<AtomicBool>,
}

/// Events came faster than they were taken: some are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl Announcer {
    /// Tells all subscribers of something, without waiting for any.
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
    /// The next event; none when nobody can announce one any more. [`Missed`], once, after some were lost; then
    /// those that were not.
    pub async fn next(&mut self) -> Option<Result<Event, Missed>> {
        if self.has_missed() {
            return Some(Err(Missed));
        }
        self.events.recv().await.map(Ok)
    }

    /// The same, of what has happened already: none where that is nothing.
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
