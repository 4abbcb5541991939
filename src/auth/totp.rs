//! Time-based codes of authenticator apps (RFC 6238), and backup codes.

use argon2::password_hash::phc::Output;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::random;
use crate::domain::two_factor::BACKUP_CODES;
use crate::domain::{Timestamp, TotpSecret};

/// The length of a secret, in bytes (RFC 4226, §4, R6).
const SECRET_BYTES: usize = 20;

/// The number of seconds for which a code is valid.
const STEP_SECONDS: u64 = 30;

/// Creates a random secret.
#[must_use]
pub(crate) fn generate() -> TotpSecret {
    TotpSecret::new(&random::bytes::<SECRET_BYTES>())
}

/// Returns a secret in base32, as people type it.
#[must_use]
pub(crate) fn typed(secret: &TotpSecret) -> String {
    Secret::new(secret.expose().into()).to_base32()
}

/// The lengths of a secret from a file that are accepted, in bytes. Secrets of Rocket.Chat have 32.
const FOREIGN_SECRET_BYTES: std::ops::RangeInclusive<usize> = 10..=64;

/// Parses a secret in base32 from a file, with or without padding; `None` if it has another form or length.
#[must_use]
pub(crate) fn parse(text: &str) -> Option<TotpSecret> {
    let secret = Secret::try_from_base32(text.trim().trim_end_matches('=').to_ascii_uppercase()).ok()?;
    let bytes: &[u8] = secret.as_ref();
    FOREIGN_SECRET_BYTES
        .contains(&bytes.len())
        .then(|| TotpSecret::new(bytes))
}

/// Returns the URL that authenticator apps read from a QR code.
#[must_use]
pub(crate) fn url(secret: &TotpSecret, issuer: &str, account: &str) -> String {
    let encode = |text: &str| {
        form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let (issuer, account) = (encode(issuer), encode(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
        typed(secret)
    )
}

/// Returns the step that contains this time.
#[must_use]
pub(crate) fn step_at(now: Timestamp) -> u64 {
    seconds(now) / STEP_SECONDS
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_millis() / 1000).unwrap_or_default()
}

/// Returns the step of a code, if it is the current step or at most `delta` steps before or after it.
#[must_use]
pub(crate) fn check(secret: &TotpSecret, code: &str, now: Timestamp, delta: u16) -> Option<u64> {
    generator(secret, delta).check(code, seconds(now))
}

fn generator(secret: &TotpSecret, delta: u16) -> Totp {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(delta)
        .with_step_duration(STEP_SECONDS)
        .with_secret(Secret::new(secret.expose().into()))
        // Secrets that this server created have the length that the standard requires.
        .build_noncompliant()
}

/// The number of random bytes of a backup code: 48 bits, in 8 characters.
const BACKUP_CODE_BYTES: usize = 6;

/// Creates backup codes in plain text.
#[must_use]
pub(crate) fn backup_codes() -> Vec<String> {
    let code = || BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<BACKUP_CODE_BYTES>());
    (0..BACKUP_CODES).map(|_| code()).collect()
}

/// Returns whether a text has the form of a backup code. Only then is a slow hash computed.
#[must_use]
pub(crate) fn is_backup_code(code: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD
        .decode(code)
        .is_ok_and(|bytes| bytes.len() == BACKUP_CODE_BYTES)
}

/// Returns the SHA-256 of a backup code. It is not stored; a slow hash is computed over it.
#[must_use]
pub(crate) fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code).into()
}

/// Returns the position of a digest in a list. The time for each comparison does not depend on the bytes.
#[must_use]
pub(crate) fn find(digests: &[[u8; 32]], digest: &[u8; 32]) -> Option<usize> {
    let wanted = Output::new(digest).ok()?;
    // `Output` compares in constant time.
    digests
        .iter()
        .position(|stored| Output::new(stored).is_ok_and(|stored| stored == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the SHA-1 secret, and times with their codes, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::new(b"12345678901234567890");
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        assert_eq!(check(&secret, "287082", at(59), 0), Some(1));
        assert_eq!(check(&secret, "081804", at(1_111_111_109), 0), Some(37_037_036));
        assert_eq!(check(&secret, "287082", at(60), 0), None);
        assert_eq!(check(&secret, "287082", at(60), 1), Some(1), "a step late");
        assert_eq!(check(&secret, "287083", at(59), 1), None);
        assert_eq!(check(&secret, "", at(59), 1), None);
    }

    #[test]
    fn a_link_names_issuer_account_and_secret() {
        let link = url(&TotpSecret::new(b"12345678901234567890"), "Our team", "ada");
        assert_eq!(
            link,
            "otpauth://totp/Our%20team:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Our%20team"
        );
    }

    #[test]
    fn backup_codes_differ_and_have_a_form_of_their_own() {
        let codes = backup_codes();
        assert_eq!(codes.len(), BACKUP_CODES);
        assert!(codes.iter().all(|code| code.len() == 8 && is_backup_code(code)));
        let different: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(different.len(), BACKUP_CODES);
        for other in ["123456", "", "123456789", "1234 678"] {
            assert!(!is_backup_code(other), "{other:?}");
        }
    }

    #[test]
    fn a_digest_is_found_where_it_is() {
        assert_eq!(find(&[[1; 32], [2; 32]], &[2; 32]), Some(1));
        assert_eq!(find(&[[1; 32], [2; 32]], &[3; 32]), None);
    }
}
