//! One connection of a client: the wait for its first byte, the handshake of TLS, and requests over HTTP/1.1.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::debug;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::arrival::{Arrival, Arrived};
use super::http2;
use crate::http::Limits;
use crate::net::tls::{self, Tls};
use crate::net::{ClientStream, Heads, Protocol, StreamTimes, Wire};

/// Maximum bytes of each of hyper's buffers of a connection, for reading and for writing.
const BUFFER_BYTES: usize = 32 * 1024;

/// The response to a client that does not speak TLS at an address with TLS.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n\
    content-length: 38\r\n\r\nthis address speaks TLS: use https://\r\n";

/// Serves one connection. Closes it if no request arrives within `keep_alive_time`, if the handshake of TLS or the head of a
/// request is not complete `head_time` after its first byte, or if the client reads nothing of a response for `write_time`.
pub(super) async fn run<A, W>(
    arrival: Arrival,
    tls: Option<Tls>,
    answer: A,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Response> + Send + 'static,
{
    let Arrival {
        wire,
        protocol,
        peer,
        connection,
    } = arrival;
    let stop = async {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let mut stop = pin!(stop);
    // The buffers are allocated when a request begins, so that ten thousand idle clients need little memory.
    tokio::select! {
        begun = timeout(limits.keep_alive_time, wire.is_begun()) => if !begun.unwrap_or(false) { return },
        () = &mut stop => return,
    }
    let times = StreamTimes {
        head: limits.head_time,
        write: limits.write_time,
    };
    let arrived = Arrived { peer, protocol };
    let (wire, is_http2) = match (wire, tls) {
        (Wire::Tcp(stream), Some(tls)) if protocol == Protocol::Tls => tokio::select! {
            done = timeout(limits.head_time, handshake(&tls, stream, peer)) => match done {
                Ok(Some(encrypted)) => encrypted,
                Ok(None) | Err(_) => return,
            },
            () = &mut stop => return,
        },
        (wire, _) => (wire, false),
    };
    if is_http2 {
        let stream = ClientStream::without_heads(wire, connection, times);
        http2::serve(stream, arrived, answer, &limits, stop).await;
    } else {
        let stream = ClientStream::new(wire, connection, times);
        serve(stream, arrived, answer, &limits, stop).await;
    }
}

/// Carries out the handshake of TLS. Returns the encrypted stream, and whether the client chose HTTP/2; `None` after an error.
async fn handshake(tls: &Tls, stream: TcpStream, peer: SocketAddr) -> Option<(Wire, bool)> {
    let mut first = [0];
    if stream.peek(&mut first).await.is_ok() && first != [tls::HANDSHAKE] {
        // If bytes were left unread, the client would get a reset instead of the response.
        let _ = stream.try_read(&mut vec![0; BUFFER_BYTES]);
        Wire::Tcp(stream).reject(PLAIN);
        return None;
    }
    match tls.accept(stream).await {
        Ok(stream) => {
            let is_http2 = tls::speaks_http2(&stream);
            Some((Wire::Tls(Box::new(stream)), is_http2))
        }
        Err(error) => {
            debug!(%peer, %error, "a TLS handshake failed");
            None
        }
    }
}

/// Serves requests over HTTP/1.1.
async fn serve<A, W>(stream: ClientStream, arrived: Arrived, answer: A, limits: &Limits, stop: impl Future<Output = ()>)
where
    A: Fn(Request<Incoming>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Response> + Send + 'static,
{
    let heads = stream.heads();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let last = is_last(&request, &heads);
        arrived.mark(&mut request);
        // hyper moves the future of a request twice; it has several kilobytes.
        let work = Box::pin(answer(request));
        async move {
            let mut response = work.await;
            if last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.keep_alive_time)
        .max_header_size(limits.head_bytes)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = Box::pin(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(peer = %arrived.peer, %error, "a connection ended badly");
    }
}

/// Records how much follows the head of a request, and returns whether the connection must close after the response.
/// After a chunked body or an upgrade request, the position of the next head is not known.
fn is_last(request: &Request<Incoming>, heads: &Heads) -> bool {
    let is_upgrade = request.headers().contains_key(UPGRADE) || request.method() == Method::CONNECT;
    match request.body().size_hint().exact() {
        Some(bytes) if !is_upgrade => {
            heads.body_follows(bytes);
            false
        }
        _ => {
            heads.end();
            true
        }
    }
}
