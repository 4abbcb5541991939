//! What a server speaks at an address.

/// What a server speaks at an address. Each request carries that of its connection.
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
