//! The public URL of the server, which may have a path before the server's own paths.

use std::net::Ipv6Addr;
use std::num::NonZeroU16;

/// The first segments of the server's own paths. A public path that begins with one of them would be ambiguous.
pub(crate) const OWN_PATHS: [&str; 28] = [
    "api",
    "avatar",
    "websocket",
    "sockjs",
    "livez",
    "readyz",
    "health",
    "setup",
    "reset-password",
    "assets",
    "sign-in",
    "sign-out",
    "forgot-password",
    "change-password",
    "register",
    "join",
    "my-status",
    "events",
    "people",
    "profile",
    "admin",
    "board",
    "offline",
    "service-worker.js",
    "manifest.webmanifest",
    "robots.txt",
    "metrics",
    ".well-known",
];

/// The URL of a server: `http` or `https`, a host, and maybe a path, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    text: String,
    path_start: usize,
}

impl PublicUrl {
    /// Parses the URL of a server, and removes slashes at its end.
    ///
    /// # Errors
    /// Returns a message that follows the name of the setting.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Self::restore(text)?;
        let authority = url.text[..url.path_start].split("://").nth(1);
        if authority.is_some_and(is_authority) {
            return Ok(url);
        }
        // The text is not repeated: it may have a password before an `@`.
        Err("must have a host, with or without a port, like https://example.com or https://example.com:3000".into())
    }

    /// Restores a stored URL. Stores of earlier versions may have one whose host or port [`Self::parse`] refuses.
    ///
    /// # Errors
    /// Returns a message that follows the name of the setting.
    pub(crate) fn restore(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('/');
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let refused = |character: char| character.is_control() || [' ', '#', '?', '"', '<', '>'].contains(&character);
        let Some(rest) = rest.filter(|rest| !rest.starts_with('/') && !rest.is_empty() && !rest.contains(refused))
        else {
            return Err("must be a URL that begins with http:// or https://".to_owned());
        };
        let path_start = rest.find('/').map_or(text.len(), |at| text.len() - rest.len() + at);
        let url = Self {
            text: text.to_owned(),
            path_start,
        };
        let mut parts = url.path().split('/').skip(1);
        if !parts.clone().all(is_plain) {
            return Err("must have only letters, digits, -, _, . and ~ between the slashes of its path".into());
        }
        match parts.next() {
            Some(first) if OWN_PATHS.contains(&first) => Err(format!(
                "must have another path: /{first} is a path of the server itself"
            )),
            _ => Ok(url),
        }
    }

    /// Returns the whole URL.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the path before the server's own paths: empty, or `/` and a path without a slash at its end.
    #[must_use]
    pub(crate) fn path(&self) -> &str {
        &self.text[self.path_start..]
    }
}

/// Returns whether a text is a host, with or without a port. The host has letters, digits, dots, hyphens and underscores, or is
/// an IPv6 address in brackets.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_plain = |character: char| character.is_alphanumeric() || "-._".contains(character);
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_plain),
    };
    // A number may begin with `+`, and a port may not.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<NonZeroU16>().is_ok();
    is_host && port.is_none_or(is_port)
}

fn is_plain(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_have_a_path() {
        for (text, url, path) in [
            ("https://example.org", "https://example.org", ""),
            ("https://example.org/", "https://example.org", ""),
            ("http://[::1]:3000//", "http://[::1]:3000", ""),
            (
                "https://example.org/rollcall",
                "https://example.org/rollcall",
                "/rollcall",
            ),
            (
                "https://example.org/a/b-c_d.e~f/",
                "https://example.org/a/b-c_d.e~f",
                "/a/b-c_d.e~f",
            ),
        ] {
            let parsed = PublicUrl::parse(text).expect(text);
            assert_eq!((parsed.as_str(), parsed.path()), (url, path));
        }
    }

    #[test]
    fn a_stored_url_has_its_path_although_its_host_is_refused_today() {
        for text in ["https://a:/chat", "https://user:password@a/chat/"] {
            assert_eq!(PublicUrl::restore(text).expect(text).path(), "/chat");
            assert!(!PublicUrl::parse(text).expect_err(text).contains("password"));
        }
        assert!(PublicUrl::restore("https://a/api").is_err());
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        for text in [
            "",
            "https://",
            "https:///a",
            "example.org",
            "ftp://example.org",
            "https://a b",
            "https://a:port",
            "https://a:99999",
            "https://a:+3000",
            "https://a:0",
            "https://*.example",
            "https://user@a",
            "https://[::1",
            "https://:3000",
            "https://a?b",
            "https://a\n",
            "https://a/b//c",
            "https://a/..",
            "https://a/\u{e5}",
            "https://a/%2e",
            "https://a/b\"c",
            "https://a/api",
            "https://a/avatar/b",
        ] {
            let outcome = PublicUrl::parse(text);
            // White space around the URL is removed.
            assert_eq!(outcome.is_err(), text != "https://a\n", "{text}: {outcome:?}");
        }
    }
}
