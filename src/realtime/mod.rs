//! Rocket.Chat's realtime protocol: DDP over WebSocket, plain and in SockJS's wrapping (`api.md` §10).

mod bundle;
mod encode;
mod end;
mod fanout;
mod framing;
mod hall;
mod login;
mod message;
mod outbox;
mod outgoing;
mod seats;
mod session;
mod socket;
mod stream;
mod subscriber;
mod subscriptions;
mod upgrade;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpStream;
use warp::filters::BoxedFilter;
use warp::{Filter, Reply};

pub use hall::{Hall, Timing};

use crate::auth::{Origin, Peer, random};
use framing::Framing;
use session::Session;

/// `/websocket`, `/sockjs/info` and `/sockjs/:server/:session/websocket`.
#[must_use]
pub fn sockets(hall: &Arc<Hall>) -> BoxedFilter<(warp::reply::Response,)> {
    let plain = warp::path!("websocket").map(|| Framing::Plain);
    let wrapped = warp::path!("sockjs" / String / String / "websocket").map(|_, _| Framing::SockJs);
    let hall = Arc::clone(hall);
    let sockets = plain
        .or(wrapped)
        .unify()
        .and(warp::get())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<hyper::upgrade::OnUpgrade>())
        .map(move |framing, headers, peer, upgrade| upgrade::answer(&hall, framing, &headers, peer, upgrade));
    let info = warp::path!("sockjs" / "info").and(warp::get()).map(info);
    sockets.or(info).unify().boxed()
}

/// What SockJS's clients ask before they connect.
fn info() -> warp::reply::Response {
    let entropy = u32::from_be_bytes(random::bytes());
    let info = json!({"websocket": true, "origins": ["*:*"], "cookie_needed": false, "entropy": entropy});
    let reply = warp::reply::json(&info);
    let reply = warp::reply::with_header(reply, "access-control-allow-origin", "*");
    warp::reply::with_header(reply, "cache-control", "no-store").into_response()
}

/// Serves one client on a stream on which the handshake is done, in `SockJS`'s wrapping or plain. It counts
/// as one from no address, and is not served when there is no room for one more.
pub async fn serve(hall: &Arc<Hall>, stream: TcpStream, wrapped: bool) {
    let framing = if wrapped { Framing::SockJs } else { Framing::Plain };
    if let Ok(seat) = hall.admit(None) {
        let mut session = Session::new(
            Arc::clone(hall),
            Origin::default(),
            seat,
            stream,
            &Bytes::new(),
            framing,
        );
        session.run().await;
    }
}
