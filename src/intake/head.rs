//! The head of a request. The front takes it from the request, and all interfaces read it.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use warp::http::{HeaderMap, Method, Request};
use warp::{Filter, Rejection};

use crate::auth::Peer;

/// Maximum bytes of a path in the log.
const LOGGED_PATH_BYTES: usize = 256;

/// The head of a request.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The whole path, without the public path of the server.
    pub path: String,
    /// The method of the request.
    pub method: Method,
    /// All headers of the request.
    pub headers: HeaderMap,
    /// The query without its question mark; may be empty.
    pub query: String,
    /// The other end of the connection, if the server has added it.
    pub peer: Option<Peer>,
}

impl Head {
    /// Takes the head of a request, and adds it to the request's extensions for [`head`]. The headers are moved, because
    /// copying them costs more than the rest: filters of warp for headers find none.
    pub(crate) fn take<B>(request: &mut Request<B>) -> Arc<Self> {
        let head = Arc::new(Self {
            path: request.uri().path().to_owned(),
            method: request.method().clone(),
            headers: mem::take(request.headers_mut()),
            query: request.uri().query().unwrap_or_default().to_owned(),
            peer: request.extensions().get().copied(),
        });
        request.extensions_mut().insert(Arc::clone(&head));
        head
    }
}

/// Returns the filter for the head that [`Head::take`] took from the request. The front takes the head of every request; the
/// filter rejects a request without it.
pub(crate) fn head() -> impl Filter<Extract = (Arc<Head>,), Error = Rejection> + Clone {
    warp::ext::get()
}

/// Returns the part of a path that the log shows, with control characters and quotes escaped.
#[must_use]
pub(crate) fn logged(path: &str) -> Cow<'_, str> {
    let path = &path[..path.floor_char_boundary(LOGGED_PATH_BYTES)];
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if path.bytes().all(is_plain) {
        path.into()
    } else {
        path.escape_debug().to_string().into()
    }
}
