//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::domain::SourceAddress;

/// Most characters of a client's name that are kept.
const CLIENT_CHARACTERS: usize = 200;

/// Most proxies in a row whose word on the client's address is read.
const MAX_PROXIES: usize = 32;

/// The other end of a connection, as the server puts it into each request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Where a request comes from.
#[derive(Debug, Default, Clone)]
pub struct Origin {
    /// The client's address, if it came over the network.
    pub address: Option<IpAddr>,
    /// What the client calls itself; empty where it does not say.
    pub client: Arc<str>,
}

impl Origin {
    /// An origin whose client calls itself this.
    #[must_use]
    pub fn new(address: Option<IpAddr>, client: &str) -> Self {
        let client: String = client.chars().take(CLIENT_CHARACTERS).collect();
        Self {
            address,
            client: client.into(),
        }
    }

    /// The source that limits count it for.
    #[must_use]
    pub fn source(&self) -> Option<SourceAddress> {
        self.address.map(SourceAddress::of)
    }
}

/// The client's address: the peer's, or the one that trusted proxies name, the nearest first. `lines`
/// are those of `X-Forwarded-For`.
#[must_use]
pub fn client_address<'line>(
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
