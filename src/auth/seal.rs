//! Encryption of second-factor secrets with a key that is not in the store.
//!
//! The cipher is XChaCha20-Poly1305 with a random nonce. The user's id is authenticated together with the secret, so
//! that an encrypted secret can't be used for another user.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use super::random;
use crate::domain::two_factor::KeyId;
use crate::domain::{SealedSecret, StoredSecret, TotpSecret, UserId};

/// The length of a key, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of a nonce of XChaCha20-Poly1305.
const NONCE_BYTES: usize = 24;

/// The prefix of the key when its id is computed, so that the digest has no other use.
const ID_CONTEXT: &[u8] = b"rollcall secret key id";

/// The key that encrypts secrets. `Debug` does not print it.
#[derive(Debug)]
pub struct SecretKey {
    bytes: SecretBox<[u8; KEY_BYTES]>,
    id: KeyId,
}

/// The error when a secret can't be decrypted: the key or the user is wrong, or the bytes were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open with the key of this server")]
pub struct SealError;

impl SecretKey {
    /// Creates a random key.
    #[must_use]
    pub fn generate() -> Self {
        Self::new(random::bytes())
    }

    /// Creates a key from its bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let digest = Sha256::new().chain_update(ID_CONTEXT).chain_update(bytes).finalize();
        let mut id = KeyId::default();
        id.copy_from_slice(&digest[..size_of::<KeyId>()]);
        Self {
            bytes: SecretBox::new(Box::new(bytes)),
            id,
        }
    }

    /// Returns the id of the key, which is stored beside each secret that it encrypted.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the bytes, for the key file.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        self.bytes.expose_secret()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.expose()))
    }

    /// Encrypts a user's secret.
    ///
    /// # Panics
    /// Never panics: the cipher refuses only messages of many gigabytes.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn seal(&self, owner: &UserId, secret: &TotpSecret) -> StoredSecret {
        let nonce: [u8; NONCE_BYTES] = random::bytes();
        let payload = Payload {
            msg: secret.expose(),
            aad: owner.as_str().as_bytes(),
        };
        let bytes = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a secret is short enough for the cipher");
        StoredSecret::Sealed(SealedSecret {
            key: self.id,
            nonce,
            bytes,
        })
    }

    /// Seals bytes that a client holds for the server until they come back. `purpose` is authenticated with them, so that
    /// they count for nothing else.
    ///
    /// # Panics
    /// Never: the cipher refuses only messages of many gigabytes.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn seal_bytes(&self, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random::bytes();
        let payload = Payload {
            msg: bytes,
            aad: &purpose_data(purpose),
        };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a message is short enough for the cipher");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens bytes that came back.
    ///
    /// # Errors
    /// [`SealError`] when another key sealed them, they are for another purpose, or they were changed.
    pub fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealError)?;
        let payload = Payload {
            msg: sealed,
            aad: &purpose_data(purpose),
        };
        self.cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealError)
    }

    /// Decrypts a user's stored secret. A secret that was stored without encryption is returned as it is.
    ///
    /// # Errors
    /// [`SealError`] if the key or the user is wrong, or the bytes were changed.
    pub fn open(&self, owner: &UserId, stored: &StoredSecret) -> Result<TotpSecret, SealError> {
        let sealed = match stored {
            StoredSecret::Plain(secret) => return Ok(secret.clone()),
            StoredSecret::Sealed(sealed) => sealed,
        };
        let payload = Payload {
            msg: &sealed.bytes,
            aad: owner.as_str().as_bytes(),
        };
        let opened = self.cipher().decrypt(&XNonce::from(sealed.nonce), payload);
        opened.map(|bytes| TotpSecret::new(&bytes)).map_err(|_| SealError)
    }
}

/// Returns what is authenticated with bytes for a purpose. No id of a user has a NUL.
fn purpose_data(purpose: &str) -> Vec<u8> {
    [b"\0", purpose.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_open_for_the_purpose_for_which_they_were_sealed() {
        let key = SecretKey::generate();
        let sealed = key.seal_bytes("one", b"secret");
        assert_eq!(key.open_bytes("one", &sealed).as_deref(), Ok(b"secret".as_slice()));
        let mut changed = sealed.clone();
        changed[30] ^= 1;
        for (key, purpose, sealed) in [
            (&key, "two", sealed.as_slice()),
            (&key, "one", &changed),
            (&key, "one", &sealed[..20]),
            (&SecretKey::generate(), "one", &sealed),
        ] {
            assert_eq!(key.open_bytes(purpose, sealed), Err(SealError), "{purpose}");
        }
    }

    fn sealed(stored: &StoredSecret) -> SealedSecret {
        match stored {
            StoredSecret::Sealed(sealed) => sealed.clone(),
            StoredSecret::Plain(_) => panic!("the secret is not sealed"),
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_user_with_its_key_only() {
        let (key, ada, bob) = (SecretKey::generate(), UserId::new("ada"), UserId::new("bob"));
        let secret = TotpSecret::new(b"12345678901234567890");
        let stored = key.seal(&ada, &secret);
        assert_eq!(key.open(&ada, &stored), Ok(secret.clone()));
        assert_eq!(key.open(&bob, &stored), Err(SealError));
        assert_eq!(SecretKey::generate().open(&ada, &stored), Err(SealError));
        let mut changed = sealed(&stored);
        changed.bytes[0] ^= 1;
        assert_eq!(key.open(&ada, &StoredSecret::Sealed(changed)), Err(SealError));
        assert_eq!(sealed(&stored).key, key.id());
        assert_eq!(SecretKey::new(*key.expose()).id(), key.id());
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time_and_never_shown() {
        let (key, ada) = (SecretKey::generate(), UserId::new("ada"));
        let secret = TotpSecret::new(b"12345678901234567890");
        let (first, second) = (key.seal(&ada, &secret), key.seal(&ada, &secret));
        assert_ne!(sealed(&first).nonce, sealed(&second).nonce);
        assert_ne!(sealed(&first).bytes, sealed(&second).bytes);
        assert!(!sealed(&first).bytes.windows(8).any(|part| part == b"12345678"));
        let shown = format!("{key:?}");
        assert!(
            shown.contains("REDACTED") && !shown.contains(&format!("{:?}", key.expose())),
            "{shown}"
        );
    }
}
