//! The accept loop: warp's own has no timeout for headers and no peer address.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{debug, warn};
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::auth::Peer;

/// How long requests in flight may take when the server stops.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long to wait when the system has no descriptor left for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Most connections that wait to be accepted; the system may allow fewer. Many, so that ten thousand
/// clients that come at once after a break need not ask twice.
const BACKLOG: u32 = 16 * 1024;

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

/// Answers every connection by the filter until `shutdown` ends; then takes no more, and gives
/// requests in flight ten seconds. A connection on which no whole head of a request arrives within
/// `head_time` is closed. HTTP/1.1.
pub async fn serve<F>(listener: TcpListener, filter: F, head_time: Duration, shutdown: impl Future<Output = ()>)
where
    F: Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static,
{
    let service = TowerToHyperService::new(warp::service(filter));
    let (stop, _) = watch::channel(false);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are whole when they are written: waiting for more only delays them.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            service.call(request)
        });
        let mut stopping = stop.subscribe();
        tokio::spawn(async move {
            let stop = async {
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            let mut stop = pin!(stop);
            // Until there is a request, the buffers for one are not there: ten thousand clients that come at once
            // are answered with the memory of a few.
            let mut first = [0];
            tokio::select! {
                begun = timeout(head_time, stream.peek(&mut first)) => if !matches!(begun, Ok(Ok(1))) { return },
                () = &mut stop => return,
            }
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_time)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            let mut connection = Box::pin(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = &mut stop => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                debug!(%peer, %error, "a connection ended badly");
            }
        });
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
