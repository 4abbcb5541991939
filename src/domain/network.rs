//! The network of an address: what connections and calls from one source are counted by.

use std::net::{IpAddr, Ipv6Addr};

/// Bits of an IPv6 address that its network has in common: one customer usually gets all addresses of a /64.
const IPV6_PREFIX_BITS: u32 = 64;

/// The network of an address: an IPv4 address alone, or all IPv6 addresses of a /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// Returns the network that an address is counted in.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let host_bits = u128::MAX >> IPV6_PREFIX_BITS;
                Self(Ipv6Addr::from_bits(address.to_bits() & !host_bits).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::of(text.parse().expect("an address"))
    }

    #[test]
    fn ipv4_counts_by_address_and_ipv6_by_the_first_half() {
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::2"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
    }
}
