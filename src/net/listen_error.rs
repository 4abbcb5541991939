//! The reasons why the server can't listen on an address.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::unix_socket::MAX_PATH_BYTES;

/// The lowest port that every program may use.
const FIRST_FREE_PORT: u16 = 1024;

/// The reason why the server can't listen on an address. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another socket listens there.
    #[error(
        "cannot listen on {address}: another program, or another address of this server, uses it; end that program, or choose \
         another address with --listen"
    )]
    InUse {
        /// The address as it is written in the setting.
        address: String,
    },
    /// The port is reserved for privileged programs.
    #[error(
        "cannot listen on {address}: ports below {FIRST_FREE_PORT} are for privileged programs; choose a higher port with \
         --listen, or allow this one with AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit"
    )]
    Privileged {
        /// The address as it is written in the setting.
        address: String,
    },
    /// The machine does not have the address.
    #[error(
        "cannot listen on {address}: this machine has no such address; choose one that `ip address` shows, or all with \
         --listen :{port}"
    )]
    NotHere {
        /// The address as it is written in the setting.
        address: String,
        /// The port of the address.
        port: u16,
    },
    /// The system can't resolve the host name.
    #[error(
        "cannot listen on {address}: the host name is not known here ({cause}); write an IP address with --listen, or add the \
         name to /etc/hosts"
    )]
    UnknownHost {
        /// The address as it is written in the setting.
        address: String,
        /// The error of the resolver.
        cause: io::Error,
    },
    /// The path of a Unix socket is longer than the system allows.
    #[error(
        "cannot listen on unix:{}: the path has {} bytes, and that of a socket has at most {MAX_PATH_BYTES}; choose a shorter \
         one with --listen",
        .0.display(),
        .0.as_os_str().len()
    )]
    PathTooLong(PathBuf),
    /// A file that is not a socket has the path.
    #[error(
        "cannot listen on unix:{}: a file that is not a socket has this name; remove it, or choose another path with --listen",
        .0.display()
    )]
    NotASocket(PathBuf),
    /// The folder of a Unix socket does not exist.
    #[error("cannot listen on unix:{}: its folder does not exist; create it, or choose another path with --listen", .0.display())]
    NoFolder(PathBuf),
    /// The user of this process may not create the socket.
    #[error(
        "cannot listen on unix:{}: the user of this process may not write into its folder, or may not use the \
         socket that is there; change the folder's owner, or choose another path with --listen",
        .0.display()
    )]
    Forbidden(PathBuf),
    /// The operating system has another reason.
    #[error("cannot listen on {address}: {cause}; choose another address with --listen")]
    Other {
        /// The address as it is written in the setting.
        address: String,
        /// The error of the operating system.
        cause: io::Error,
    },
}

impl ListenError {
    /// Returns the error for a TCP address. `written` is the address in the setting.
    pub(super) fn of_tcp(written: &str, address: SocketAddr, cause: io::Error) -> Self {
        let written = written.to_owned();
        let port = address.port();
        match cause.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address: written },
            io::ErrorKind::PermissionDenied if port < FIRST_FREE_PORT => Self::Privileged { address: written },
            io::ErrorKind::AddrNotAvailable => Self::NotHere { address: written, port },
            _ => Self::Other {
                address: written,
                cause,
            },
        }
    }

    /// Returns the error for a Unix socket.
    pub(super) fn of_unix(path: &Path, cause: io::Error) -> Self {
        let path = path.to_owned();
        let address = format!("unix:{}", path.display());
        match cause.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            io::ErrorKind::AlreadyExists => Self::NotASocket(path),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder(path),
            io::ErrorKind::PermissionDenied => Self::Forbidden(path),
            _ => Self::Other { address, cause },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_says_what_to_do() {
        let of = |address: &str, kind: io::ErrorKind| {
            let address: SocketAddr = address.parse().expect("an address");
            ListenError::of_tcp("chat:1", address, kind.into()).to_string()
        };
        for (error, words) in [
            (
                of("127.0.0.1:80", io::ErrorKind::PermissionDenied),
                "CAP_NET_BIND_SERVICE",
            ),
            (
                of("127.0.0.1:8080", io::ErrorKind::PermissionDenied),
                "permission denied",
            ),
            (of("192.0.2.1:3000", io::ErrorKind::AddrNotAvailable), "--listen :3000"),
            (of("127.0.0.1:3000", io::ErrorKind::AddrInUse), "another program"),
        ] {
            assert!(
                error.starts_with("cannot listen on chat:1: ") && error.contains(words),
                "{error}"
            );
            assert!(error.contains("--listen"), "{error}");
        }
    }
}
