//! The requests in progress of one HTTP/2 connection. HTTP/2 has flow control for each request, so that a client that reads
//! nothing of a response does not block the connection, and the time limit of writing would never apply.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::http::Limits;

/// Maximum bytes of a piece of a body.
const PIECE_BYTES: usize = 16 * 1024;

/// The requests in progress of one connection. Cloning is cheap; all clones count the same requests.
#[derive(Clone)]
pub(super) struct OpenStreams(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    open: usize,
    /// The number of responses of which the next part waits for the client.
    waiting: usize,
    /// The time at which a request began or ended, or a client took a part of a response.
    progress: Instant,
}

/// The reason why a connection must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// No request is in progress for too long.
    Idle,
    /// The client takes nothing of its responses for too long.
    Stalled,
}

/// One request in progress. Dropping it ends the request.
pub(super) struct OpenStream {
    streams: OpenStreams,
    is_waiting: bool,
}

/// The body of a response, in pieces. Records when the client takes one. After the last piece, the library holds the
/// bytes that the client has not taken yet, and drops them with the connection.
pub(super) struct Watched<B> {
    /// The body; `None` for the response to a HEAD request.
    body: Option<B>,
    /// The rest of the last part of the body.
    held: Bytes,
    stream: OpenStream,
}

impl OpenStreams {
    pub(super) fn new() -> Self {
        let state = State {
            open: 0,
            waiting: 0,
            progress: Instant::now(),
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            changed: Notify::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more request.
    pub(super) fn open(&self) -> OpenStream {
        let mut state = self.state();
        state.open += 1;
        state.progress = Instant::now();
        OpenStream {
            streams: self.clone(),
            is_waiting: false,
        }
    }

    /// Lets the time limits begin again.
    pub(super) fn touch(&self) {
        self.state().progress = Instant::now();
    }

    /// Waits until the connection must end, and returns the reason. It may be late by `write_time`.
    pub(super) async fn end(&self, limits: &Limits) -> End {
        loop {
            let due = {
                let state = self.state();
                if state.open == 0 {
                    Some((state.progress + limits.keep_alive_time, End::Idle))
                } else {
                    (state.waiting > 0).then(|| (state.progress + limits.write_time, End::Stalled))
                }
            };
            let now = Instant::now();
            let next = now + limits.write_time;
            match due {
                Some((at, end)) if at <= now => return end,
                Some((at, _)) => sleep_until(at.min(next)).await,
                None => sleep_until(next).await,
            }
        }
    }

    /// Waits until no request is in progress, and then for this time.
    pub(super) async fn idle_for(&self, time: Duration) {
        loop {
            let changed = self.0.changed.notified();
            if self.state().open == 0 {
                sleep(time).await;
                if self.state().open == 0 {
                    return;
                }
            } else {
                changed.await;
            }
        }
    }
}

impl OpenStream {
    /// Records whether the next part of the response waits for the client.
    fn set_waiting(&mut self, is_waiting: bool) {
        let mut state = self.streams.state();
        state.progress = Instant::now();
        match (self.is_waiting, is_waiting) {
            (false, true) => state.waiting += 1,
            (true, false) => state.waiting -= 1,
            _ => {}
        }
        drop(state);
        self.is_waiting = is_waiting;
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.set_waiting(false);
        self.streams.state().open -= 1;
        self.streams.0.changed.notify_waiters();
    }
}

impl<B: Body<Data = Bytes>> Watched<B> {
    /// Watches the body of a response. A response to a HEAD request loses its body, which hyper would send, and every response
    /// loses the headers that HTTP/2 does not have.
    pub(super) fn response(response: Response<B>, is_head: bool, mut stream: OpenStream) -> Response<Self> {
        let (mut head, body) = response.into_parts();
        for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
            head.headers.remove(name);
        }
        if is_head
            && !head.headers.contains_key(CONTENT_LENGTH)
            && let Some(length) = body.size_hint().exact()
        {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        stream.set_waiting(true);
        let body = Self {
            body: (!is_head).then_some(body),
            held: Bytes::new(),
            stream,
        };
        Response::from_parts(head, body)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    /// hyper asks for the next piece when the client has room for it.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        if this.held.is_empty() {
            let Some(body) = this.body.as_mut() else {
                return Poll::Ready(None);
            };
            let polled = Pin::new(body).poll_frame(context);
            this.stream.set_waiting(matches!(polled, Poll::Ready(Some(Ok(_)))));
            match ready!(polled).transpose()?.map(Frame::into_data) {
                Some(Ok(part)) => this.held = part,
                Some(Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                None => return Poll::Ready(None),
            }
        } else {
            this.stream.set_waiting(true);
        }
        let piece = this.held.split_to(this.held.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let body = self
            .body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let held = self.held.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + held);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + held);
        }
        hint
    }
}
