//! Answers of the pages.

use std::cell::RefCell;

use askama::Template;
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};
use warp::Reply;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, VARY,
};
use warp::http::{Response as Answer, StatusCode};
use warp::reply::Response;

use super::cookies::Cookie;
use super::note::Note;
use super::visit::Visit;
use crate::document::Accepted;
use crate::domain::RequestError;
use crate::ops::backups::BackupStream;
use crate::ops::incident;

/// The answer of a page, or its error.
pub(super) type PageOutcome = Result<Response, RequestError>;

/// Pages use nothing but what this server sends.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The features of a device that pages do not use.
const NO_DEVICES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
     midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=()",
);

/// Bytes from which a page is compressed.
const COMPRESSED_FROM_BYTES: usize = 1024;

/// Bytes of a page for which room is made first.
const FIRST_BYTES: usize = 8 * 1024;

/// The size of the window of gzip, as a power of two; the largest.
const WINDOW_BITS: u8 = 15;

/// How many times smaller a page becomes, at least as a rule. Another page only takes a second buffer.
const EXPECTED_RATIO: usize = 4;

/// Answers with a page.
pub(super) fn page(visit: &Visit, page: &impl Template) -> PageOutcome {
    with_status(visit, StatusCode::OK, page)
}

/// Answers with the page of a form. The status is 422 if the server refused the form (RFC 9110, §15.5.21).
pub(super) fn form(visit: &Visit, is_refused: bool, page: &impl Template) -> PageOutcome {
    let status = if is_refused {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    with_status(visit, status, page)
}

/// Answers with a page and this status.
pub(super) fn with_status(visit: &Visit, status: StatusCode, page: &impl Template) -> PageOutcome {
    let mut text = String::with_capacity(FIRST_BYTES);
    page.render_into(&mut text).map_err(incident::internal)?;
    let gzip = Accepted::of(&visit.head.headers).gzip() && text.len() >= COMPRESSED_FROM_BYTES;
    let body = if gzip { compressed(&text)? } else { text.into() };
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        VARY,
        HeaderValue::from_static("Accept-Encoding, Accept-Language, Cookie"),
    );
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    // The forms of the page are bound to it.
    if visit.visitor.is_new
        && let Some(cookie) = visit.site.set(Cookie::Form, visit.visitor.seed(), None)
    {
        headers.append(SET_COOKIE, cookie);
    }
    let mut answer = answer.into_response();
    add_headers(&mut answer);
    Ok(answer)
}

thread_local! {
    /// The compressor of pages. It has a third of a megabyte of memory. To get that from the system for each page takes
    /// about as long as to compress a page.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new_gzip(Compression::fast(), WINDOW_BITS));
}

fn compressed(text: &str) -> Result<Bytes, RequestError> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut rest = text.as_bytes();
        let mut gzip = Vec::with_capacity(rest.len() / EXPECTED_RATIO + FIRST_BYTES);
        loop {
            let before = compressor.total_in();
            let status = compressor.compress_vec(rest, &mut gzip, FlushCompress::Finish);
            if status.map_err(incident::internal)? == Status::StreamEnd {
                return Ok(gzip.into());
            }
            let read = usize::try_from(compressor.total_in() - before).unwrap_or(rest.len());
            rest = rest.get(read..).unwrap_or_default();
            gzip.reserve(gzip.capacity());
        }
    })
}

/// Sends the browser to a path of this server, as the answer to a form.
pub(super) fn redirect(visit: &Visit, path: &str) -> PageOutcome {
    let location = HeaderValue::try_from(format!("{}{path}", visit.base)).map_err(incident::internal)?;
    let mut answer = Answer::new(Bytes::new());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, location);
    let mut answer = answer.into_response();
    add_headers(&mut answer);
    Ok(answer)
}

/// The same with a message that the next page shows.
pub(super) fn redirect_with(visit: &Visit, path: &str, note: Note) -> PageOutcome {
    let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
    let separator = if path.contains('?') { '&' } else { '?' };
    let fragment = if fragment.is_empty() {
        String::new()
    } else {
        format!("#{fragment}")
    };
    redirect(visit, &format!("{path}{separator}note={}{fragment}", note.name()))
}

/// Answers with a file that the browser saves. The name must need no escaping.
pub(super) fn download(content_type: &'static str, name: &str, bytes: Vec<u8>) -> PageOutcome {
    attachment(Answer::new(Bytes::from(bytes)).into_response(), content_type, name)
}

/// Answers with a file that is made while it is sent. The name must need no escaping.
pub(super) fn streamed(name: &str, stream: BackupStream) -> PageOutcome {
    attachment(
        warp::reply::stream(stream).into_response(),
        "application/octet-stream",
        name,
    )
}

fn attachment(mut answer: Response, content_type: &'static str, name: &str) -> PageOutcome {
    add_headers(&mut answer);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    headers.insert(CONTENT_DISPOSITION, disposition.map_err(incident::internal)?);
    Ok(answer)
}

/// Forbids search engines to list the page.
pub(super) fn unlisted(mut answer: Response) -> Response {
    let none = HeaderValue::from_static("noindex, nofollow");
    answer
        .headers_mut()
        .insert(HeaderName::from_static("x-robots-tag"), none);
    answer
}

/// Answers a script with an empty response.
pub(super) fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Answers with a text that is no page.
pub(super) fn text(content_type: &'static str, text: String) -> Response {
    let mut answer = text.into_response();
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// Adds what every page has. A page may be private, and its forms need their origin named.
fn add_headers(answer: &mut Response) {
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, NO_DEVICES);
}
