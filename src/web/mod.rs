//! The pages, embedded in the binary.

use std::collections::HashMap;

use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue};
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::app::App;
use crate::document::{Accepted, ByPublicPath, Document};

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

/// The documents of all pages by their paths. Links have the public path of the server before them.
static DOCUMENTS: ByPublicPath<HashMap<&'static str, Document>> = ByPublicPath::new(|public_path| {
    let document = |page: &Page| {
        let text = page.text.replace("=\"/", &format!("=\"{public_path}/"));
        (page.path, Document::new(page.content_type, text))
    };
    PAGES.iter().map(document).collect()
});

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
pub fn web(app: App) -> BoxedFilter<(Response,)> {
    warp::path::full()
        .and(warp::header::headers_cloned())
        .map(move |path: warp::path::FullPath, headers: HeaderMap| {
            let documents = DOCUMENTS.get(&app.settings().public_path());
            let mut response = match documents.get(path.as_str()) {
                Some(document) => document.answer(&Accepted::of(&headers)).into_response(),
                None => not_found(),
            };
            let headers = response.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            headers.insert(CONTENT_SECURITY_POLICY, POLICY);
            response
        })
        .boxed()
}

fn not_found() -> Response {
    let words = "there is no such page; the API is below /api/v1/\n";
    warp::reply::with_status(words, StatusCode::NOT_FOUND).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::public_url::OWN_PATHS;

    #[test]
    fn no_public_path_hides_a_page() {
        for page in PAGES.iter().filter(|page| page.path != "/") {
            assert!(OWN_PATHS.contains(&&page.path[1..]), "{}", page.path);
        }
    }
}
