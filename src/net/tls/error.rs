//! The reasons why a certificate and its key can't be used.

use std::io;
use std::path::PathBuf;

/// The reason why a certificate and its key can't be used. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error(
        "the file {} cannot be read: {cause}; check --tls-cert and --tls-key, and that the user who runs rollcall may read them",
        path.display()
    )]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The file has no certificate.
    #[error(
        "the file {} has no certificate: it must have the server's certificate in PEM, and after it those of its issuers",
        .0.display()
    )]
    NoCertificate(PathBuf),
    /// The file has no key.
    #[error(
        "the file {} has no private key: it must have one in PEM (PKCS#8, PKCS#1 or SEC1) without a passphrase",
        .0.display()
    )]
    NoKey(PathBuf),
    /// Others may read or change the key.
    #[error("the key file {} may be used by others (mode {mode:03o}): run `chmod 640 {}`", path.display(), path.display())]
    OpenToOthers {
        /// The path of the file.
        path: PathBuf,
        /// The mode of the file.
        mode: u32,
    },
    /// The content of a file is broken.
    #[error("the file {} is damaged: {cause}; make or request it again", path.display())]
    Malformed {
        /// The path of the file.
        path: PathBuf,
        /// The error of the parser.
        cause: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "the key in {} does not belong to the first certificate in {}: the first one must be the server's own, and the key must \
         be that of the same request",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The path of the certificate file.
        certificate: PathBuf,
        /// The path of the key file.
        key: PathBuf,
    },
    /// The self-signed certificate can't be made.
    #[error("the self-signed certificate cannot be made: {0}")]
    SelfSigned(String),
    /// The self-signed certificate can't be written.
    #[error("the self-signed certificate cannot be written to {}: {cause}; check the folder, its disk and its owner", path.display())]
    Unwritable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The TLS library refused its configuration.
    #[error("a defect: the TLS library refuses its configuration: {0}")]
    Library(rustls::Error),
}
