//! The format of a backup.
//!
//! A file begins with [`MAGIC`] and the version of the format, and then has parts. A part is a head of [`HEAD_BYTES`]
//! bytes and its stored bytes:
//!
//! | bytes | content |
//! |---|---|
//! | 1 | the kind of the part |
//! | 1 | the coding of its bytes: 0 as they are, 1 Zstandard |
//! | 4 | the number of its stored bytes |
//! | 4 | the number of its bytes when decoded |
//! | 4 | the CRC-32 of the ten bytes before and of the stored bytes |
//!
//! Numbers are little-endian. The kinds, in this order: one description (JSON), the key if it is included (hexadecimal
//! digits), any number of parts with records, and one end (JSON) with the SHA-256 of all bytes before it. A part with
//! records has the name of the table (a byte with its length, then the name) and entries: the lengths of key and value
//! (4 bytes each), the key, the value as it is in the store. The keys of a table are in order, and so all parts of a
//! table follow each other.

use std::io::Read;

use ruzstd::decoding::FrameDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::super::catch_panic::catch_panic;
use super::super::codec::MAX_SEALED_BYTES;

/// The first bytes of every backup.
pub(super) const MAGIC: &[u8; 16] = b"rollcall backup\n";

/// The version of the format.
pub(super) const VERSION: u8 = 1;

/// Bytes of the head of a part.
pub(super) const HEAD_BYTES: usize = 14;

/// Bytes after which a part with records is full.
pub(super) const FULL_BYTES: usize = 256 * 1024;

/// Maximum bytes of a key.
pub(super) const MAX_KEY_BYTES: usize = 64 * 1024;

/// Maximum bytes of a value.
pub(super) const MAX_VALUE_BYTES: usize = MAX_SEALED_BYTES;

/// Maximum bytes of a part, stored and decoded: a part that is nearly full, and one more entry.
pub(super) const MAX_PART_BYTES: usize = FULL_BYTES + MAX_KEY_BYTES + MAX_VALUE_BYTES + 512;

/// The kind of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Head = 1,
    Key = 2,
    Records = 3,
    End = 4,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Head, Self::Key, Self::Records, Self::End]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// The bytes of a part are stored as they are.
const PLAIN: u8 = 0;

/// The bytes of a part are one frame of Zstandard.
const ZSTANDARD: u8 = 1;

/// The head of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartHead {
    pub(super) kind: Kind,
    coding: u8,
    pub(super) stored_bytes: usize,
    decoded_bytes: usize,
    sum: u32,
}

/// The reason why the head of a part cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    /// A newer version has another kind of part or another coding.
    Unknown(u8),
    /// The part would be larger than any part is.
    TooLarge,
}

/// Returns the bytes of a part with its head. `is_dense` says that its content does not become smaller.
pub(super) fn part(kind: Kind, content: &[u8], is_dense: bool) -> Vec<u8> {
    let compressed = if is_dense { None } else { compressed(content) };
    let (coding, stored) = compressed
        .as_deref()
        .map_or((PLAIN, content), |compressed| (ZSTANDARD, compressed));
    let mut bytes = Vec::with_capacity(HEAD_BYTES + stored.len());
    bytes.extend([kind as u8, coding]);
    for length in [stored.len(), content.len()] {
        // Parts are far shorter than 4 GiB.
        bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }
    let sum = sum(&bytes, stored);
    bytes.extend(sum.to_le_bytes());
    bytes.extend(stored);
    bytes
}

/// Returns the content as a frame of Zstandard; `None` if that is not smaller, or if it does not decode to the same
/// bytes, so that a defect of the encoder costs no data.
fn compressed(content: &[u8]) -> Option<Vec<u8>> {
    let frame = catch_panic(|| compress_to_vec(content, CompressionLevel::Fastest)).ok()?;
    let is_right = frame.len() < content.len() && decompressed(&frame, content.len()).is_some_and(|is| is == content);
    is_right.then_some(frame)
}

/// Decodes a frame of exactly this many bytes. Uses no more memory than a few parts, whatever the frame claims.
fn decompressed(frame: &[u8], bytes: usize) -> Option<Vec<u8>> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_PART_BYTES as u64);
    let mut content = vec![0; bytes];
    // A panic of the decoder is an error of the frame too.
    let length = catch_panic(|| decoder.decode_all(frame, &mut content)).ok()?.ok()?;
    (length == bytes).then_some(content)
}

fn sum(head: &[u8], stored: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(stored);
    hasher.finalize()
}

impl PartHead {
    pub(super) fn read(bytes: &[u8; HEAD_BYTES]) -> Result<Self, HeadError> {
        let number = |place: usize| {
            let mut number = [0; 4];
            number.copy_from_slice(&bytes[place..place + 4]);
            u32::from_le_bytes(number)
        };
        let kind = Kind::of(bytes[0]).ok_or(HeadError::Unknown(bytes[0]))?;
        if bytes[1] > ZSTANDARD {
            return Err(HeadError::Unknown(bytes[1]));
        }
        let [stored_bytes, decoded_bytes] = [2, 6].map(|place| number(place) as usize);
        if stored_bytes.max(decoded_bytes) > MAX_PART_BYTES {
            return Err(HeadError::TooLarge);
        }
        Ok(Self {
            kind,
            coding: bytes[1],
            stored_bytes,
            decoded_bytes,
            sum: number(10),
        })
    }

