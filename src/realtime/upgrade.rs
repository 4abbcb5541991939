//! The upgrade from HTTP to WebSocket (RFC 6455, §4.2).

use std::sync::Arc;

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tracing::debug;
use tungstenite::handshake::derive_accept_key;
use warp::Reply;
use warp::http::header::{
    self, CONNECTION, HOST, HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use warp::http::{Response, StatusCode};

use super::framing::Framing;
use super::session::SocketSession;
use super::socket_registry::LimitReached;
use super::socket_server::SocketServer;
use crate::app::AllowedOrigins;
use crate::auth::Origin;
use crate::intake::{Head, address_of};
use crate::net::{ClientStream, SharedWire, TcpConnection};

/// The time in seconds after which a refused client may try again.
const RETRY_AFTER: u32 = 10;

/// Answers a handshake, and starts the session after it.
pub(super) fn answer(
    socket_server: &Arc<SocketServer>,
    framing: Framing,
    head: &Head,
    upgrade: Option<OnUpgrade>,
) -> warp::reply::Response {
    let headers = &head.headers;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let asks = text(UPGRADE).is_some_and(|word| word.eq_ignore_ascii_case("websocket"));
    let version = text(SEC_WEBSOCKET_VERSION) == Some("13");
    let (Some(upgrade), Some(key), true, true) = (upgrade, text(SEC_WEBSOCKET_KEY), asks, version) else {
        return refused();
    };
    if origin_of_page(headers).is_some() && !allows_page(&socket_server.app.public_address().origins, headers) {
        return page_refused();
    }
    let address = address_of(head.peer, headers, &socket_server.app);
    let Ok(client) = std::str::from_utf8(headers.get(USER_AGENT).map_or(b"", HeaderValue::as_bytes)) else {
        let words = "the header User-Agent must be text in UTF-8";
        return warp::reply::with_status(words, StatusCode::BAD_REQUEST).into_response();
    };
    let origin = Origin::new(address, client);
    let seat = match socket_server.admit(address) {
        Ok(seat) => seat,
        Err(full) => return no_room(full),
    };
    let socket_server = Arc::clone(socket_server);
    tokio::spawn(async move {
        let Some((stream, read, connection)) = taken_over(upgrade).await else {
            debug!("a handshake was not finished");
            return;
        };
        let mut session = SocketSession::new(socket_server, origin, seat, stream, &read, framing);
        drop(read);
        session.run().await;
        drop(connection);
    });
    let accepted = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "Upgrade")
        .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .body("");
    accepted.map_or_else(|_| refused(), Reply::into_response)
}

/// Returns the stream of an upgraded connection, the bytes that were already read, and the counted connection.
async fn taken_over(upgrade: OnUpgrade) -> Option<(SharedWire, Bytes, TcpConnection)> {
    let parts = upgrade.await.ok()?.downcast::<TokioIo<ClientStream>>().ok()?;
    let (stream, held, connection) = parts.io.into_inner().into_parts();
    let read = if held.is_empty() {
        parts.read_buf
    } else {
        [parts.read_buf, held].concat().into()
    };
    Some((stream.into(), read, connection))
}

/// Returns the header `Origin`, which web pages send and programs do not.
pub(super) fn origin_of_page(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(ORIGIN)
}

/// Returns whether the page that sent the request may open a socket. A request with two origins is refused.
pub(super) fn allows_page(rule: &AllowedOrigins, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let allowed = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| rule.allows(origin, host));
    let mut origins = headers.get_all(ORIGIN).iter();
    origins.next().is_some_and(allowed) && origins.next().is_none()
}

/// Returns the response for a page that may not open a socket.
fn page_refused() -> warp::reply::Response {
    let words = "pages of this origin may not open a socket: set cors_origin to the origins whose pages may, \
                 or public_url if this is the server's own";
    warp::reply::with_status(words, StatusCode::FORBIDDEN).into_response()
}

/// Returns the response for a client that does not speak WebSocket.
fn refused() -> warp::reply::Response {
    let words = "this address speaks WebSocket, version 13";
    let reply = warp::reply::with_status(words, StatusCode::UPGRADE_REQUIRED);
    let reply = warp::reply::with_header(reply, UPGRADE, "websocket");
    warp::reply::with_header(reply, SEC_WEBSOCKET_VERSION, "13").into_response()
}

/// Returns the response if the limits allow no more sockets.
fn no_room(full: LimitReached) -> warp::reply::Response {
    let (words, status) = match full {
        LimitReached::Everywhere => ("the server takes no more sockets", StatusCode::SERVICE_UNAVAILABLE),
        LimitReached::ForAddress => (
            "the server takes no more sockets from this address",
            StatusCode::TOO_MANY_REQUESTS,
        ),
    };
    let reply = warp::reply::with_status(words, status);
    warp::reply::with_header(reply, header::RETRY_AFTER, RETRY_AFTER.to_string()).into_response()
}
