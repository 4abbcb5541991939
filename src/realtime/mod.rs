//! Rocket.Chat's realtime protocol: DDP over WebSocket, plain and in SockJS framing (`api.md` §10).

mod anonymous;
mod batch;
mod close_reason;
mod encode;
mod fanout;
mod framing;
mod info;
mod listening;
mod login;
mod message;
mod outbound_message;
mod outbox;
mod session;
mod socket;
mod socket_registry;
mod socket_server;
mod stream;
mod subscriber;
mod subscriptions;
mod upgrade;

use std::sync::Arc;

use bytes::Bytes;
use warp::Filter;
use warp::filters::BoxedFilter;

pub use fanout::run;
pub use socket_server::{SocketServer, Timing};

use crate::auth::Origin;
use crate::domain::BoundedText;
use crate::intake::{self, Head};
use crate::net::SharedWire;
use crate::observe::RouteName;
use framing::Framing;
use session::SocketSession;

/// A part of a path that a SockJS client chooses; it is not used.
type PathPart = BoundedText<128>;
/// Returns the names of all streams.
pub fn streams() -> impl Iterator<Item = &'static str> {
    stream::Stream::ALL.iter().copied().map(stream::Stream::name)
}

/// Returns the filter for `/websocket`, `/sockjs/info` and `/sockjs/:server/:session/websocket`.
#[must_use]
pub fn sockets(socket_server: &Arc<SocketServer>) -> BoxedFilter<(warp::reply::Response,)> {
    let plain = warp::path!("websocket").map(|| Framing::Plain);
    let wrapped = warp::path!("sockjs" / PathPart / PathPart / "websocket").map(|_, _| Framing::SockJs);
    let (socket_server, asked) = (Arc::clone(socket_server), Arc::clone(socket_server));
    let sockets = plain
        .or(wrapped)
        .unify()
        .and(warp::get())
        .and(intake::head())
        .and(warp::ext::optional::<hyper::upgrade::OnUpgrade>())
        .map(move |framing, head: Arc<Head>, upgrade| {
            let response = upgrade::answer(&socket_server, framing, &head, upgrade);
            named("/websocket", response)
        });
    let info = warp::path!("sockjs" / "info")
        .and(warp::get())
        .and(intake::head())
        .map(move |head: Arc<Head>| named("/sockjs/info", info::answer(&asked, &head.headers)));
    sockets.or(info).unify().boxed()
}

fn named(path: &'static str, mut response: warp::reply::Response) -> warp::reply::Response {
    response.extensions_mut().insert(RouteName::get(path));
    response
}

/// Serves a client after the handshake, in SockJS framing if `wrapped`. The socket counts as one without an address. If
/// the limits allow no more sockets, it is dropped.
pub async fn serve(socket_server: &Arc<SocketServer>, wire: impl Into<SharedWire>, wrapped: bool) {
    let framing = if wrapped { Framing::SockJs } else { Framing::Plain };
    if let Ok(seat) = socket_server.admit(None) {
        let mut session = SocketSession::new(
            Arc::clone(socket_server),
            Origin::default(),
            seat,
            wire.into(),
            &Bytes::new(),
            framing,
        );
        session.run().await;
    }
}
