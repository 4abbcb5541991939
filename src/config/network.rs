//! The settings of the listening sockets and of connections.

use std::time::Duration;

use super::values::StartValues;
use super::{ConfigError, Source};
use crate::domain::ListenAddress;

/// Maximum seconds that a connection waits for its next request.
const MAX_KEEP_ALIVE_SECONDS: u32 = 3600;

/// Maximum seconds for the head of a request.
const MAX_HEADER_SECONDS: u32 = 600;

/// The listening sockets and the limits of connections.
#[derive(Debug)]
pub struct NetworkSettings {
    /// The addresses to listen on.
    pub listen: Vec<ListenAddress>,
    /// True if no source names an address to listen on, so that inherited sockets replace the default.
    pub listens_by_default: bool,
    /// The time that a connection waits for its next request.
    pub keep_alive_time: Duration,
    /// The time for the head of a request after its first byte.
    pub head_time: Duration,
}

impl NetworkSettings {
    /// Parses the values of a configuration.
    pub(super) fn of(from: &StartValues<'_>) -> Result<Self, ConfigError> {
        let seconds = |name, most| {
            from.number(name, 1, most)
                .map(|number| Duration::from_secs(number.into()))
        };
        Ok(Self {
            listen: from.parse("listen", ListenAddress::parse_list)?,
            listens_by_default: from.value("listen").is_none_or(|value| value.source == Source::Default),
            keep_alive_time: seconds("keep_alive_seconds", MAX_KEEP_ALIVE_SECONDS)?,
            head_time: seconds("header_seconds", MAX_HEADER_SECONDS)?,
        })
    }
}
