//! The source addresses that limits and blocks are counted by.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The number of bits of an IPv6 address that name a network. A subscriber usually gets at least one such network, and
/// chooses the other 64 bits freely.
const IPV6_NETWORK_BITS: u32 = 64;

/// The source of requests for limits: an IPv4 address, or the /64 network of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceAddress(IpAddr);

impl SourceAddress {
    /// Returns the source of an address. An IPv4 address in IPv6 form counts as an IPv4 address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) & (u128::MAX << (u128::BITS - IPV6_NETWORK_BITS));
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }

    /// Restores a stored address without cutting it to its network. Older versions stored whole IPv6 addresses: such a
    /// record keeps its key, and no lookup finds it any more.
    #[must_use]
    pub const fn from_store(address: IpAddr) -> Self {
        Self(address)
    }

    /// Returns the IPv4 address, or the first address of the IPv6 network.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceAddress {
        SourceAddress::of(text.parse().expect("an address"))
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_source() {
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("2001:db8:1:2::1").to_string(), "2001:db8:1:2::");
    }

    #[test]
    fn each_ipv4_address_is_a_source_in_either_form() {
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }
}
