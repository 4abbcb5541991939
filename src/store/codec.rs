//! The bytes of a record: version, bincode body, CRC-32.
//!
//! bincode alone would decode three quarters of all single flipped bits to a wrong value. The checksum also covers
//! the table's name and the key, so that a record stored under another key is damage too.

use std::fmt;
use std::str::FromStr;

use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Maximum bytes of a record's body.
pub(super) const MAX_BODY_BYTES: usize = 1 << 20;

/// The size limit for decoding a body. It is higher than the body's own limit, since bincode counts up to 16 bytes for a
/// number that is stored in one byte.
const MAX_CLAIMED_BYTES: u64 = 16 * MAX_BODY_BYTES as u64;

const VERSION_BYTES: usize = 1;
const SUM_BYTES: usize = 4;

/// Maximum bytes of a record with its version and checksum.
pub(super) const MAX_SEALED_BYTES: usize = VERSION_BYTES + MAX_BODY_BYTES + SUM_BYTES;

/// The reason why stored bytes are not a valid record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Too few bytes to hold a record.
    #[error("it is cut short")]
    Short,
    /// The checksum does not match the bytes.
    #[error("its checksum does not match")]
    Sum,
    /// A newer version of Rollcall wrote the record.
    #[error("it has version {found}, and this rollcall knows versions up to {known}")]
    Version {
        /// The version of the stored record.
        found: u8,
        /// The newest version that this binary can read.
        known: u8,
    },
    /// The body does not decode as its version requires.
    #[error("it does not decode: {0}")]
    Body(String),
}

/// Parses the id of a permission or a setting.
pub(super) fn parse_key<T: FromStr<Err: fmt::Display>>(id: &str) -> Result<T, Damage> {
    id.parse().map_err(|error| Damage::Body(format!("{id} {error}")))
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_limit(MAX_CLAIMED_BYTES)
        .reject_trailing_bytes()
}

fn sum(table: &str, key: &[u8], sealed: &[u8]) -> [u8; SUM_BYTES] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(table.as_bytes());
    hasher.update(key);
    hasher.update(sealed);
    hasher.finalize().to_le_bytes()
}

/// Returns the bytes of a record under its key in the table of this name. A record that cannot be encoded has no bytes,
/// and one that is too large has too many: [`is_readable`] refuses both.
pub(super) fn seal<T: Serialize>(table: impl Into<&'static str>, key: &[u8], version: u8, record: &T) -> Vec<u8> {
    let mut bytes = vec![version];
    let encoded = bincode::DefaultOptions::new().serialize_into(&mut bytes, record);
    if encoded.is_err() {
        return Vec::new();
    }
    let sum = sum(table.into(), key, &bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

/// Returns whether [`unseal`] and [`decode`] accept a value of this length.
pub(super) const fn is_readable(sealed: &[u8]) -> bool {
    let least = VERSION_BYTES + SUM_BYTES;
    sealed.len() >= least && sealed.len() - least <= MAX_BODY_BYTES
}

/// Checks the bytes stored under a key in the table of this name, and returns the version and the body.
pub(super) fn unseal<'bytes>(
    table: impl Into<&'static str>,
    key: &[u8],
    bytes: &'bytes [u8],
) -> Result<(u8, &'bytes [u8]), Damage> {
    let end = bytes.len().checked_sub(SUM_BYTES).filter(|end| *end >= VERSION_BYTES);
    let (sealed, stored) = bytes.split_at(end.ok_or(Damage::Short)?);
    if stored != sum(table.into(), key, sealed) {
        return Err(Damage::Sum);
    }
    Ok((sealed[0], &sealed[VERSION_BYTES..]))
}

/// Decodes the struct in a body.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Damage> {
    options()
        .deserialize(body)
        .map_err(|error| Damage::Body(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Table;

    const KEY: &[u8] = b"key";

    fn sealed() -> Vec<u8> {
        seal(Table::Users, KEY, 1, &("caught up", 7_u64, true))
    }

    #[test]
    fn what_is_sealed_is_found_again() {
        let bytes = sealed();
        let (version, body) = unseal(Table::Users, KEY, &bytes).expect("sound bytes");
        assert_eq!(version, 1);
        assert_eq!(decode(body), Ok(("caught up".to_owned(), 7_u64, true)));
    }

    #[test]
    fn every_single_flipped_bit_is_damage() {
        for bit in 0..sealed().len() * 8 {
            let mut bytes = sealed();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal(Table::Users, KEY, &bytes), Err(Damage::Sum), "bit {bit}");
        }
    }

    #[test]
    fn a_record_belongs_to_its_table_and_key() {
        assert_eq!(unseal(Table::Tokens, KEY, &sealed()), Err(Damage::Sum));
        assert_eq!(unseal(Table::Users, b"other", &sealed()), Err(Damage::Sum));
    }

    #[test]
    fn short_bytes_are_damage() {
        for length in 0..=SUM_BYTES {
            assert_eq!(
                unseal(Table::Users, KEY, &sealed()[..length]),
                Err(Damage::Short),
                "{length}"
            );
        }
    }

    #[test]
    fn a_record_is_readable_up_to_the_limit_and_not_beyond() {
        struct Broken;
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("it is broken"))
            }
        }
        // Five bytes are the length of the text.
        let longest = "x".repeat(MAX_BODY_BYTES - 5);
        let bytes = seal(Table::Users, KEY, 1, &longest);
        assert!(is_readable(&bytes));
        let (_, body) = unseal(Table::Users, KEY, &bytes).expect("sound bytes");
        assert_eq!(decode(body), Ok(longest.clone()));
        assert!(!is_readable(&seal(Table::Users, KEY, 1, &(longest + "x"))));
        assert!(!is_readable(&seal(Table::Users, KEY, 1, &Broken)));
        let numbers = vec![0_u64; MAX_BODY_BYTES - 5];
        let bytes = seal(Table::Users, KEY, 1, &numbers);
        assert!(is_readable(&bytes));
        let (_, body) = unseal(Table::Users, KEY, &bytes).expect("sound bytes");
        assert_eq!(decode(body), Ok(numbers), "small numbers are many");
    }

    #[test]
    fn a_body_must_be_decoded_to_its_end() {
        let bytes = seal(Table::Users, KEY, 1, &(1_u8, 2_u8));
        let (_, body) = unseal(Table::Users, KEY, &bytes).expect("sound bytes");
        assert!(matches!(decode::<u8>(body), Err(Damage::Body(_))));
    }
}
