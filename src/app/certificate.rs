//! The certificate that the server shows to clients, for monitoring.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;

/// A certificate for TLS, without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCertificate {
    /// The time at which the certificate ends.
    pub ends_at: Timestamp,
    /// The SHA-256 of the certificate, in hexadecimal with colons.
    pub fingerprint: String,
}

/// The certificate in use. Empty if the server listens without TLS.
#[derive(Debug, Default)]
pub struct CertificateStatus(Mutex<Option<ServedCertificate>>);

impl CertificateStatus {
    fn current(&self) -> MutexGuard<'_, Option<ServedCertificate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the server uses another certificate.
    pub fn replace(&self, certificate: ServedCertificate) {
        *self.current() = Some(certificate);
    }

    /// Returns the certificate in use.
    #[must_use]
    pub fn served(&self) -> Option<ServedCertificate> {
        self.current().clone()
    }
}
