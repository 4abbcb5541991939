//! The sockets that the server listens on.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as BlockingTcpListener};
use std::os::unix::net::UnixListener as BlockingUnixListener;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, UnixListener, lookup_host};

use super::inherited::InheritedSocket;
use super::listen_error::ListenError;
use super::protocol::Protocol;
use super::unix_socket::{self, MAX_PATH_BYTES, SocketFile};
use super::wire::Wire;
use crate::domain::ListenAddress;

/// Maximum connections that wait to be accepted; the system may allow fewer. The value is high, so that ten thousand
/// clients that reconnect at the same time need not retry.
const BACKLOG: i32 = 16 * 1024;

/// The address of the client of a Unix socket. Such a client is a process on this machine, like a client that connects
/// from the loopback address. So `trusted_proxies` with 127.0.0.1 also trusts a proxy in front of the socket.
const LOCAL_PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The sockets that a server listens on. Dropping them removes the files of the Unix sockets that it has created.
#[derive(Debug, Default)]
pub struct Listeners {
    all: Vec<Listener>,
    /// The number of the socket that is asked first the next time, so that a busy one does not starve the others.
    next: usize,
}

#[derive(Debug)]
struct Listener {
    socket: ListeningSocket,
    address: BoundAddress,
    protocol: Protocol,
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The address of a socket that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundAddress {
    /// An IP address with its port.
    Tcp(SocketAddr),
    /// The path of a Unix socket; `None` if it has no path.
    Unix(Option<PathBuf>),
}

impl Listeners {
    /// Opens a socket for each address, and takes the inherited ones. Either all are opened, or none. `protocol` is spoken over
    /// TCP; over Unix sockets the server speaks HTTP without TLS.
    ///
    /// # Errors
    /// [`ListenError`] for the first address that can't be used.
    pub async fn open(
        addresses: &[ListenAddress],
        inherited: Vec<InheritedSocket>,
        protocol: Protocol,
    ) -> Result<Self, ListenError> {
        let mut all = Vec::new();
        for socket in inherited {
            let failed = |cause| ListenError::Other {
                address: "a socket from LISTEN_FDS".to_owned(),
                cause,
            };
            all.push(adopt(socket).map_err(failed)?);
        }
        for address in addresses {
            match address {
                ListenAddress::All(port) => all.push(everywhere(address, *port)?),
                ListenAddress::Ip(ip) => all.push(tcp(&address.to_string(), *ip, needs_only_v6(*ip, addresses))?),
                ListenAddress::Host { name, port } => all.extend(host(address, name, *port).await?),
                ListenAddress::Unix { path, mode } => all.push(unix(path, *mode)?),
            }
        }
        for listener in &mut all {
            if listener.address.tcp().is_some() {
                listener.protocol = protocol;
            }
        }
        Ok(Self { all, next: 0 })
    }

    /// Adds the sockets of other listeners.
    pub fn extend(&mut self, others: Self) {
        self.all.extend(others.all);
    }

    /// Returns the addresses of all sockets, with what the server speaks there.
    #[must_use]
    pub fn addresses(&self) -> Vec<(BoundAddress, Protocol)> {
        let address = |listener: &Listener| (listener.address.clone(), listener.protocol);
        self.all.iter().map(address).collect()
    }