    /// Checks the stored bytes of the part, and decodes them.
    pub(super) fn decode(&self, head: &[u8; HEAD_BYTES], stored: Vec<u8>) -> Result<Vec<u8>, &'static str> {
        if sum(&head[..HEAD_BYTES - 4], &stored) != self.sum {
            return Err("its checksum does not match");
        }
        let content = match self.coding {
            PLAIN => Some(stored),
            _ => decompressed(&stored, self.decoded_bytes),
        };
        let content = content.filter(|content| content.len() == self.decoded_bytes);
        content.ok_or("it does not decode")
    }
}

/// Adds an entry to the content of a part.
pub(super) fn add_entry(content: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    for length in [key.len(), value.len()] {
        content.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }
    content.extend(key);
    content.extend(value);
}

/// Splits the name of the table from the content of a part with records.
pub(super) fn table_name(content: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = content.split_first()?;
    let (name, entries) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(name).ok()?, entries))
}

/// Splits the next entry from the entries of a part. `None` if they do not begin with a whole entry.
pub(super) fn next_entry<'part>(entries: &mut &'part [u8]) -> Option<(&'part [u8], &'part [u8])> {
    let mut lengths = [0; 8];
    entries.read_exact(&mut lengths).ok()?;
    let (key, value) = lengths.split_at(4);
    let length = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize);
    let (key, value) = (length(key)?, length(value)?);
    if key > MAX_KEY_BYTES || value > MAX_VALUE_BYTES {
        return None;
    }
    let (key, rest) = entries.split_at_checked(key)?;
    let (value, rest) = rest.split_at_checked(value)?;
    *entries = rest;
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(Kind, Vec<u8>), String> {
        let (head, stored) = bytes.split_first_chunk().ok_or("no head")?;
        let read = PartHead::read(head).map_err(|error| format!("{error:?}"))?;
        if stored.len() != read.stored_bytes {
            return Err("another length".into());
        }
        Ok((read.kind, read.decode(head, stored.into())?))
    }

    #[test]
    fn a_part_is_found_again_and_small_where_it_can_be() {
        let texts: [Vec<u8>; 4] = [
            Vec::new(),
            b"x".to_vec(),
            b"the same words again and again ".repeat(4000),
            (0..200_000_u32)
                .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
                .collect(),
        ];
        for content in texts {
            for is_dense in [false, true] {
                let bytes = part(Kind::Records, &content, is_dense);
                assert_eq!(read(&bytes), Ok((Kind::Records, content.clone())));
                assert!(bytes.len() <= content.len() + HEAD_BYTES);
            }
        }
        let content = b"the same words again and again ".repeat(4000);
        assert!(part(Kind::Records, &content, false).len() < content.len() / 20);
    }

    #[test]
    fn a_changed_bit_of_a_part_is_found() {
        let content = b"the same words again and again ".repeat(4);
        for is_dense in [false, true] {
            let bytes = part(Kind::Records, &content, is_dense);
            for place in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[place / 8] ^= 1 << (place % 8);
                assert!(read(&changed).is_err(), "bit {place}");
            }
        }
    }

    #[test]
    fn a_part_that_claims_too_much_is_refused_before_memory_is_taken() {
        let mut bytes = part(Kind::Records, b"words", true);
        bytes[2..6].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&bytes), Err("TooLarge".into()));
        let mut bytes = part(Kind::Records, b"words", true);
        bytes[6..10].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&bytes), Err("TooLarge".into()));
        // A frame that decodes to more than its part says, with a checksum that is right.
        let bomb = compress_to_vec(&vec![0; 8 * MAX_PART_BYTES][..], CompressionLevel::Fastest);
        assert!(bomb.len() < MAX_PART_BYTES);
        assert_eq!(decompressed(&bomb, MAX_PART_BYTES), None);
        assert_eq!(decompressed(&bomb, 10), None);
    }

    #[test]
    fn entries_with_wrong_lengths_are_refused() {
        let mut content = Vec::new();
        add_entry(&mut content, b"key", b"value");
        let mut rest = &*content;
        assert_eq!(next_entry(&mut rest), Some((&b"key"[..], &b"value"[..])));
        assert!(rest.is_empty());
        for cut in 0..content.len() {
            assert_eq!(next_entry(&mut &content[..cut]), None, "{cut}");
        }
        content[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(next_entry(&mut &*content), None);
        assert_eq!(table_name(b"\x05users"), Some(("users", &b""[..])));
        assert_eq!(table_name(b"\x06users"), None);
        assert_eq!(table_name(b""), None);
    }
}
