//! The origin of a request: the client's address and name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::domain::{SourceAddress, UserId};

/// The maximum length of a client's name, in characters; longer names are cut.
const CLIENT_CHARACTERS: usize = 200;

/// The maximum number of proxies in a row whose headers are read.
const MAX_PROXIES: usize = 32;

/// The address of the other end of a connection. The server adds it to each request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// The origin of a request.
#[derive(Debug, Default, Clone)]
pub struct Origin {
    /// The address of the client, if the request came over the network.
    pub address: Option<IpAddr>,
    /// The name of the client, from its `User-Agent` header; may be empty.
    pub client: Arc<str>,
    /// The user who signed in with this browser before, as its device cookie proves. Only pages have such a cookie.
    pub device: Option<UserId>,
}

impl Origin {
    /// Creates an origin, and cuts the client's name.
    #[must_use]
    pub fn new(address: Option<IpAddr>, client: &str) -> Self {
        let end = client.char_indices().nth(CLIENT_CHARACTERS);
        Self {
            address,
            client: client[..end.map_or(client.len(), |(end, _)| end)].into(),
            device: None,
        }
    }

    /// Returns the origin with the user whom the browser's device cookie names.
    #[must_use]
    pub fn with_device(self, device: Option<UserId>) -> Self {
        Self { device, ..self }
    }

    /// Returns the source address that limits count.
    #[must_use]
    pub fn source(&self) -> Option<SourceAddress> {
        self.address.map(SourceAddress::of)
    }
}

/// Returns the client's address: the peer's address, or the one that trusted proxies report. `lines` are the values of
/// `X-Forwarded-For`; the nearest proxy is last.
#[must_use]
pub(crate) fn client_address<'line>(
    peer: Option<Peer>,
    lines: impl DoubleEndedIterator<Item = &'line str>,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer?.0.ip().to_canonical();
    for name in lines.rev().flat_map(|line| line.rsplit(',')).take(MAX_PROXIES) {
        if !is_trusted(&nearest) {
            break;
        }
        match name.trim().parse::<IpAddr>() {
            Ok(address) => nearest = address.to_canonical(),
            Err(_) => break,
        }
    }
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let peer = Peer(SocketAddr::new(peer.parse().expect("an address"), 1));
        client_address(Some(peer), forwarded.iter().copied(), &trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(seen("10.0.0.1", &["198.51.100.7"]).as_deref(), Some("198.51.100.7"));
        assert_eq!(seen("10.0.0.1", &[]).as_deref(), Some("10.0.0.1"));
        assert_eq!(seen("::ffff:10.0.0.1", &["::1"]).as_deref(), Some("::1"));
    }

    #[test]
    fn what_a_client_writes_before_the_proxys_word_does_not_count() {
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4, 198.51.100.7"]).as_deref(),
            Some("198.51.100.7")
        );
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.0.0.2"]).as_deref(),
            Some("198.51.100.7")
        );
        assert_eq!(seen("10.0.0.1", &["nonsense"]).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn only_so_many_proxies_are_read() {
        let proxies: Vec<_> = (0..=MAX_PROXIES)
            .rev()
            .map(|number| format!("10.0.1.{number}"))
            .collect();
        let last = format!("10.0.1.{}", MAX_PROXIES - 1);
        assert_eq!(seen("10.0.0.1", &[&proxies.join(",")]), Some(last));
    }
}
