//! The accept loop. warp's own has no timeout for headers, no peer address and no limit on connections.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{debug, warn};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::auth::Peer;
use crate::http::Limits;
use crate::net::{ClientStream, Connections, Heads, Listeners, StreamTimes, Surplus, TcpConnection, Wire, open_files};

/// The pause after a connection could not be accepted, for example because no descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// Maximum bytes of each of hyper's buffers of a connection, for reading and for writing.
const BUFFER_BYTES: usize = 32 * 1024;

/// The response to a client whose address has too many connections.
const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\nretry-after: 10\r\n\
    content-type: text/plain\r\ncontent-length: 54\r\n\r\nthe server takes no more connections from this address";

/// The response to a client if no descriptor is free.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 10\r\n\
    content-type: text/plain\r\ncontent-length: 36\r\n\r\nthe server takes no more connections";

/// Accepts connections of all listeners and answers their requests with `answer`, over HTTP/1.1, until `shutdown` ends. Then
/// it accepts no more, and gives requests in flight the `stop_time` of the limits. `most` returns the maximum connections of an
/// address, or `None` for an address that has no limit.
pub async fn serve<A, W>(
    listeners: impl Into<Listeners>,
    answer: A,
    limits: Limits,
    most: impl Fn(IpAddr) -> Option<u32> + Send,
    shutdown: impl Future<Output = ()> + Send,
) where
    A: Fn(Request<Incoming>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Response> + Send + 'static,
{
    let (stop, _) = watch::channel(false);
    let connections = Connections::new(open_files::for_connections(limits.reserved_descriptors));
    let mut refusals = Refusals::default();
    let mut listeners = listeners.into();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listeners.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (wire, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                open_files::warn_not_accepted("http", &error);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let connection = match connections.open(address, most(address)) {
            Ok(connection) => connection,
            Err(surplus) => {
                refusals.surplus(surplus, address, connections.most());
                refuse(wire, surplus);
                continue;
            }
        };
        tokio::spawn(run(wire, connection, peer, answer.clone(), limits, stop.subscribe()));
    }
    drop(listeners);
    let _ = stop.send(true);
    if timeout(limits.stop_time, stop.closed()).await.is_err() {
        let seconds = limits.stop_time.as_secs();
        warn!("requests in flight were cut off after {seconds} seconds");
    }
}

/// Sends a client the reason why its connection is closed, if the system accepts it at once, and closes it. Nothing
/// is read and no task is started, so that surplus connections cost little.
fn refuse(wire: Wire, surplus: Surplus) {
    wire.reject(match surplus {
        Surplus::All => FULL,
        Surplus::Address => TOO_MANY,
    });
}

/// Logs refused connections, each kind at most once a minute.
#[derive(Default)]
struct Refusals {
    all: Option<Instant>,
    address: Option<Instant>,
}

impl Refusals {
    fn surplus(&mut self, surplus: Surplus, address: IpAddr, most: u64) {
        match surplus {
            Surplus::All if open_files::is_due(&mut self.all) => {
                let limit = open_files::limit();
                warn!(
                    most,
                    ?limit,
                    "out of descriptors: connections are refused; raise the limit on open files to take more"
                );
            }
            Surplus::Address if open_files::is_due(&mut self.address) => {
                warn!(%address, "connections of an address are refused: Max_Connections_Per_Address is reached");
            }
            Surplus::All | Surplus::Address => {}
        }
    }
}

/// Serves one connection. Closes it if no request arrives within `keep_alive_time`, if the head of one is not complete
/// `head_time` after its first byte, or if the client reads nothing of a response for `write_time`.
async fn run<A, W>(
    wire: Wire,
    connection: TcpConnection,
    peer: SocketAddr,
    answer: A,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Response> + Send + 'static,
{
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
    let stream = ClientStream::new(wire, connection, times);
    let heads = stream.heads();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let last = is_last(&request, &heads);
        request.extensions_mut().insert(Peer(peer));
        let work = answer(request);
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
        () = &mut stop => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(%peer, %error, "a connection ended badly");
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
