//! Makes self-signed certificates with their keys.

use rcgen::{CertificateParams, DnType, KeyPair};
use time::{Duration, OffsetDateTime};

use super::error::TlsError;
use crate::domain::Timestamp;

/// The days for which a self-signed certificate is valid.
const DAYS: i64 = 397;

/// A new self-signed certificate with its key, in PEM.
pub(crate) struct SelfSigned {
    pem: String,
}

impl SelfSigned {
    /// Makes a certificate for these host names and addresses, valid from a day before `now`, so that clients with a clock
    /// that is a little behind accept it.
    ///
    /// # Errors
    /// [`TlsError::SelfSigned`] if a name can't be in a certificate.
    pub(crate) fn new(names: Vec<String>, now: Timestamp) -> Result<Self, TlsError> {
        let failed = |error: &dyn std::fmt::Display| TlsError::SelfSigned(error.to_string());
        let now =
            OffsetDateTime::from_unix_timestamp(now.as_millis().div_euclid(1000)).map_err(|error| failed(&error))?;
        let mut parameters = CertificateParams::new(names).map_err(|error| failed(&error))?;
        parameters.not_before = now - Duration::days(1);
        parameters.not_after = now + Duration::days(DAYS);
        parameters.distinguished_name.push(DnType::CommonName, "Rollcall");
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = parameters.self_signed(&key).map_err(|error| failed(&error))?;
        Ok(Self {
            pem: certificate.pem() + &key.serialize_pem(),
        })
    }

    /// Returns the certificate and the key, for one file that only its owner may read.
    #[must_use]
    pub(crate) fn expose(&self) -> &str {
        &self.pem
    }
}
