//! The settings of the listening sockets and of connections.

use std::path::PathBuf;
use std::time::Duration;

use super::values::StartValues;
use super::{ConfigError, Source};
use crate::domain::ListenAddress;

/// The listening sockets and the limits of connections.
#[derive(Debug)]
pub(crate) struct NetworkSettings {
    /// The addresses to listen on.
    pub listen: Vec<ListenAddress>,
    /// True if no source names an address to listen on, so that inherited sockets replace the default.
    pub listens_by_default: bool,
    /// The certificate for TLS; `None` listens without TLS.
    pub tls: Option<TlsSource>,
    /// The addresses without TLS whose answers only name the address with TLS.
    pub redirect: Vec<ListenAddress>,
    /// The time that a connection waits for its next request.
    pub keep_alive_time: Duration,
    /// The time for the head of a request after its first byte.
    pub head_time: Duration,
}

/// The source of the certificate for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSource {
    /// Files in PEM.
    Files {
        /// The path of the certificate, with those of its issuers.
        certificate: PathBuf,
        /// The path of its key.
        key: PathBuf,
    },
    /// A certificate that the server makes and keeps in the data folder.
    SelfSigned,
}

impl NetworkSettings {
    /// Returns the scheme of the server's URLs.
    #[must_use]
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Parses the values of a configuration.
    pub(super) fn of(from: &StartValues<'_>) -> Result<Self, ConfigError> {
        let tls = tls(from)?;
        let redirect = from.optional("redirect_http", |text| match (&tls, ListenAddress::parse_list(text)?) {
            (Some(_), addresses) if addresses.iter().any(|address| address.authority().is_none()) => {
                Err("has a Unix socket, at which no browser begins: name addresses with ports, as :80".to_owned())
            }
            (Some(_), addresses) => Ok(addresses),
            (None, _) => Err("needs TLS: set tls_cert and tls_key, or tls_self_signed".to_owned()),
        })?;
        let seconds = |name| from.number(name).map(|number| Duration::from_secs(number.into()));
        Ok(Self {
            listen: from.parse("listen", ListenAddress::parse_list)?,
            listens_by_default: from.value("listen").is_none_or(|value| value.source == Source::Default),
            tls,
            redirect: redirect.unwrap_or_default(),
            keep_alive_time: seconds("keep_alive_seconds")?,
            head_time: seconds("header_seconds")?,
        })
    }
}

/// Returns where the certificate comes from.
fn tls(from: &StartValues<'_>) -> Result<Option<TlsSource>, ConfigError> {
    let is_made = from.flag("tls_self_signed")?;
    match from.pair("tls_cert", "tls_key")? {
        Some((certificate, _)) if is_made => Err(ConfigError::Twice {
            one: "tls_self_signed".to_owned(),
            other: format!("tls_cert ({certificate})"),
        }),
        Some((certificate, key)) => Ok(Some(TlsSource::Files {
            certificate: certificate.into(),
            key: key.into(),
        })),
        None => Ok(is_made.then_some(TlsSource::SelfSigned)),
    }
}
