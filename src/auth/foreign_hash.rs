//! Password hashes that come from a file. A hash has its own cost, which is bounded here: a login must not take seconds
//! or gigabytes.

use std::str::FromStr;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash as ParsedHash;
use bcrypt::HashParts;

use crate::domain::password_hash::{PasswordHash, PasswordScheme};

/// The maximum cost of bcrypt: 2 to the power of it is the number of rounds. 14 takes about a second.
pub(crate) const MAX_BCRYPT_COST: u32 = 14;

/// The maximum memory of argon2, in KiB.
pub(crate) const MAX_ARGON2_KIB: u32 = 64 * 1024;

/// The maximum passes of argon2.
pub(crate) const MAX_ARGON2_PASSES: u32 = 10;

/// The maximum lanes of argon2.
const MAX_ARGON2_LANES: u32 = 4;

/// The lengths of the output of argon2 that are accepted, in bytes.
const ARGON2_OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// The minimum length of the salt of argon2, in bytes (RFC 9106, §3.1).
const MIN_SALT_BYTES: usize = 8;

/// The reason why a text is not accepted as a password hash. It does not quote the text, which is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAHash {
    /// The text is neither argon2id nor bcrypt.
    #[error("the password hash is neither argon2id nor bcrypt")]
    Form,
    /// A login with bcrypt would take too long.
    #[error("the password hash has a bcrypt cost above {MAX_BCRYPT_COST}")]
    BcryptCost,
    /// A login with argon2 would take too long or need too much memory.
    #[error(
        "the password hash has an argon2id cost above {MAX_ARGON2_KIB} KiB, {MAX_ARGON2_PASSES} passes or \
         {MAX_ARGON2_LANES} lanes"
    )]
    Argon2Cost,
}

/// Checks the hash of a password in a file. Both functions are over the digest of the password.
///
/// # Errors
/// [`NotAHash`] for another form, and for a cost above the bounds.
pub(crate) fn parse(text: &str) -> Result<PasswordHash, NotAHash> {
    if text.starts_with("$argon2id$") {
        return argon2id(text);
    }
    let known = ["$2a$", "$2b$", "$2y$"];
    if !known.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(NotAHash::Form);
    }
    let parts = HashParts::from_str(text).map_err(|_| NotAHash::Form)?;
    match parts.get_cost() {
        0..4 => Err(NotAHash::Form),
        4..=MAX_BCRYPT_COST => Ok(PasswordHash::of(PasswordScheme::Bcrypt, text)),
        _ => Err(NotAHash::BcryptCost),
    }
}

fn argon2id(text: &str) -> Result<PasswordHash, NotAHash> {
    let parsed = ParsedHash::new(text).map_err(|_| NotAHash::Form)?;
    let params = Params::try_from(&parsed).map_err(|_| NotAHash::Form)?;
    let salt = parsed.salt.as_ref().map_or(0, |salt| salt.len());
    let output = parsed.hash.as_ref().map_or(0, argon2::password_hash::phc::Output::len);
    if salt < MIN_SALT_BYTES || !ARGON2_OUTPUT_BYTES.contains(&output) {
        return Err(NotAHash::Form);
    }
    let cheap = params.m_cost() <= MAX_ARGON2_KIB
        && params.t_cost() <= MAX_ARGON2_PASSES
        && params.p_cost() <= MAX_ARGON2_LANES;
    if cheap {
        Ok(PasswordHash::of(PasswordScheme::Argon2id, text))
    } else {
        Err(NotAHash::Argon2Cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_both_functions_are_accepted_within_their_costs() {
        let bcrypt = |cost: u32| format!("$2b${cost:02}${}", "a".repeat(21) + "." + &"b".repeat(30) + ".");
        assert_eq!(parse(&bcrypt(10)).map(|hash| hash.scheme()), Ok(PasswordScheme::Bcrypt));
        assert_eq!(parse(&bcrypt(14)).map(|hash| hash.scheme()), Ok(PasswordScheme::Bcrypt));
        assert_eq!(parse(&bcrypt(15)), Err(NotAHash::BcryptCost));
        assert_eq!(parse(&bcrypt(3)), Err(NotAHash::Form));
        let argon2 = |memory: u32, passes: u32| {
            let zeros = "A".repeat(43);
            format!("$argon2id$v=19$m={memory},t={passes},p=1$AAAAAAAAAAAAAAAAAAAAAA${zeros}")
        };
        let own = parse(&argon2(19_456, 2));
        assert_eq!(own.map(|hash| hash.scheme()), Ok(PasswordScheme::Argon2id));
        assert_eq!(parse(&argon2(4_194_304, 2)), Err(NotAHash::Argon2Cost));
        assert_eq!(parse(&argon2(19_456, 1_000)), Err(NotAHash::Argon2Cost));
    }

    #[test]
    fn other_texts_are_refused_without_a_panic() {
        for text in [
            "",
            "$",
            "$2b$",
            "$2x$10$",
            "$argon2id$",
            "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AA",
            "secret",
            "$2b$10$é",
        ] {
            assert_eq!(parse(text), Err(NotAHash::Form), "{text}");
        }
    }
}
