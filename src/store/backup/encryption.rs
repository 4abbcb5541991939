//! Encryption of backups, in the format of age (`age-encryption.org/v1`). The writer has at most 64 KiB of a backup in
//! memory, and writes only encrypted bytes to the disk.

use std::fmt;
use std::io::{self, Write};

use age::secrecy::SecretString;
use age::stream::StreamWriter;
use age::{Encryptor, Recipient, scrypt};

use crate::config::Recipients;

/// The work for a passphrase, as a power of two: 256 MiB of memory, as the tool age takes.
const WORK_FACTOR: u8 = 18;

/// The ending that the name of an encrypted backup has after that of a backup.
pub(super) const ENCRYPTED: &str = ".age";

/// Returns the name of a file without the ending of encrypted backups, and whether it had this ending.
#[must_use]
pub(crate) fn split_name(name: &str) -> (&str, bool) {
    match name.strip_suffix(ENCRYPTED) {
        Some(plain) => (plain, true),
        None => (name, false),
    }
}

/// The rule by which a backup is encrypted.
#[derive(Clone, Default)]
pub enum Encryption {
    /// The backup is not encrypted.
    #[default]
    None,
    /// The identity of any of these recipients decrypts it.
    Recipients(Recipients),
    /// This passphrase decrypts it.
    Passphrase(SecretString),
}

impl From<Recipients> for Encryption {
    fn from(recipients: Recipients) -> Self {
        if recipients.is_empty() {
            Self::None
        } else {
            Self::Recipients(recipients)
        }
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::Recipients(_) => "Recipients",
            Self::Passphrase(_) => "Passphrase",
        })
    }
}

impl Encryption {
    /// Returns the encryption by a passphrase.
    #[must_use]
    pub fn by_passphrase(passphrase: String) -> Self {
        Self::Passphrase(passphrase.into())
    }

    /// Returns whether backups are encrypted.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Returns the ending that the names of these backups have after that of a backup.
    #[must_use]
    pub const fn ending(&self) -> &'static str {
        if self.is_on() { ENCRYPTED } else { "" }
    }

    /// Returns a writer that encrypts what it gets. [`EncryptedWriter::finish`] must be called at the end.
    ///
    /// # Errors
    /// The error of `out`.
    pub fn writer<W: Write>(&self, out: W) -> io::Result<EncryptedWriter<W>> {
        let encryptor = match self {
            Self::None => return Ok(EncryptedWriter::Plain(out)),
            Self::Recipients(recipients) => {
                Encryptor::with_recipients(recipients.all().map(|recipient| -> &dyn Recipient { recipient }))
            }
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK_FACTOR);
                Encryptor::with_recipients(std::iter::once(&recipient as &dyn Recipient))
            }
        };
        let encryptor = encryptor.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(EncryptedWriter::Age(Box::new(encryptor.wrap_output(out)?)))
    }

    /// Encrypts what `make` writes, and flushes it. Returns the result of `make`.
    ///
    /// # Errors
    /// The error of `make`, or that of `out`.
    pub fn write<W: Write, T, E: From<io::Error>>(
        &self,
        out: W,
        make: impl FnOnce(&mut EncryptedWriter<W>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut encrypted = self.writer(out)?;
        let result = make(&mut encrypted)?;
        encrypted.finish()?;
        Ok(result)
    }
}

/// A writer that encrypts.
pub enum EncryptedWriter<W: Write> {
    /// Everything is written as it is.
    Plain(W),
    /// Everything is encrypted.
    Age(Box<StreamWriter<W>>),
}

impl<W: Write> EncryptedWriter<W> {
    /// Writes the rest, without which a reader finds the file cut short, and flushes.
    ///
    /// # Errors
    /// The error of the writer below.
    pub fn finish(self) -> io::Result<()> {
        let mut out = match self {
            Self::Plain(out) => out,
            Self::Age(writer) => writer.finish()?,
        };
        out.flush()
    }
}

impl<W: Write> Write for EncryptedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Age(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Age(writer) => writer.flush(),
        }
    }
}
