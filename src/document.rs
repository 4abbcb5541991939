//! Documents that do not change while the server runs. The bytes, a compressed form and an `ETag` are computed once.

use std::io::Write;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use warp::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use warp::http::{Response, StatusCode};

/// The number of digest bytes in an `ETag`.
const ETAG_BYTES: usize = 12;

/// A document with fixed content.
pub(crate) struct Document {
    content_type: &'static str,
    plain: Form,
    /// The compressed form, if it is smaller.
    gzip: Option<Form>,
    /// The form in Brotli, if there is one and it is smaller.
    brotli: Option<Form>,
}

/// Documents that contain the public path of the server. They are created at the first request, and again after
/// the path changes.
pub(crate) struct ByPublicPath<T> {
    make: fn(&str) -> T,
    made: RwLock<Option<(String, Arc<T>)>>,
}

impl<T> ByPublicPath<T> {
    /// Stores the function that creates the documents; it is called later.
    pub(crate) const fn new(make: fn(&str) -> T) -> Self {
        Self {
            make,
            made: RwLock::new(None),
        }
    }

    /// Returns the documents for this public path.
    pub(crate) fn get(&self, public_path: &str) -> Arc<T> {
        let found = |made: &Option<(String, Arc<T>)>| {
            let made = made.as_ref().filter(|(path, _)| path == public_path);
            made.map(|(_, documents)| Arc::clone(documents))
        };
        if let Some(documents) = found(&self.made.read().unwrap_or_else(PoisonError::into_inner)) {
            return documents;
        }
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        // Another caller may have created them in the meantime.
        found(&made).unwrap_or_else(|| {
            let documents = Arc::new((self.make)(public_path));
            *made = Some((public_path.to_owned(), Arc::clone(&documents)));
            documents
        })
    }
}

struct Form {
    bytes: Bytes,
    etag: HeaderValue,
}

/// The encodings that a client accepts, and the `ETag` that it already has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accepted {
    gzip: bool,
    brotli: bool,
    known: Option<HeaderValue>,
}

impl Accepted {
    /// Reads `Accept-Encoding` and `If-None-Match` (RFC 9110, §12.5.3 and §13.1.2).
    #[must_use]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let takes = |names: &[&str]| headers.get_all(ACCEPT_ENCODING).iter().any(|value| takes(value, names));
        Self {
            gzip: takes(&["gzip", "x-gzip", "*"]),
            // Not for `*`: a client that knows Brotli says so.
            brotli: takes(&["br"]),
            known: headers.get(IF_NONE_MATCH).cloned(),
        }
    }

    /// Returns whether the client takes gzip.
    #[must_use]
    pub(crate) const fn gzip(&self) -> bool {
        self.gzip
    }
}

/// Returns whether an `Accept-Encoding` contains one of these names with a weight other than 0.
fn takes(value: &HeaderValue, names: &[&str]) -> bool {
    let items = value.to_str().unwrap_or_default().split(',');
    items.into_iter().any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").map(str::trim);
        let forbidden = weight.is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        names.contains(&name.trim()) && !forbidden
    })
}

impl Document {
    /// Creates a document from its bytes.
    #[must_use]
    pub(crate) fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let gzip = compressed(&bytes).filter(|gzip| gzip.len() < bytes.len());
        Self {
            content_type,
            plain: Form::new(bytes),
            gzip: gzip.map(Form::new),
            brotli: None,
        }
    }

    /// Adds a form that was compressed with Brotli before.
    #[must_use]
    pub(crate) fn with_brotli(mut self, bytes: Bytes) -> Self {
        self.brotli = Some(bytes)
            .filter(|bytes| bytes.len() < self.plain.bytes.len())
            .map(Form::new);
        self
    }

    /// Returns the response in the form that the client accepts, or with status 304 if the client already has it.
    #[must_use]
    pub(crate) fn answer(&self, accepted: &Accepted) -> Response<Bytes> {
        let brotli = self
            .brotli
            .as_ref()
            .filter(|_| accepted.brotli)
            .map(|form| (form, "br"));
        let gzip = self.gzip.as_ref().filter(|_| accepted.gzip).map(|form| (form, "gzip"));
        let compressed = brotli.or(gzip);
        let form = compressed.map_or(&self.plain, |(form, _)| form);
        let known = accepted.known.as_ref().is_some_and(|known| form.is_among(known));
        let mut response = Response::new(if known { Bytes::new() } else { form.bytes.clone() });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(ETAG, form.etag.clone());
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some((_, encoding)) = compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let digest = Sha256::digest(&bytes);
        let digits = hex::encode(&digest[..ETAG_BYTES]);
        // Quotes and hexadecimal digits are always a valid header value.
        let etag = HeaderValue::from_str(&format!("\"{digits}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes, etag }
    }

    /// Returns whether `If-None-Match` contains the tag of this form. Weak tags match too, because the
    /// comparison is weak.
    fn is_among(&self, known: &HeaderValue) -> bool {
        let mut tags = known.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag)
    }
}

fn compressed(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().expect("a header name"), HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_sent_to_clients_that_take_it() {
        let document = Document::new("text/plain", "a".repeat(1000));
        for (value, gzip) in [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("", false),
        ] {
            let answer = document.answer(&Accepted::of(&headers("accept-encoding", value)));
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), gzip, "{value}");
            assert_eq!(answer.body().len() < 1000, gzip, "{value}");
        }
    }

    #[test]
    fn a_client_that_has_the_document_gets_304() {
        let document = Document::new("text/plain", "a".repeat(1000));
        let answer = document.answer(&Accepted::default());
        let etag = answer.headers().get(ETAG).expect("an ETag").to_str().expect("a text");
        for (known, status) in [
            (etag.to_owned(), 304),
            (format!("W/{etag}"), 304),
            (format!("\"other\", {etag}"), 304),
            ("*".into(), 304),
            ("\"other\"".into(), 200),
        ] {
            let accepted = Accepted {
                known: Some(known.parse().expect("a header value")),
                ..Accepted::default()
            };
            assert_eq!(document.answer(&accepted).status(), status, "{known}");
        }
    }

    #[test]
    fn what_does_not_shrink_is_sent_as_it_is() {
        let document = Document::new("text/plain", "a");
        let answer = document.answer(&Accepted::of(&headers("accept-encoding", "gzip")));
        assert_eq!(answer.body(), "a");
    }
}
