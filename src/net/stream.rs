//! A client's stream below HTTP. It ends if the client reads nothing of a response for too long, or begins a request head
//! and does not finish it; and it refuses request heads with lines that end in a bare LF.
//!
//! hyper's parser accepts a bare LF as the end of a line, and some proxies do not: one request for the one would be two
//! requests for the other. So the stream checks the line ends of heads before hyper reads them. It passes one head at a
//! time to hyper. Then the service reports the length of the body ([`Heads::body_follows`]), and after the body the
//! next head begins.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use memchr::memchr_iter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::connections::TcpConnection;
use super::wire::Wire;

/// The bytes that hyper gets instead of a bare LF. A head may not contain NUL, so hyper answers 400; the empty line
/// ends the head.
const REFUSED: &[u8] = b"\0\r\n\r\n";

/// The value before the service has reported what follows a head.
const UNKNOWN: u64 = u64::MAX;

/// The value after which the rest of the connection has no more heads.
const NO_MORE_HEADS: u64 = u64::MAX - 1;

/// A client's stream of requests and responses.
pub(crate) struct ClientStream {
    stream: Wire,
    /// The counted connection; dropping it ends the count.
    connection: TcpConnection,
    /// The bytes that were read and not yet passed on.
    held: Bytes,
    place: Place,
    heads: Heads,
    times: StreamTimes,
    /// The timer of the head, while a part of it is missing.
    late: Option<Pin<Box<Sleep>>>,
    /// The timer of writing, while the client reads nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// The limits of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamTimes {
    /// Maximum time from the first byte of a head to its end.
    pub head: Duration,
    /// Maximum time in which the client reads nothing of a response.
    pub write: Duration,
}

/// The position of the next byte in the client's requests.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a head, with the number of bytes in the line so far, whether the last byte is a CR, and whether it is
    /// the first line.
    Head { line: usize, cr: bool, first: bool },
    /// After a head. The service has not yet reported what follows.
    BehindHead,
    /// In a body, with the number of bytes left.
    Body(u64),
    /// In the rest of the connection, which has no more heads.
    Rest,
    /// After a refused head: no more bytes are passed on.
    Refused,
}

const NEXT_HEAD: Place = Place::Head {
    line: 0,
    cr: false,
    first: true,
};

/// The service's reports about heads. Cloning is cheap; all clones belong to the same connection.
#[derive(Debug, Clone)]
pub(crate) struct Heads(Arc<AtomicU64>);

impl Heads {
    /// Reports that a body of this many bytes follows the head, and then the next head.
    pub(crate) fn body_follows(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Release);
    }

    /// Reports that no more heads follow: the connection ends after the response, or switches to another protocol.
    pub(crate) fn end(&self) {
        self.0.store(NO_MORE_HEADS, Ordering::Release);
    }

    fn take(&self) -> Option<Place> {
        match self.0.swap(UNKNOWN, Ordering::AcqRel) {
            UNKNOWN => None,
            NO_MORE_HEADS => Some(Place::Rest),
            0 => Some(NEXT_HEAD),
            bytes => Some(Place::Body(bytes)),
        }
    }
}

impl ClientStream {
    /// Creates the stream of a connection.
    pub(crate) fn new(stream: Wire, connection: TcpConnection, times: StreamTimes) -> Self {
        Self {
            stream,
            connection,
            held: Bytes::new(),
            place: NEXT_HEAD,
            heads: Heads(Arc::new(AtomicU64::new(UNKNOWN))),
            times,
            late: None,
            stalled: None,
        }
    }

    /// Creates the stream of a connection whose protocol has no heads as HTTP/1.1 has them.
    pub(crate) fn without_heads(stream: Wire, connection: TcpConnection, times: StreamTimes) -> Self {
        Self {
            place: Place::Rest,
            ..Self::new(stream, connection, times)
        }
    }

    /// Returns the handle for the service's reports about heads.
    pub(crate) fn heads(&self) -> Heads {
        self.heads.clone()
    }

    /// Returns the stream below, the bytes that were read and not passed on, and the counted connection.
    pub(crate) fn into_parts(self) -> (Wire, Bytes, TcpConnection) {
        (self.stream, self.held, self.connection)
    }

    /// Returns the number of read bytes that may be passed on, and moves the position behind them.
    fn pass(&mut self, read: &[u8]) -> usize {
        match self.place {
            Place::Head { .. } => self.pass_head(read),
            Place::Body(left) => {
                let passed = read.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - passed as u64;
                self.place = if left == 0 { NEXT_HEAD } else { Place::Body(left) };
                passed
            }
            Place::BehindHead | Place::Rest | Place::Refused => read.len(),
        }
    }

    /// Passes bytes up to the end of the head, or up to a bare LF.
    fn pass_head(&mut self, read: &[u8]) -> usize {
        let Place::Head {
            mut line,
            mut cr,
            mut first,
        } = self.place
        else {
            return 0;
        };
        let mut begin = 0;
        for end in memchr_iter(b'\n', read) {
            if !(if end == begin { cr } else { read[end - 1] == b'\r' }) {
                self.place = Place::Refused;
                return end;
            }
            let is_empty = line + end - begin == 1;
            begin = end + 1;
            line = 0;
            cr = false;
            // Empty lines before the first line do not end the head (RFC 9112, §2.2).
            if is_empty && !first {
                self.late = None;
                self.place = Place::BehindHead;
                return begin;
            }
            first &= is_empty;
        }
        if let Some(last) = read[begin..].last() {
            line += read.len() - begin;
            cr = *last == b'\r';
        }
        self.place = Place::Head { line, cr, first };
        read.len()
    }

    /// Passes on held bytes, as far as allowed.
    fn hand_on_held(&mut self, buffer: &mut ReadBuf<'_>) {
        let read = self.held.slice(..self.held.len().min(buffer.remaining()));
        let passed = self.pass(&read);
        buffer.put_slice(&read[..passed]);
        self.held.advance(passed);
    }

    /// Reads from the client, passes on the allowed bytes, and holds the rest.
    fn poll_receive(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let begin = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let end = begin + self.pass(&buffer.filled()[begin..]);
        if end < buffer.filled().len() {
            self.held = Bytes::copy_from_slice(&buffer.filled()[end..]);
            buffer.set_filled(end);
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the stream if the client has begun a head and does not finish it. An idle client has another limit, which hyper
    /// enforces.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_begun = matches!(self.place, Place::Head { line, first, .. } if line > 0 || !first);
        if !is_begun {
            self.late = None;
            return Poll::Pending;
        }
        let head_time = self.times.head;
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(head_time)));
        ready!(late.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ends the stream if the client has read nothing for too long.
    fn poll_written<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let write_time = self.times.write;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_time)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.place, Place::BehindHead)
            && let Some(place) = this.heads.take()
        {
            this.place = place;
        }
        let begin = buffer.filled().len();
        let in_head = matches!(this.place, Place::Head { .. });
        if this.held.is_empty() && !matches!(this.place, Place::Refused) {
            match this.poll_receive(context, buffer) {
                Poll::Ready(received) => received?,
                Poll::Pending => return this.poll_late(context),
            }
        } else {
            this.hand_on_held(buffer);
        }
        if in_head && matches!(this.place, Place::Refused) {
            this.held = Bytes::from_static(REFUSED);
        }
        // Reading zero bytes would mean the end of the stream.
        if matches!(this.place, Place::Refused) && buffer.filled().len() == begin {
            this.hand_on_held(buffer);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.poll_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS accepts bytes before the client reads them, and sends them here.
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.poll_written(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.poll_written(context, shut)
    }
}
