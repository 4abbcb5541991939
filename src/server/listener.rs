//! The accept loop: warp's own has no timeout for headers, no peer address and no bound on connections.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{debug, warn};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::open_files;
use crate::auth::Peer;
use crate::http::Limits;
use crate::net::{ClientStream, Connection, Connections, Heads, Surplus};

/// How long requests in flight may take when the server stops.
pub const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long to wait when the system has no descriptor left for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Minimum time between two log lines about connections that were not taken.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Most connections that wait to be accepted; the system may allow fewer. Many, so that ten thousand
/// clients that come at once after a break need not ask twice.
const BACKLOG: u32 = 16 * 1024;

/// Maximum bytes of hyper's buffers of a connection, for reading and for writing.
const BUFFER_BYTES: usize = 32 * 1024;

/// The answer to a client whose address has too many connections.
const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\nretry-after: 10\r\n\
    content-type: text/plain\r\ncontent-length: 54\r\n\r\nthe server takes no more connections from this address";

/// The answer to a client when no descriptor is left.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 10\r\n\
    content-type: text/plain\r\ncontent-length: 36\r\n\r\nthe server takes no more connections";

/// Listens on an address.
///
/// # Errors
/// Those of the system.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that is started again need not wait for the last connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers every connection by `answer` until `shutdown` ends; then takes no more, and gives requests in flight ten
/// seconds. `most` returns how many connections an address may have, or nothing for an address whose connections are
/// not counted. HTTP/1.1.
pub async fn serve<A, W>(
    listener: TcpListener,
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
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                refusals.not_accepted(&error);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let connection = match connections.open(address, most(address)) {
            Ok(connection) => connection,
            Err(surplus) => {
                refusals.surplus(surplus, address, connections.most());
                refuse(stream, surplus);
                continue;
            }
        };
        // Answers are whole when they are written: waiting for more only delays them.
        let _ = stream.set_nodelay(true);
        tokio::spawn(run(stream, connection, peer, answer.clone(), limits, stop.subscribe()));
    }
    drop(listener);
    let _ = stop.send(true);
    if timeout(LAST_REQUESTS, stop.closed()).await.is_err() {
        warn!(
            "requests in flight were cut off after {} seconds",
            LAST_REQUESTS.as_secs()
        );
    }
}

/// Tells a client why its connection is closed, if the system takes that at once, and closes it. Nothing is read and
/// no task is started, so that surplus connections cost next to nothing.
fn refuse(stream: TcpStream, surplus: Surplus) {
    let words = match surplus {
        Surplus::All => FULL,
        Surplus::Address => TOO_MANY,
    };
    if let Ok(mut stream) = stream.into_std() {
        // A client that is gone need not be told.
        let _ = stream.write(words);
    }
}

/// Log lines about connections that were not taken, each kind at most once in [`LOG_EVERY`].
#[derive(Default)]
struct Refusals {
    not_accepted: Option<Instant>,
    all: Option<Instant>,
    address: Option<Instant>,
}

impl Refusals {
    fn not_accepted(&mut self, error: &io::Error) {
        if due(&mut self.not_accepted) {
            let limit = open_files::limit();
            warn!(%error, ?limit, "a connection could not be accepted; if the limit on open files is reached, raise it");
        }
    }

    fn surplus(&mut self, surplus: Surplus, address: IpAddr, most: u64) {
        match surplus {
            Surplus::All if due(&mut self.all) => {
                let limit = open_files::limit();
                warn!(
                    most,
                    ?limit,
                    "connections are refused: raise the limit on open files to take more"
                );
            }
            Surplus::Address if due(&mut self.address) => {
                warn!(%address, "connections of an address are refused: Max_Connections_Per_Address is reached");
            }
            Surplus::All | Surplus::Address => {}
        }
    }
}

/// Returns whether the last time is long enough ago, and notes that it is now.
fn due(last: &mut Option<Instant>) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= LOG_EVERY);
    if due {
        *last = Some(Instant::now());
    }
    due
}

/// Serves one connection. A connection on which no whole head of a request arrives within `head_time`, or whose
/// client takes nothing of an answer for `write_time`, is closed.
async fn run<A, W>(
    stream: TcpStream,
    connection: Connection,
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
    // Until there is a request, the buffers for one are not there: ten thousand clients that come at once
    // are answered with the memory of a few.
    let mut first = [0];
    tokio::select! {
        begun = timeout(limits.head_time, stream.peek(&mut first)) => if !matches!(begun, Ok(Ok(1))) { return },
        () = &mut stop => return,
    }
    let stream = ClientStream::new(stream, connection, limits.write_time);
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
        .header_read_timeout(limits.head_time)
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

/// Says what follows the head of a request, and returns whether the connection ends with its answer: where the next
/// head would begin is not known behind a body in chunks, nor behind a question for another protocol.
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
