//! Counts of TCP connections and their limits, in total and for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::SourceAddress;

/// The counter of connections. Cloning is cheap; all clones count the same connections.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    open: Arc<Mutex<Open>>,
    most: u64,
}

#[derive(Debug, Default)]
struct Open {
    all: u64,
    by_address: HashMap<SourceAddress, u32>,
}

/// The limit that a new connection exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surplus {
    /// The server has as many connections as its file descriptors allow.
    All,
    /// The address has as many connections as one address may have.
    Address,
}

/// One counted connection. Dropping it ends the count.
#[derive(Debug)]
pub(crate) struct TcpConnection {
    connections: Connections,
    address: Option<SourceAddress>,
}

impl Connections {
    /// Creates a counter with a maximum number of connections.
    #[must_use]
    pub(crate) fn new(most: u64) -> Self {
        Self {
            open: Arc::default(),
            most,
        }
    }

    /// Counts one more connection. `most` limits the connections of its address. Without `most`, as for a trusted
    /// proxy, the address is not counted.
    ///
    /// # Errors
    /// [`Surplus`] with the limit that is reached.
    pub(crate) fn open(&self, address: IpAddr, most: Option<u32>) -> Result<TcpConnection, Surplus> {
        let mut open = self.counts();
        if open.all >= self.most {
            return Err(Surplus::All);
        }
        let counted = most.map(|most| (SourceAddress::of(address), most));
        if let Some((address, most)) = counted {
            let from_there = open.by_address.entry(address).or_default();
            if *from_there >= most {
                return Err(Surplus::Address);
            }
            *from_there += 1;
        }
        open.all += 1;
        Ok(TcpConnection {
            connections: self.clone(),
            address: counted.map(|(address, _)| address),
        })
    }

    /// Returns the maximum number of connections.
    #[must_use]
    pub(crate) const fn most(&self) -> u64 {
        self.most
    }

    fn counts(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TcpConnection {
    fn drop(&mut self) {
        let mut open = self.connections.counts();
        open.all -= 1;
        if let Some(address) = self.address {
            let left = open.by_address.remove(&address).unwrap_or_default();
            if left > 1 {
                open.by_address.insert(address, left - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_connection_is_counted_until_it_ends() {
        let connections = Connections::new(3);
        let first = connections.open(address("192.0.2.1"), Some(1)).expect("room");
        let second = connections.open(address("192.0.2.1"), Some(1)).map(drop);
        assert_eq!(second, Err(Surplus::Address));
        drop(first);
        let again = connections.open(address("192.0.2.1"), Some(1));
        assert!(again.is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_a_mapped_address_is_that_of_ipv4() {
        let connections = Connections::new(10);
        let _held = connections.open(address("2001:db8::1"), Some(1)).expect("room");
        let same = connections.open(address("2001:db8::ffff:2"), Some(1)).map(drop);
        assert_eq!(same, Err(Surplus::Address));
        let _held = connections.open(address("2001:db8:0:1::1"), Some(1)).expect("room");
        let _held = connections.open(address("::ffff:192.0.2.1"), Some(1)).expect("room");
        let same = connections.open(address("192.0.2.1"), Some(1)).map(drop);
        assert_eq!(same, Err(Surplus::Address));
    }

    #[test]
    fn a_trusted_proxy_counts_for_all_but_not_for_its_address() {
        let connections = Connections::new(2);
        let proxy = address("10.0.0.1");
        let _held = [(); 2].map(|()| connections.open(proxy, None).expect("room"));
        assert_eq!(connections.open(proxy, None).map(drop), Err(Surplus::All));
    }
}
