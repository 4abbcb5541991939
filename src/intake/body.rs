//! Request bodies: read within a size and time limit.

use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
use warp::http::HeaderMap;
use warp::http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};

use super::budget::Reservation;
use crate::domain::RequestError;

/// Maximum bytes read and discarded of a body that is refused or not needed. Without this, a client that reads the
/// response only after it has sent its body would get a broken connection.
const DISCARDED_BYTES: usize = 4 * 1024 * 1024;

/// Maximum time for reading the discarded bytes.
const DISCARD_TIME: Duration = Duration::from_secs(10);

/// The initial capacity of the buffer; most bodies are smaller.
const FIRST_BYTES: usize = 1024;

/// The limits for reading a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// Maximum size in bytes.
    pub bytes: usize,
    /// Maximum time for the whole body.
    pub time: Duration,
}

/// Reads a body to its end, and sets `body` to `None` once it was read. Its memory is reserved as it arrives.
///
/// # Errors
/// [`RequestError::BodyTooLarge`], [`RequestError::BodyTooSlow`], [`RequestError::BodyBroken`], and the errors of
/// [`Reservation::add`].
pub(crate) async fn read<S, B>(
    body: &mut Option<S>,
    headers: &HeaderMap,
    bound: &Bound,
    reservation: &mut Reservation,
) -> Result<Bytes, RequestError>
where
    S: Stream<Item = Result<B, warp::Error>> + Unpin,
    B: Buf,
{
    let declared = declared_length(headers);
    if declared.is_some_and(|length| length > bound.bytes as u64) {
        return Err(RequestError::BodyTooLarge { limit: bound.bytes });
    }
    let slow = |_| RequestError::BodyTooSlow {
        seconds: bound.time.as_secs(),
    };
    let most = declared.and_then(|length| usize::try_from(length).ok());
    let stream = body.as_mut().ok_or(RequestError::BodyBroken)?;
    let collected = collect(stream, bound.bytes, most.unwrap_or(bound.bytes), reservation);
    let bytes = timeout(bound.time, collected).await.map_err(slow)??;
    *body = None;
    Ok(bytes)
}

/// Returns the length in the request's head, if there is one.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Returns whether a request has a body.
#[must_use]
pub(crate) fn is_expected(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || declared_length(headers).is_some_and(|length| length > 0)
}

/// Reads and discards the rest of a body in the background, so that the response reaches a client that reads only
/// after it has sent everything. A client that waits for `100 Continue` has sent nothing, and nothing is read.
pub(crate) fn discard<S, B>(mut stream: S, headers: &HeaderMap)
where
    S: Stream<Item = Result<B, warp::Error>> + Send + Unpin + 'static,
    B: Buf + Send,
{
    if !is_expected(headers) || headers.contains_key(EXPECT) {
        return;
    }
    tokio::spawn(async move {
        let rest = async {
            let mut length = 0;
            while length < DISCARDED_BYTES
                && let Some(Ok(part)) = stream.next().await
            {
                length += part.remaining();
            }
        };
        let _ = timeout(DISCARD_TIME, rest).await;
    });
}

/// Collects at most `limit` bytes. The buffer's capacity never exceeds `most`, which is the declared length, or the
/// limit if none is declared.
async fn collect<S, B>(
    stream: &mut S,
    limit: usize,
    most: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, RequestError>
where
    S: Stream<Item = Result<B, warp::Error>> + Unpin,
    B: Buf,
{
    let mut bytes = Vec::new();
    while let Some(part) = stream.next().await {
        let mut part = part.map_err(|_| RequestError::BodyBroken)?;
        let length = bytes.len() + part.remaining();
        if length > limit {
            return Err(RequestError::BodyTooLarge { limit });
        }
        if length > bytes.capacity() {
            let room = (bytes.capacity() * 2).max(FIRST_BYTES).min(most).max(length);
            reservation.add(room - bytes.capacity())?;
            bytes.reserve_exact(room - bytes.len());
        }
        while part.has_remaining() {
            let chunk = part.chunk();
            bytes.extend_from_slice(chunk);
            let taken = chunk.len();
            part.advance(taken);
        }
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};

    use futures_util::stream;
    use warp::http::HeaderValue;

    use super::*;

    /// Returns a body that never arrives, and a reference that is dead once the body is dropped.
    fn body() -> (
        impl Stream<Item = Result<Bytes, warp::Error>> + Send + Unpin + 'static,
        Weak<()>,
    ) {
        let alive = Arc::new(());
        let weak = Arc::downgrade(&alive);
        let body = stream::poll_fn(move |_| {
            assert!(Arc::strong_count(&alive) > 0);
            std::task::Poll::Pending
        });
        (body, weak)
    }

    #[tokio::test]
    async fn a_body_that_waits_for_100_continue_is_not_read() {
        let mut headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("5"))]);
        let (sent, is_held) = body();
        discard(sent, &headers);
        assert!(is_held.upgrade().is_some(), "a body that is on its way is read");
        headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        let (withheld, is_held) = body();
        discard(withheld, &headers);
        assert!(is_held.upgrade().is_none(), "hyper asks for a body that is read");
    }
}
