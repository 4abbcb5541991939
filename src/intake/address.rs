//! The address that a request comes from.

use std::net::IpAddr;

use warp::http::HeaderMap;

use crate::app::App;
use crate::auth::Peer;
use crate::auth::origin::client_address;

/// Returns the address that a request comes from: that of the peer, or the one that a trusted proxy names.
#[must_use]
pub(crate) fn address_of(peer: Option<Peer>, headers: &HeaderMap, app: &App) -> Option<IpAddr> {
    let forwarded = headers.get_all("x-forwarded-for").iter();
    client_address(
        peer,
        forwarded.map(|line| line.to_str().unwrap_or_default()),
        &app.fixed.trusted_proxies,
    )
}
