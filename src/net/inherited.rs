//! Sockets that the parent of this process has opened, as systemd does for a unit with a `.socket` file.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;
use socket2::SockRef;

/// The number of the first descriptor (`sd_listen_fds(3)`).
const FIRST_DESCRIPTOR: usize = 3;

/// Maximum number of inherited sockets.
const MAX_SOCKETS: usize = 64;

/// A listening socket of the parent.
#[derive(Debug)]
pub enum InheritedSocket {
    /// A TCP socket with IPv4 or IPv6.
    Tcp(TcpListener),
    /// A Unix socket. Its file belongs to the parent.
    Unix(UnixListener),
}

/// The reason why inherited sockets can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InheritedError {
    /// A descriptor is not a listening stream socket.
    #[error(
        "LISTEN_FDS names the descriptor {descriptor}, which is not a listening TCP or Unix socket: use only ListenStream= \
         with Accept=no in the .socket unit"
    )]
    NotListening {
        /// The number of the descriptor.
        descriptor: usize,
    },
    /// The variable names more descriptors than a server uses.
    #[error("LISTEN_FDS names {count} sockets, and a server uses at most {MAX_SOCKETS}: pass fewer")]
    TooMany {
        /// The number in the variable.
        count: usize,
    },
}

/// Takes the sockets that `LISTEN_FDS` names, and removes the variables of systemd. Call it before other threads run and
/// before files are opened.
///
/// # Errors
/// [`InheritedError`] with the descriptor and what to do.
pub(crate) fn inherited() -> Result<Vec<InheritedSocket>, InheritedError> {
    let mut found = ListenFd::from_env();
    let count = found.len();
    if count > MAX_SOCKETS {
        return Err(InheritedError::TooMany { count });
    }
    (0..count)
        .map(|index| {
            let descriptor = FIRST_DESCRIPTOR + index;
            take(&mut found, index).ok_or(InheritedError::NotListening { descriptor })
        })
        .collect()
}

fn take(found: &mut ListenFd, index: usize) -> Option<InheritedSocket> {
    if let Ok(Some(socket)) = found.take_tcp_listener(index) {
        return is_listening(&SockRef::from(&socket)).then_some(InheritedSocket::Tcp(socket));
    }
    let socket = found.take_unix_listener(index).ok().flatten()?;
    is_listening(&SockRef::from(&socket)).then_some(InheritedSocket::Unix(socket))
}

fn is_listening(socket: &SockRef<'_>) -> bool {
    socket.is_listener().unwrap_or(false)
}
