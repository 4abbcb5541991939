//! TLS (RFC 8446) by rustls: the certificate with its key, the handshake, and the stream after it.

mod error;
mod pair;
mod probe;
mod self_signed;
mod session;

use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, server};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) use error::TlsError;
pub(crate) use pair::{CertificatePair, Stamp};
pub(crate) use probe::probe;
pub(crate) use self_signed::SelfSigned;
pub(crate) use session::TlsSession;

/// The name of HTTP/2 in the handshake (RFC 7301).
const HTTP2: &[u8] = b"h2";

/// The name of HTTP/1.1 in the handshake.
const HTTP1: &[u8] = b"http/1.1";

/// Maximum number of sessions that clients can resume, of which the server keeps the secrets.
const MAX_SESSIONS: usize = 1024;

/// The first byte of a handshake (RFC 8446, §5.1).
pub(crate) const HANDSHAKE: u8 = 22;

/// The number of days before the end of a certificate at which warnings begin.
pub(crate) const WARN_DAYS: i64 = 14;

/// The TLS side of a server. Cloning is cheap; all clones use the same certificate.
#[derive(Debug, Clone)]
pub struct Tls {
    acceptor: Arc<ServerConfig>,
    current: Arc<Current>,
}

/// The certificate for new handshakes.
struct Current(ArcSwap<CertifiedKey>);

impl fmt::Debug for Current {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Current(a certificate and its key)")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Creates the TLS side with its first certificate.
    ///
    /// # Errors
    /// [`TlsError::Library`] if the library has no protocol version, which is a defect.
    pub fn new(pair: &CertificatePair) -> Result<Self, TlsError> {
        let current = Arc::new(Current(ArcSwap::new(Arc::clone(&pair.certified))));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Library)?;
        let mut config = builder
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        config.session_storage = server::ServerSessionMemoryCache::new(MAX_SESSIONS);
        Ok(Self {
            acceptor: Arc::new(config),
            current,
        })
    }

    /// Replaces the certificate for new handshakes. Open connections continue.
    pub fn replace(&self, pair: &CertificatePair) {
        self.current.0.store(Arc::clone(&pair.certified));
    }

    /// Carries out the handshake with a client, without a time limit.
    ///
    /// # Errors
    /// The error of the connection or of the handshake.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.acceptor)).accept(stream).await
    }
}

/// Returns whether the client chose HTTP/2 in the handshake.
#[must_use]
pub(crate) fn speaks_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}
