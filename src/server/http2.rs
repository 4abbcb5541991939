//! Requests of one connection over HTTP/2 (RFC 9113), with the limits that HTTP/1.1 has.

use std::convert::Infallible;
use std::time::Duration;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tracing::debug;
use warp::http::{Method, Uri};
use warp::reply::Response;

use super::arrival::Arrived;
use super::open_streams::{End, OpenStreams, Watched};
use crate::http::Limits;
use crate::net::ClientStream;

/// Maximum requests of a connection at one time. A browser with an open stream of events needs about ten.
const MAX_STREAMS: u32 = 32;

/// Maximum bytes of the body of a request that the server takes before a handler reads them, for one request.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// Maximum bytes of all bodies of a connection that no handler has read.
const CONNECTION_WINDOW_BYTES: u32 = 128 * 1024;

/// Maximum bytes of a frame; the least that the protocol allows.
const FRAME_BYTES: u32 = 16 * 1024;

/// Maximum bytes of a response that wait for the client, for one request.
const SEND_BYTES: usize = 64 * 1024;

/// Maximum requests that the client cancels before they begin, and maximum errors of the client in requests. After more
/// of them, the server closes the connection.
const MAX_RESETS: usize = 20;

/// Maximum time for an idle client to close its end after the server has said that it takes no more requests.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves requests over HTTP/2. Closes the connection if no request is in progress for `keep_alive_time`, and if the client
/// takes nothing of its responses for `write_time`.
pub(super) async fn serve<A, W>(
    stream: ClientStream,
    arrived: Arrived,
    answer: A,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) where
    A: Fn(Request<Incoming>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Response> + Send + 'static,
{
    let streams = OpenStreams::new();
    let opening = streams.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let stream = opening.open();
        let is_head = request.method() == Method::HEAD;
        like_http1(&mut request);
        arrived.mark(&mut request);
        let work = answer(request);
        async move { Ok::<_, Infallible>(Watched::response(work.await, is_head, stream)) }
    });
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_send_buf_size(SEND_BYTES)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = Box::pin(served);
    let ended = tokio::select! {
        ended = served.as_mut() => Some(ended),
        () = stop => None,
        end = streams.end(limits) => match end {
            End::Idle => None,
            End::Stalled => return,
        },
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        served.as_mut().graceful_shutdown();
        streams.touch();
        tokio::select! {
            ended = served.as_mut() => ended,
            () = streams.idle_for(FAREWELL) => return,
            _ = streams.end(limits) => return,
        }
    };
    if let Err(error) = ended {
        debug!(peer = %arrived.peer, %error, "a connection ended badly");
    }
}

/// Gives a request the form of HTTP/1.1, which everything else reads: the host in a header, the target without it, and a
/// header that says that a body follows.
fn like_http1(request: &mut Request<Incoming>) {
    let target = request.uri();
    let authority = target
        .authority()
        .and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    let path = target.path_and_query().cloned();
    // If the client also sent the header and the two differ, the request has two hosts, which is refused.
    if let Some(authority) = authority
        && request.headers().get(HOST) != Some(&authority)
    {
        request.headers_mut().append(HOST, authority);
    }
    if let Some(path) = path {
        *request.uri_mut() = Uri::from(path);
    }
    let has_length = request.headers().contains_key(CONTENT_LENGTH);
    if !has_length && !request.body().is_end_stream() {
        let unknown = HeaderValue::from_static("chunked");
        request.headers_mut().insert(TRANSFER_ENCODING, unknown);
    }
}
