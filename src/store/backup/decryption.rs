//! Decryption of backups. Memory and work have a bound, also for a hostile file.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use age::secrecy::SecretString;
use age::x25519::Identity;
use age::{DecryptError, Decryptor, scrypt};

use super::lock_error::MAX_WORK_FACTOR;
use super::{BackupError, LockError};

/// The first bytes of a file of age.
const AGE: &[u8] = b"age-encryption.org/";

/// The first bytes of a file of age in its text form.
const ARMORED: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Maximum bytes of the header of a file of age: more than 100 recipients need.
const MAX_HEADER_BYTES: u64 = 16 * 1024;

/// The keys or the passphrase that decrypt backups.
#[derive(Default)]
pub enum Decryption {
    /// No key: only backups that are not encrypted can be read.
    #[default]
    None,
    /// Private keys of age. One of them is enough.
    Identities(Vec<Identity>),
    /// The passphrase that was chosen for the file.
    Passphrase(SecretString),
}

impl fmt::Debug for Decryption {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::Identities(_) => "Identities",
            Self::Passphrase(_) => "Passphrase",
        })
    }
}

/// The kind of key that a file needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// No key: it is not encrypted.
    None,
    /// The identity of a recipient.
    Identity,
    /// A passphrase that was chosen for the file.
    Passphrase,
}

impl Decryption {
    /// Returns the decryption by a passphrase.
    #[must_use]
    pub fn by_passphrase(passphrase: String) -> Self {
        Self::Passphrase(passphrase.into())
    }

    /// Parses a file with identities, as `age-keygen` writes it.
    ///
    /// # Errors
    /// The reason, in words that follow the name of the file. The words contain nothing of the file.
    pub fn of_identities(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).enumerate();
        let mut identities = Vec::new();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let identity = line.parse::<Identity>();
            let words = format!(
                "has no identity of age in line {}: one begins with AGE-SECRET-KEY-1",
                number + 1
            );
            identities.push(identity.map_err(|_| words)?);
        }
        if identities.is_empty() {
            return Err(
                "has no identity of age: one begins with AGE-SECRET-KEY-1, and `age-keygen` makes it".to_owned(),
            );
        }
        Ok(Self::Identities(identities))
    }

    /// Returns a reader of the decrypted bytes of a file, or of its bytes if it is not encrypted.
    pub(super) fn reader<'input>(&self, input: impl Read + 'input) -> Result<Box<dyn Read + 'input>, BackupError> {
        let decryptor = match begin(input)? {
            Begun::Plain(input) => return Ok(Box::new(input)),
            Begun::Encrypted(decryptor) => decryptor,
        };
        let opened = match self {
            Self::None | Self::Identities(_) if decryptor.is_scrypt() => return Err(LockError::NoPassphrase.into()),
            Self::None => return Err(LockError::NoIdentity.into()),
            Self::Passphrase(_) if !decryptor.is_scrypt() => return Err(LockError::NoIdentity.into()),
            Self::Identities(identities) => {
                decryptor.decrypt(identities.iter().map(|identity| -> &dyn age::Identity { identity }))
            }
            Self::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
            }
        };
        let opened = opened.map_err(|error| match (error, self) {
            (DecryptError::NoMatchingKeys, _) => LockError::WrongIdentity.into(),
            (DecryptError::DecryptionFailed, Self::Passphrase(_)) => LockError::WrongPassphrase.into(),
            (DecryptError::ExcessiveWork { .. }, _) => LockError::ExcessiveWork.into(),
            (other, _) => refused(other),
        })?;
        Ok(Box::new(opened))
    }
}

/// Returns the kind of key that a file needs.
///
/// # Errors
/// [`BackupError`] if its encryption is damaged or is not read.
pub fn lock_of(input: impl Read) -> Result<Lock, BackupError> {
    Ok(match begin(input)? {
        Begun::Plain(_) => Lock::None,
        Begun::Encrypted(decryptor) if decryptor.is_scrypt() => Lock::Passphrase,
        Begun::Encrypted(_) => Lock::Identity,
    })
}

type Whole<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// A file, after its header was read if it is encrypted.
enum Begun<R: Read> {
    Plain(Whole<R>),
    Encrypted(Decryptor<Bounded<Whole<R>>>),
}

fn begin<R: Read>(mut input: R) -> Result<Begun<R>, BackupError> {
    let mut beginning = Vec::with_capacity(ARMORED.len());
    let read = input.by_ref().take(ARMORED.len() as u64).read_to_end(&mut beginning);
    read.map_err(BackupError::Read)?;
    if beginning == ARMORED {
        return Err(LockError::Armored.into());
    }
    let is_encrypted = beginning.starts_with(AGE);
    let whole = Cursor::new(beginning).chain(input);
    if !is_encrypted {
        return Ok(Begun::Plain(whole));
    }
    let left = Rc::new(Cell::new(Some(MAX_HEADER_BYTES)));
    let bounded = Bounded {
        input: whole,
        left: Rc::clone(&left),
    };
    let decryptor = Decryptor::new(bounded).map_err(refused)?;
    left.set(None);
    Ok(Begun::Encrypted(decryptor))
}

