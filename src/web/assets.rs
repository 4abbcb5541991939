//! The assets of the pages: styles, scripts, icons. They are part of the binary. Their path contains a hash of all of
//! them, so that a browser may cache them for ever, and a script finds the other scripts in the same folder.

use std::sync::LazyLock;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use warp::Reply;
use warp::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue};
use warp::reply::Response;

use super::markup::Markup;
use crate::document::{Accepted, Document};

/// Bytes of the hash in the path.
const HASH_BYTES: usize = 8;

/// The instruction to cache an asset for a year. A changed asset has another path.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The file with all icons.
const SPRITE: &str = include_str!("assets/icons.svg");

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    brotli: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $content_type:literal;)*) => {
        const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!("assets/", $name)),
            brotli: include_bytes!(concat!(env!("OUT_DIR"), "/assets/", $name, ".br")),
        }),*];
    };
}

assets! {
    "rollcall.css": "text/css; charset=utf-8";
    "rollcall.js": "text/javascript; charset=utf-8";
    "board.js": "text/javascript; charset=utf-8";
    "bell.js": "text/javascript; charset=utf-8";
    "photo.js": "text/javascript; charset=utf-8";
    "changes.js": "text/javascript; charset=utf-8";
    "icons.svg": "image/svg+xml";
    "mark.svg": "image/svg+xml";
    "chevron.svg": "image/svg+xml";
    "icon-192.png": "image/png";
    "icon-512.png": "image/png";
}

struct Assets {
    folder: String,
    documents: Vec<(&'static str, Document)>,
}

static SERVED: LazyLock<Assets> = LazyLock::new(|| {
    let all = ASSETS.iter().fold(Sha256::new(), |all, asset| {
        all.chain_update(asset.name).chain_update([0]).chain_update(asset.bytes)
    });
    let hash = hex::encode(&all.finalize()[..HASH_BYTES]);
    let document = |asset: &Asset| {
        let document = Document::new(asset.content_type, Bytes::from_static(asset.bytes));
        (asset.name, document.with_brotli(Bytes::from_static(asset.brotli)))
    };
    Assets {
        folder: format!("/assets/{hash}"),
        documents: ASSETS.iter().map(document).collect(),
    }
});

/// Returns the path of the folder with the assets.
pub(super) fn folder() -> &'static str {
    &SERVED.folder
}

/// Returns the symbols of the sprite with these ids, for a page that uses them in every row: a shape of another file takes a
/// browser longer to show, and its address is longer. The id of each is `shape-` and its own.
pub(super) fn symbols<'ids>(ids: impl IntoIterator<Item = &'ids str>) -> Markup {
    let symbol = |id: &str| {
        let (_, rest) = SPRITE.split_once(&format!("<symbol id=\"{id}\""))?;
        let (content, _) = rest.split_once("</symbol>")?;
        Some(format!("<symbol id=\"shape-{id}\"{content}</symbol>"))
    };
    Markup::without_user_text(ids.into_iter().filter_map(symbol).collect())
}

/// Answers a request for an asset; `None` if no asset has this path. A page that was open during an update asks with the
/// old hash, and must not get the bytes of another version.
pub(super) fn answer(path: &str, headers: &HeaderMap) -> Option<Response> {
    let name = path.strip_prefix(folder())?.strip_prefix('/')?;
    let (_, document) = SERVED.documents.iter().find(|(known, _)| *known == name)?;
    let mut response = document.answer(&Accepted::of(headers)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, FOR_EVER);
    Some(response)
}
