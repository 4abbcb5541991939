//! The answer of an address without TLS that only sends clients to the address with TLS.

use warp::Reply;
use warp::http::header::{HOST, LOCATION};
use warp::http::uri::Authority;
use warp::http::{Request, StatusCode, Uri};

use crate::app::App;
use crate::domain::SettingId;

/// The port of https, which URLs leave out.
const HTTPS_PORT: u16 = 443;

/// Returns the answer 308 with the same path at the https URL: that of `Site_Url`, else the host of the request at the
/// port with TLS.
pub(super) fn to_https<B>(app: &App, request: &Request<B>) -> warp::reply::Response {
    let base = of_site(app)
        .or_else(|| of_request(app, request))
        .unwrap_or_else(|| app.public_address().url.clone());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    let moved = warp::reply::with_status("use https", StatusCode::PERMANENT_REDIRECT);
    warp::reply::with_header(moved, LOCATION, base + path).into_response()
}

/// Returns the scheme and host of `Site_Url`, if it is set to https.
fn of_site(app: &App) -> Option<String> {
    let site: Uri = app.settings().text(SettingId::SiteUrl).parse().ok()?;
    let is_https = site.scheme_str() == Some("https");
    is_https.then(|| site.authority().map(|authority| format!("https://{authority}")))?
}

/// Returns the https URL of the host that the client named.
fn of_request<B>(app: &App, request: &Request<B>) -> Option<String> {
    let named: Authority = request.headers().get(HOST)?.to_str().ok()?.parse().ok()?;
    let own: Uri = app.fixed.address_url.parse().ok()?;
    let port = own.port_u16().filter(|port| *port != HTTPS_PORT);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("https://{}{port}", named.host()))
}
