//! The body of a response that is a stream of events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::encode::HEARTBEAT;
use super::registry::StreamSeat;
use super::subscriber::{StreamEnd, StreamSubscriber};
use crate::app::App;
use crate::web::session;

/// The time between two heartbeats on a silent stream. Heartbeats show proxies and clients that the connection works.
const HEARTBEAT_TIME: Duration = Duration::from_secs(20);

/// The events for one client. The stream ends when this is dropped.
pub(super) struct EventStream {
    app: App,
    subscriber: Arc<StreamSubscriber>,
    heartbeat: Interval,
    _seat: StreamSeat,
}

impl EventStream {
    /// Returns the stream of a subscriber.
    pub(super) fn new(app: App, subscriber: Arc<StreamSubscriber>, seat: StreamSeat) -> Self {
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

impl futures_util::Stream for EventStream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(next) = self.subscriber.poll_next(context) {
            return Poll::Ready(next.map(Ok));
        }
        if self.heartbeat.poll_tick(context).is_pending() {
            return Poll::Pending;
        }
        // A token can also expire, and no event reports that.
        if session::is_alive(&self.app, self.subscriber.token()) {
            return Poll::Ready(Some(Ok(HEARTBEAT)));
        }
        self.subscriber.end(StreamEnd::LoggedOut);
        match self.subscriber.poll_next(context) {
            Poll::Ready(next) => Poll::Ready(next.map(Ok)),
            Poll::Pending => Poll::Ready(None),
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.subscriber.leave(&self.app);
    }
}
