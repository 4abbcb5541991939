//! The hash of a password, as users keep it.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The function that made a [`PasswordHash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordScheme {
    /// Argon2id, in PHC format. All passwords that are set on this server have it.
    Argon2id,
    /// The function bcrypt, in its own format. Rocket.Chat stores it. The next login with the password replaces it.
    Bcrypt,
}

/// The hash of a password's digest. `Debug` does not print it.
///
/// A hash of argon2id needs half of the bytes of its text, since each user has one.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Packed(PackedHash),
    Text { scheme: PasswordScheme, text: Box<str> },
}

/// A hash of argon2id, version 19: its parameters, and the bytes of its text. `Debug` is absent, since it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PackedHash {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes of the memory.
    pub lanes: u32,
    /// The salt, then the output of the function: in one piece, to keep it small.
    pub bytes: Box<[u8]>,
    /// The number of bytes of the salt.
    pub salt_bytes: u8,
}

impl PasswordHash {
    /// Creates a hash from the PHC string of argon2id.
    #[must_use]
    pub fn new(phc: &str) -> Self {
        Self::of(PasswordScheme::Argon2id, phc)
    }

    /// Creates a hash from the text of a scheme.
    #[must_use]
    pub fn of(scheme: PasswordScheme, text: &str) -> Self {
        let packed = (scheme == PasswordScheme::Argon2id).then(|| PackedHash::parse(text));
        match packed.flatten() {
            Some(packed) => packed.into(),
            None => Self(Form::Text {
                scheme,
                text: text.into(),
            }),
        }
    }

    /// Returns the function that made the hash.
    #[must_use]
    pub const fn scheme(&self) -> PasswordScheme {
        match &self.0 {
            Form::Packed(_) => PasswordScheme::Argon2id,
            Form::Text { scheme, .. } => *scheme,
        }
    }

    /// Returns the text of the hash, to verify passwords and to export it.
    #[must_use]
    pub fn expose(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Packed(packed) => packed.text().unwrap_or_default().into(),
            Form::Text { text, .. } => (&**text).into(),
        }
    }

    /// Returns the parts of a hash of argon2id, to store them; `None` if it has only a text.
    #[must_use]
    pub const fn packed(&self) -> Option<&PackedHash> {
        match &self.0 {
            Form::Packed(packed) => Some(packed),
            Form::Text { .. } => None,
        }
    }
}

impl From<PackedHash> for PasswordHash {
    fn from(packed: PackedHash) -> Self {
        Self(Form::Packed(packed))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(hidden)")
    }
}

impl PackedHash {
    /// Returns the parts of a PHC string, if they give the same string again.
    fn parse(phc: &str) -> Option<Self> {
        let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
        let (parameters, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
        let mut numbers = parameters.split(',');
        let mut number = |name: &str| -> Option<u32> { numbers.next()?.strip_prefix(name)?.parse().ok() };
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        let output = STANDARD_NO_PAD.decode(output).ok()?;
        let packed = Self {
            memory: number("m=")?,
            passes: number("t=")?,
            lanes: number("p=")?,
            bytes: [&*salt, &*output].concat().into(),
            salt_bytes: u8::try_from(salt.len()).ok()?,
        };
        (packed.text()? == phc).then_some(packed)
    }

    /// Returns the PHC string; `None` if the salt is longer than all bytes.
    fn text(&self) -> Option<String> {
        let Self {
            memory, passes, lanes, ..
        } = self;
        let (salt, output) = self.bytes.split_at_checked(self.salt_bytes.into())?;
        let [salt, output] = [salt, output].map(|bytes| STANDARD_NO_PAD.encode(bytes));
        Some(format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                       AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn every_text_is_returned_as_it_was_given() {
        for (text, is_packed) in [
            (PHC, true),
            ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA", false),
            ("$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAEC", false),
            ("$argon2id$v=19$m=019456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAEC", false),
            (
                "$argon2id$v=19$m=19456,t=2,p=1,data=AAEC$c29tZXNhbHRzb21lc2FsdA$AAEC",
                false,
            ),
            ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdB$AAEC", false),
            ("no hash", false),
            ("", false),
        ] {
            let hash = PasswordHash::new(text);
            assert_eq!((&*hash.expose(), hash.packed().is_some()), (text, is_packed));
            assert_eq!(hash, PasswordHash::new(text));
            assert_eq!(hash.scheme(), PasswordScheme::Argon2id);
        }
        let bcrypt = PasswordHash::of(PasswordScheme::Bcrypt, PHC);
        assert_eq!((&*bcrypt.expose(), bcrypt.scheme()), (PHC, PasswordScheme::Bcrypt));
    }

    #[test]
    fn a_hash_is_not_printed() {
        assert_eq!(format!("{:?}", PasswordHash::new(PHC)), "PasswordHash(hidden)");
    }
}
