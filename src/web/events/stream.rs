//! The body of the answer that is a stream.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::encode::HEARTBEAT;
use super::registry::Seat;
use super::subscriber::{End, Subscriber};
use crate::app::App;
use crate::web::session;

/// Time between two signs of life on a silent stream.
const HEARTBEAT_TIME: Duration = Duration::from_secs(20);

/// The events of one client. Dropping it ends the stream.
pub(super) struct Stream {
    app: App,
    subscriber: Arc<Subscriber>,
    heartbeat: Interval,
    _seat: Seat,
}

impl Stream {
    /// Returns the stream of a subscriber.
    pub fn new(app: App, subscriber: Arc<Subscriber>, seat: Seat) -> Self {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT_TIME, HEARTBEAT_TIME);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            app,
            subscriber,
            heartbeat,
            _seat: seat,
        }
    }
}

impl futures_util::Stream for Stream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(next) = self.subscriber.poll_next(context) {
            return Poll::Ready(next.map(Ok));
        }
        if self.heartbeat.poll_tick(context).is_pending() {
            return Poll::Pending;
        }
        // A token may also end by its time, which is no event.
        if session::is_alive(&self.app, self.subscriber.token()) {
            return Poll::Ready(Some(Ok(HEARTBEAT)));
        }
        self.subscriber.end(End::LoggedOut);
        match self.subscriber.poll_next(context) {
            Poll::Ready(next) => Poll::Ready(next.map(Ok)),
            Poll::Pending => Poll::Ready(None),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.subscriber.leave(&self.app);
    }
}
