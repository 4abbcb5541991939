//! The accept loop. warp's own has no timeout for headers, no peer address and no limit on connections.

use std::net::IpAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Incoming;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;
use warp::reply::Response;

use super::arrival::Arrival;
use super::connection::run;
use crate::http::Limits;
use crate::net::tls::Tls;
use crate::net::{Connections, Listeners, Protocol, Surplus, Wire, open_files};

/// The pause after a connection could not be accepted, for example because no descriptor is free.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(100);

/// The response to a client whose address has too many connections.
const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\nretry-after: 10\r\n\
    content-type: text/plain\r\ncontent-length: 54\r\n\r\nthe server takes no more connections from this address";

/// The response to a client if no descriptor is free.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 10\r\n\
    content-type: text/plain\r\ncontent-length: 36\r\n\r\nthe server takes no more connections";

/// Accepts connections of all listeners and answers their requests with `answer`, until `shutdown` ends. Then
/// it accepts no more, and gives requests in flight the `stop_time` of the limits. `most` returns the maximum connections of an
/// address, or `None` for an address that has no limit.
pub async fn serve<A, W>(
    listeners: impl Into<Listeners>,
    tls: Option<Tls>,
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
        let (wire, peer, protocol) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                open_files::warn_not_accepted("http", &error);
                tokio::time::sleep(ACCEPT_RETRY_PAUSE).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let connection = match connections.open(address, most(address)) {
            Ok(connection) => connection,
            Err(surplus) => {
                refusals.surplus(surplus, address, connections.most());
                refuse(wire, protocol, surplus);
                continue;
            }
        };
        let arrival = Arrival {
            wire,
            protocol,
            peer,
            connection,
        };
        tokio::spawn(run(arrival, tls.clone(), answer.clone(), limits, stop.subscribe()));
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
fn refuse(wire: Wire, protocol: Protocol, surplus: Surplus) {
    // A client that speaks TLS understands no words before the handshake.
    if protocol == Protocol::Tls {
        return;
    }
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
