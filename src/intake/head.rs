//! The head of a request, as the gate of the API and the pages take it.

use std::borrow::Cow;
use std::convert::Infallible;

use warp::Filter;
use warp::http::{HeaderMap, Method};

use crate::auth::Peer;

/// Maximum bytes of a path in the log.
const LOGGED_PATH_BYTES: usize = 256;

/// The head of a request.
#[derive(Debug)]
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

/// Returns the filter that takes the head of every request.
pub(crate) fn head() -> impl Filter<Extract = (Head,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path::full()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::ext::optional::<Peer>())
        .map(|path: warp::path::FullPath, method, headers, query, peer| Head {
            path: path.as_str().to_owned(),
            method,
            headers,
            query,
            peer,
        })
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
