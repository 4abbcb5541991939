//! The pages, embedded in the binary.

use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use warp::reply::Response;
use warp::{Filter, Reply};

/// Pages use nothing but what this server sends.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A file of the pages.
struct Page {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

const PAGES: [Page; 7] = [
    Page {
        path: "/",
        content_type: "text/html; charset=utf-8",
        text: include_str!("index.html"),
    },
    Page {
        path: "/setup",
        content_type: "text/html; charset=utf-8",
        text: include_str!("setup.html"),
    },
    Page {
        path: "/setup.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("setup.js"),
    },
    Page {
        path: "/reset-password",
        content_type: "text/html; charset=utf-8",
        text: include_str!("reset-password.html"),
    },
    Page {
        path: "/reset-password.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("reset-password.js"),
    },
    Page {
        path: "/form.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("form.js"),
    },
    Page {
        path: "/style.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("style.css"),
    },
];

/// Everything that no other filter took.
#[must_use]
pub fn web() -> BoxedFilter<(Response,)> {
    warp::path::full()
        .map(
            |path: warp::path::FullPath| match PAGES.iter().find(|page| page.path == path.as_str()) {
                Some(page) => reply(StatusCode::OK, page.content_type, page.text),
                None => reply(
                    StatusCode::NOT_FOUND,
                    "text/plain; charset=utf-8",
                    "there is no such page; the API is below /api/v1/\n",
                ),
            },
        )
        .boxed()
}

fn reply(status: StatusCode, content_type: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
