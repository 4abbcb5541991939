//! The protocol of an address that the server listens on.

/// The protocol of an address that the server listens on. Each request carries the protocol of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP without TLS.
    Plain,
    /// HTTP over TLS.
    Tls,
    /// HTTP without TLS; each answer only names the address with TLS.
    Redirect,
}

impl Protocol {
    /// Returns the scheme of URLs.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Tls => "https",
            Self::Plain | Self::Redirect => "http",
        }
    }
}
