//! An address to listen on, as it is written in a setting.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use super::list_setting;

/// Maximum number of addresses in one setting.
const MAX_ADDRESSES: usize = 16;

/// Maximum bytes of a host name (RFC 1035, §2.3.4).
const MAX_HOST_BYTES: usize = 253;

/// The beginning of the path of a Unix socket.
const UNIX: &str = "unix:";

/// The mode of a Unix socket if the address names no mode: only the user of the server may connect.
const PRIVATE_MODE: u32 = 0o600;

/// The highest mode of a Unix socket: every user may connect.
const MAX_MODE: u32 = 0o777;

/// The forms of an address, for errors.
const FORMS: &str = "write 127.0.0.1:3000, [::1]:3000, localhost:3000, 3000 for this machine only, :3000 for all networks, or \
                     unix:/run/rollcall.sock?mode=660";

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// All IPv4 and IPv6 addresses of the machine, with a port.
    All(u16),
    /// One IP address and a port.
    Ip(SocketAddr),
    /// All addresses of a host name.
    Host {
        /// The host name, which the system resolves.
        name: String,
        /// The port; 0 takes a free one.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// The path of the socket's file.
        path: PathBuf,
        /// The mode bits of the file, which decide who may connect.
        mode: u32,
    },
}

impl ListenAddress {
    /// Parses a list with commas. An address that is written twice counts once.
    ///
    /// # Errors
    /// The first item that is not an address, in words that follow the name of the setting.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let mut addresses: Vec<Self> = Vec::new();
        for item in list_setting::items(text) {
            let address: Self = item
                .parse()
                .map_err(|()| format!("has {item}, which is not an address: {FORMS}"))?;
            if address.has_free_port() || !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        match addresses.len() {
            0 => Err(format!("has no address: {FORMS}")),
            1..=MAX_ADDRESSES => Ok(addresses),
            more => Err(format!("has {more} addresses, and may have {MAX_ADDRESSES}")),
        }
    }

    /// Returns the host and port with which a browser on this machine reaches the address; `None` for a Unix socket.
    #[must_use]
    pub fn authority(&self) -> Option<String> {
        match self {
            Self::All(port) => Some(format!("localhost:{port}")),
            Self::Ip(address) if address.ip().is_unspecified() => Some(format!("localhost:{}", address.port())),
            Self::Ip(address) => Some(address.to_string()),
            Self::Host { name, port } => Some(format!("{name}:{port}")),
            Self::Unix { .. } => None,
        }
    }

    /// Returns whether the system chooses the port.
    fn has_free_port(&self) -> bool {
        match self {
            Self::All(port) | Self::Host { port, .. } => *port == 0,
            Self::Ip(address) => address.port() == 0,
            Self::Unix { .. } => false,
        }
    }
}

/// Returns the URL with which a browser on this machine reaches the first of these addresses that is not a Unix socket.
#[must_use]
pub(crate) fn url_of(scheme: &str, addresses: &[ListenAddress]) -> String {
    let authority = addresses.iter().find_map(ListenAddress::authority);
    format!("{scheme}://{}", authority.as_deref().unwrap_or("localhost"))
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl FromStr for ListenAddress {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(place) = text.strip_prefix(UNIX) {
            return unix(place);
        }
        if let Ok(port) = port(text) {
            return Ok(Self::Ip((Ipv4Addr::LOCALHOST, port).into()));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        match text.rsplit_once(':') {
            Some(("", number)) => port(number).map(Self::All),
            Some((name, number)) if is_host(name) => Ok(Self::Host {
                name: name.to_owned(),
                port: port(number)?,
            }),
            _ => Err(()),
        }
    }
}

/// Parses the path and the mode of a Unix socket.
fn unix(place: &str) -> Result<ListenAddress, ()> {
    let (path, mode) = match place.split_once('?') {
        None => (place, PRIVATE_MODE),
        Some((path, query)) => {
            let digits = query.strip_prefix("mode=").ok_or(())?;
            let mode = u32::from_str_radix(digits, 8).ok();
            (path, mode.filter(|mode| *mode <= MAX_MODE).ok_or(())?)
        }
    };
    // The kernel ends a path at NUL, and treats a path that begins with it as an abstract name.
    if path.is_empty() || path.contains('\0') {
        return Err(());
    }
    Ok(ListenAddress::Unix {
        path: PathBuf::from(path),
        mode,
    })
}

/// Parses a port of digits only. `u16::from_str` also accepts a plus sign.
fn port(digits: &str) -> Result<u16, ()> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().map_err(|_| ())
    } else {
        Err(())
    }
}

/// Returns whether a text may be a host name. A text of digits and dots only is an address with an error.
fn is_host(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let has_letter = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    name.len() <= MAX_HOST_BYTES && has_letter && name.bytes().all(allowed)
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(port) => write!(out, ":{port}"),
            Self::Ip(address) => write!(out, "{address}"),
            Self::Host { name, port } => write!(out, "{name}:{port}"),
            Self::Unix { path, .. } => write!(out, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_parsed() {
        let ip = |text: &str| ListenAddress::Ip(text.parse().expect("an address"));
        let unix = |path: &str, mode| ListenAddress::Unix {
            path: path.into(),
            mode,
        };
        let host = |name: &str, port| ListenAddress::Host {
            name: name.into(),
            port,
        };
        for (text, address) in [
            ("127.0.0.1:3000", ip("127.0.0.1:3000")),
            ("[::1]:0", ip("[::1]:0")),
            ("3000", ip("127.0.0.1:3000")),
            (":3000", ListenAddress::All(3000)),
            ("localhost:80", host("localhost", 80)),
            ("chat.ship-1.example:443", host("chat.ship-1.example", 443)),
            ("unix:/run/x.sock", unix("/run/x.sock", 0o600)),
            ("unix:x.sock?mode=0660", unix("x.sock", 0o660)),
        ] {
            assert_eq!(text.parse(), Ok(address), "{text}");
        }
        let list = ListenAddress::parse_list(" 3000, :0,:0 ,127.0.0.1:3000").expect("a list");
        assert_eq!(
            list,
            [ip("127.0.0.1:3000"), ListenAddress::All(0), ListenAddress::All(0)]
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            " , ",
            "localhost",
            "127.0.0.1",
            "127.0.0:3000",
            "::1:3000",
            "70000",
            "+3000",
            ":+3000",
            ":",
            "localhost:",
            "http://localhost:3000",
            "a b:3000",
            "unix:",
            "unix:?mode=600",
            "unix:/x?mode=888",
            "unix:/x?mode=7777",
            "unix:/x?mode=",
            "unix:/x?user=a",
            "unix:/x\0y",
            "3000,nonsense",
        ] {
            let refused = ListenAddress::parse_list(text).expect_err(text);
            assert!(refused.contains("127.0.0.1:3000"), "{text}: {refused}");
        }
        let many = vec![":0"; MAX_ADDRESSES + 1].join(",");
        assert!(ListenAddress::parse_list(&many).is_err_and(|refused| refused.contains("may have 16")));
    }

    #[test]
    fn the_url_is_that_of_the_first_address_that_a_browser_reaches() {
        for (text, url) in [
            ("0.0.0.0:80", "http://localhost:80"),
            ("unix:/x,[::]:80", "http://localhost:80"),
            ("[::1]:80,localhost:81", "http://[::1]:80"),
            ("chat.example:80", "http://chat.example:80"),
            ("unix:/x", "http://localhost"),
        ] {
            let list = ListenAddress::parse_list(text).expect("a list");
            assert_eq!(url_of("http", &list), url, "{text}");
        }
    }
}