/// A reader that fails after `left` bytes; `None` reads without a bound.
struct Bounded<R> {
    input: R,
    left: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.left.get() else {
            return self.input.read(bytes);
        };
        let most = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if most == 0 && !bytes.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its header is too long"));
        }
        let read = self.input.read(&mut bytes[..most])?;
        self.left.set(Some(left - read as u64));
        Ok(read)
    }
}

/// Returns the error for a header that cannot be read.
fn refused(error: DecryptError) -> BackupError {
    match error {
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => BackupError::Cut(1),
        DecryptError::Io(error) if error.kind() != io::ErrorKind::InvalidData => BackupError::Read(error),
        other => BackupError::Damaged {
            part: 1,
            problem: format!("its encryption is damaged, or of a newer age ({other})"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::Encryption;
    use super::*;
    use crate::config::Recipients;

    fn encrypted(encryption: &Encryption, text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = encryption.writer(&mut bytes).expect("memory");
        writer.write_all(text).expect("memory");
        writer.finish().expect("memory");
        bytes
    }

    fn decrypted(decryption: &Decryption, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut reader = decryption.reader(bytes).map_err(|error| error.to_string())?;
        let mut text = Vec::new();
        reader.read_to_end(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    fn pair() -> (Encryption, Decryption) {
        let identity = Identity::generate();
        let recipients = Recipients::parse_list(&identity.to_public().to_string()).expect("a recipient");
        (recipients.into(), Decryption::Identities(vec![identity]))
    }

    #[test]
    fn what_was_encrypted_is_decrypted_and_only_by_its_key() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let (encryption, identity) = pair();
        let bytes = encrypted(&encryption, &text);
        assert_eq!(lock_of(&bytes[..]).expect("a header"), Lock::Identity);
        assert_eq!(decrypted(&identity, &bytes).as_deref(), Ok(&*text));
        let (_, other) = pair();
        let passphrase = Decryption::by_passphrase("x".into());
        for (wrong, words) in [
            (&Decryption::None, "--identity"),
            (&passphrase, "--identity"),
            (&other, "other recipients"),
        ] {
            let error = decrypted(wrong, &bytes).expect_err("no key");
            assert!(error.contains(words), "{error}");
        }
        let plain = encrypted(&Encryption::None, &text);
        assert_eq!(plain, text);
        assert_eq!(lock_of(&plain[..]).expect("a beginning"), Lock::None);
        assert_eq!(decrypted(&identity, &plain), Ok(text));
        assert_eq!(decrypted(&Decryption::None, b""), Ok(Vec::new()));
    }

    #[test]
    fn each_cut_and_each_changed_bit_is_refused() {
        let (encryption, identity) = pair();
        let text = b"words ".repeat(20);
        let bytes = encrypted(&encryption, &text);
        for cut in 0..bytes.len() {
            assert_ne!(decrypted(&identity, &bytes[..cut]), Ok(text.clone()), "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(decrypted(&identity, &changed), Ok(text.clone()), "bit {bit}");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert!(decrypted(&identity, &longer).is_err());
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused() {
        let (_, identity) = pair();
        let endless = b"age-encryption.org/v1\n"
            .iter()
            .copied()
            .chain(b"-> X25519 a\n".iter().copied().cycle())
            .take(10_000_000);
        let error = decrypted(&identity, &endless.collect::<Vec<_>>()).expect_err("too long");
        assert!(error.contains("encryption is damaged"), "{error}");
        // A passphrase of 2^40 steps.
        let salt = "AAAAAAAAAAAAAAAAAAAAAA";
        let body = "A".repeat(43);
        let header = format!("age-encryption.org/v1\n-> scrypt {salt} 40\n{body}\n--- {body}\n");
        let bytes = [header.as_bytes(), &[0; 64]].concat();
        assert_eq!(lock_of(&bytes[..]).expect("a header"), Lock::Passphrase);
        let error = decrypted(&Decryption::by_passphrase("x".into()), &bytes).expect_err("too much");
        assert!(error.contains("more than 1024 MiB"), "{error}");
        let error = decrypted(&identity, &bytes).expect_err("no passphrase");
        assert!(error.contains("--passphrase-file"), "{error}");
        let error = decrypted(&identity, b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl").expect_err("a text");
        assert!(error.contains("text form"), "{error}");
    }

    #[test]
    fn a_file_with_identities_is_parsed_and_never_repeated() {
        use age::secrecy::ExposeSecret;
        let secret = Identity::generate().to_string();
        let secret = secret.expose_secret();
        let file = format!("# created: today\n# public key: age1\n{secret}\n");
        assert!(matches!(Decryption::of_identities(&file), Ok(Decryption::Identities(found)) if found.len() == 1));
        for text in ["", "# only words\n", &secret[..40], &format!("{secret}x")] {
            let error = Decryption::of_identities(text).expect_err("no identity");
            assert!(
                error.contains("AGE-SECRET-KEY-1") && !error.contains(&secret[16..40]),
                "{error}"
            );
        }
    }
}