    /// Waits for the next connection of any socket. Returns its stream, the address of the client, and what the server speaks
    /// there. The client of a Unix socket has the loopback address.
    ///
    /// # Errors
    /// The error of the operating system, for example if no descriptor is free.
    pub async fn accept(&mut self) -> io::Result<(Wire, SocketAddr, Protocol)> {
        poll_fn(|context| {
            let count = self.all.len();
            for offset in 0..count {
                let number = (self.next + offset) % count;
                let listener = &self.all[number];
                if let Poll::Ready(accepted) = listener.socket.poll_accept(context) {
                    let protocol = listener.protocol;
                    self.next = number + 1;
                    return Poll::Ready(accepted.map(|(wire, peer)| (wire, peer, protocol)));
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl From<TcpListener> for Listeners {
    fn from(socket: TcpListener) -> Self {
        let address = socket.local_addr().map_or(BoundAddress::Unix(None), BoundAddress::Tcp);
        Self {
            all: vec![Listener {
                socket: ListeningSocket::Tcp(socket),
                address,
                protocol: Protocol::Plain,
                _file: None,
            }],
            next: 0,
        }
    }
}

impl ListeningSocket {
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Wire, SocketAddr)>> {
        match self {
            Self::Tcp(socket) => socket.poll_accept(context).map_ok(|(stream, peer)| {
                // Responses are written in one piece, so waiting for more data would only delay them.
                let _ = stream.set_nodelay(true);
                (Wire::Tcp(stream), peer)
            }),
            Self::Unix(socket) => socket
                .poll_accept(context)
                .map_ok(|(stream, _)| (Wire::Unix(stream), LOCAL_PEER)),
        }
    }
}

impl BoundAddress {
    /// Returns the IP address and port; `None` for a Unix socket.
    #[must_use]
    pub const fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for BoundAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(out, "{address}"),
            Self::Unix(Some(path)) => write!(out, "unix:{}", path.display()),
            Self::Unix(None) => write!(out, "a Unix socket without a path"),
        }
    }
}

fn adopt(socket: InheritedSocket) -> io::Result<Listener> {
    let (socket, address) = match socket {
        InheritedSocket::Tcp(socket) => {
            socket.set_nonblocking(true)?;
            let address = BoundAddress::Tcp(socket.local_addr()?);
            (ListeningSocket::Tcp(TcpListener::from_std(socket)?), address)
        }
        InheritedSocket::Unix(socket) => {
            socket.set_nonblocking(true)?;
            let address = BoundAddress::Unix(path_of(&socket));
            (ListeningSocket::Unix(UnixListener::from_std(socket)?), address)
        }
    };
    Ok(Listener {
        socket,
        address,
        protocol: Protocol::Plain,
        _file: None,
    })
}

fn path_of(socket: &BlockingUnixListener) -> Option<PathBuf> {
    socket.local_addr().ok()?.as_pathname().map(Path::to_owned)
}

fn unix(path: &Path, mode: u32) -> Result<Listener, ListenError> {
    if path.as_os_str().len() > MAX_PATH_BYTES {
        return Err(ListenError::PathTooLong(path.to_owned()));
    }
    let bound = unix_socket::bind(path, mode, BACKLOG.unsigned_abs());
    let (socket, file) = bound.map_err(|cause| ListenError::of_unix(path, cause))?;
    Ok(Listener {
        socket: ListeningSocket::Unix(socket),
        address: BoundAddress::Unix(Some(path.to_owned())),
        protocol: Protocol::Plain,
        _file: Some(file),
    })
}

/// Listens on all addresses of the machine: with one socket for IPv6 and IPv4, or for IPv4 alone if the system has no IPv6.
fn everywhere(written: &ListenAddress, port: u16) -> Result<Listener, ListenError> {
    let written = written.to_string();
    let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match bind(both, Some(false)) {
        Ok(listener) => Ok(listener),
        Err(error) if has_no_family(&error) => tcp(&written, (Ipv4Addr::UNSPECIFIED, port).into(), None),
        Err(error) => Err(ListenError::of_tcp(&written, both, error)),
    }
}

/// Listens on all addresses of a host name. Those of a family that the machine does not have are left out. With port 0 all
/// get the same port.
async fn host(written: &ListenAddress, name: &str, port: u16) -> Result<Vec<Listener>, ListenError> {
    let unknown = |cause| ListenError::UnknownHost {
        address: written.to_string(),
        cause,
    };
    let mut found: Vec<_> = lookup_host((name, port)).await.map_err(unknown)?.collect();
    found.sort_unstable();
    found.dedup();
    let mut listeners: Vec<Listener> = Vec::new();
    let mut missing = None;
    for mut address in found {
        let first = listeners.first().and_then(|listener| listener.address.tcp());
        address.set_port(first.map_or(port, |first| first.port()));
        match bind(address, None) {
            Ok(listener) => listeners.push(listener),
            Err(error) if has_no_family(&error) || error.kind() == io::ErrorKind::AddrNotAvailable => {
                missing = Some(ListenError::of_tcp(&written.to_string(), address, error));
            }
            Err(error) => return Err(ListenError::of_tcp(&written.to_string(), address, error)),
        }
    }
    if listeners.is_empty() {
        let empty = io::Error::new(io::ErrorKind::NotFound, "it has no addresses");
        return Err(missing.unwrap_or_else(|| unknown(empty)));
    }
    Ok(listeners)
}

fn tcp(written: &str, address: SocketAddr, only_v6: Option<bool>) -> Result<Listener, ListenError> {
    bind(address, only_v6).map_err(|error| ListenError::of_tcp(written, address, error))
}

/// Returns the option for an IPv6 socket that must leave IPv4 to other addresses of the setting, which have the same port.
fn needs_only_v6(address: SocketAddr, all: &[ListenAddress]) -> Option<bool> {
    let uses_port = |other: &ListenAddress| match other {
        ListenAddress::Ip(SocketAddr::V4(other)) => other.port() == address.port(),
        _ => false,
    };
    let is_everywhere = address.is_ipv6() && address.ip().is_unspecified() && address.port() != 0;
    (is_everywhere && all.iter().any(uses_port)).then_some(true)
}

/// Opens a socket that listens. `only_v6` decides whether an IPv6 socket takes no IPv4 connections; `None` leaves it to the
/// system.
fn bind(address: SocketAddr, only_v6: Option<bool>) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    // A server that is restarted need not wait for the last connections of the old process.
    socket.set_reuse_address(true)?;
    if let Some(only_v6) = only_v6 {
        socket.set_only_v6(only_v6)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let socket = BlockingTcpListener::from(socket);
    let address = BoundAddress::Tcp(socket.local_addr()?);
    Ok(Listener {
        socket: ListeningSocket::Tcp(TcpListener::from_std(socket)?),
        address,
        protocol: Protocol::Plain,
        _file: None,
    })
}

/// Returns whether the system does not have the family of an address, such as IPv6.
fn has_no_family(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT))
}
