//! A certificate with its key, read from PEM files.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::Error;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::error::TlsError;
use crate::domain::Timestamp;

/// Maximum bytes of a file with certificates or a key.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The mode bits of a key file that others may not have. The group may read, as Debian's group `ssl-cert` does.
const MODE_OF_OTHERS: u32 = 0o027;

/// A certificate with its issuers and its key.
#[derive(Clone)]
pub struct CertificatePair {
    pub(super) certified: Arc<CertifiedKey>,
    /// The time at which the server's certificate ends. That of an issuer may be outdated on purpose, for old clients.
    pub ends_at: Timestamp,
    /// The SHA-256 of the server's certificate, in hexadecimal with colons.
    pub fingerprint: String,
}

impl fmt::Debug for CertificatePair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CertificatePair({})", self.fingerprint)
    }
}

impl CertificatePair {
    /// Reads the certificates and the key from two files, which may be the same, and checks that they belong together.
    ///
    /// # Errors
    /// [`TlsError`] with the path and what to do.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = chain(certificate)?;
        let Some(own) = chain.first() else {
            return Err(TlsError::NoCertificate(certificate.to_owned()));
        };
        let ends_at = end_of(certificate, own)?;
        let fingerprint = fingerprint(own);
        let secret = private_key(key)?;
        let provider = ring::default_provider();
        let secret = provider.key_provider.load_private_key(secret);
        let secret = secret.map_err(|error| malformed(key, &error))?;
        let certified = CertifiedKey::new(chain, secret);
        match certified.keys_match() {
            Ok(()) => {}
            Err(Error::InconsistentKeys(_)) => {
                return Err(TlsError::Mismatch {
                    certificate: certificate.to_owned(),
                    key: key.to_owned(),
                });
            }
            Err(error) => return Err(malformed(certificate, &error)),
        }
        Ok(Self {
            certified: Arc::new(certified),
            ends_at,
            fingerprint,
        })
    }
}

/// The state of two files, by which a change of one of them is noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stamp([Option<(i64, i64, u64, u64)>; 2]);

impl Stamp {
    /// Returns the state of the files now. A file that can't be read counts as missing.
    #[must_use]
    pub(crate) fn of(certificate: &Path, key: &Path) -> Self {
        Self([certificate, key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.mtime(), file.mtime_nsec(), file.len(), file.ino()))
        }))
    }
}

/// Returns the mode of a key file if others may read or change it.
fn may_be_read_by_others(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & MODE_OF_OTHERS != 0).then_some(mode))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(&open(path)?, path)?;
    let certificates: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    certificates.map_err(|error| malformed(path, &of_pem(&error)))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let file = open(path)?;
    let unreadable = |cause| TlsError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    if let Some(mode) = may_be_read_by_others(&file).map_err(unreadable)? {
        return Err(TlsError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    match PrivateKeyDer::from_pem_slice(&read(&file, path)?) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(TlsError::NoKey(path.to_owned())),
        Err(error) => Err(malformed(path, &of_pem(&error))),
    }
}

/// Returns the words for an error in PEM. Those of the library may have a line of the file, which may be a part of a key.
const fn of_pem(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no END line",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is not complete",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it is not PEM",
    }
}

fn open(path: &Path) -> Result<File, TlsError> {
    File::open(path).map_err(|cause| TlsError::Unreadable {
        path: path.to_owned(),
        cause,
    })
}

fn read(file: &File, path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut text = Vec::new();
    let read = file.take(MAX_FILE_BYTES).read_to_end(&mut text);
    read.map_err(|cause| TlsError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    Ok(text)
}

/// Returns the time at which a certificate ends.
fn end_of(path: &Path, certificate: &CertificateDer<'_>) -> Result<Timestamp, TlsError> {
    let parsed = Certificate::from_der(certificate).map_err(|error| malformed(path, &error))?;
    let end = parsed.tbs_certificate.validity.not_after.to_unix_duration();
    Ok(Timestamp::from_millis(
        i64::try_from(end.as_millis()).unwrap_or(i64::MAX),
    ))
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = Sha256::digest(certificate);
    let pairs: Vec<_> = digest.iter().map(|byte| hex::encode_upper([*byte])).collect();
    pairs.join(":")
}

/// Returns the error for a damaged file. The texts of the parsers have no part of the content.
fn malformed(path: &Path, cause: &dyn fmt::Display) -> TlsError {
    TlsError::Malformed {
        path: PathBuf::from(path),
        cause: cause.to_string(),
    }
}
