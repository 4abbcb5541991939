//! The page that a browser shows if it cannot reach the server, and the script with which it has that page.

use askama::Template;
use serde_json::json;
use warp::http::HeaderValue;
use warp::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName};

use crate::web::assets;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

/// The path of the page.
const PAGE: &str = "/offline";

/// The number of seconds after which the page tries again. The address is still that of the page that the user wanted.
const RETRY_SECONDS: u32 = 10;

const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// The script without its first line.
const SCRIPT: &str = include_str!("service-worker.js");

/// The content security policy of the script, which only fetches from this server.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; connect-src 'self'");

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open(PAGE, |visit| Box::pin(show(visit))).without_cookies(),
    PageRoute::open("/service-worker.js", |visit| Box::pin(script(visit))).without_cookies(),
];

#[derive(Template)]
#[template(path = "offline/offline.html")]
struct Offline {
    f: Frame,
}

/// Answers with the page. It needs no script, because the browser loads it again by itself.
async fn show(visit: Visit) -> PageOutcome {
    let f = Frame::of(&visit, visit.words.t("offline"));
    let mut answer = reply::unlisted(reply::page(&visit, &Offline { f })?);
    answer.headers_mut().insert(REFRESH, RETRY_SECONDS.into());
    Ok(answer)
}

/// Answers with the script. A browser compares it at each visit with the script that it has. The paths of the assets
/// change with their content, so that a new version of the server also brings a new page.
async fn script(visit: Visit) -> PageOutcome {
    let folder = format!("{}{}", visit.base, assets::folder());
    let parts = json!([
        format!("{}{PAGE}", visit.base),
        format!("{folder}/rollcall.css"),
        format!("{folder}/icons.svg"),
    ]);
    let text = format!("const PARTS = {parts};\n{SCRIPT}");
    let mut answer = reply::text("text/javascript; charset=utf-8", text);
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    Ok(answer)
}
