//! The one-time link that creates the first administrator.

use std::fmt;

/// The secret of the link that creates the first administrator. It is stored in plain text, since a restart must
/// print the same link again. It is removed when the first user exists.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// The secret part of the link, in plain text.
    pub secret: String,
}

impl fmt::Debug for SetupLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SetupLink(hidden)")
    }
}
