//! Any bytes in the place of a backup: they are read as one, or refused with an error.
//!
//! The first byte of an input chooses the form of the rest: 0 the bytes of a file, 1 the bytes of an encrypted file, and
//! otherwise parts whose checksums are made right. A part is its kind, its coding, two bytes with the number of its
//! stored bytes, two with that of its decoded bytes, and the stored bytes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rollcall::store::backup::{self, Decryption};
use rollcall_fuzz::backup::{Backup, END_KIND, restored};

/// The bytes before the header of an encrypted file.
const ENCRYPTED: &[u8] = b"age-encryption.org/v1\n";

/// A key to which no input is encrypted.
static IDENTITY: LazyLock<Decryption> = LazyLock::new(|| {
    let text = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    Decryption::of_identities(text).expect("a key")
});

fuzz_target!(|input: &[u8]| {
    match input.split_first() {
        None => {}
        Some((0, bytes)) => {
            let _ = backup::check(bytes);
            let _ = backup::lock_of(bytes);
        }
        Some((1, bytes)) => {
            let file = [ENCRYPTED, bytes].concat();
            let _ = backup::check_encrypted(&*file, &IDENTITY);
            let _ = backup::lock_of(&*file);
        }
        Some((entries, parts)) => {
            let file = of_parts(u64::from(*entries) - 2, parts);
            if backup::check(&*file).is_ok() {
                restored(&file);
            }
        }
    }
});

/// Returns a backup of these parts. Unless one of them is a last part, it gets one.
fn of_parts(entries: u64, mut parts: &[u8]) -> Vec<u8> {
    let mut file = Backup::default();
    let mut has_end = false;
    while let Some(([kind, coding, stored @ .., low, high], rest)) = parts.split_first_chunk::<6>() {
        let stored = usize::from(u16::from_le_bytes(*stored)).min(rest.len());
        let (content, others) = rest.split_at(stored);
        file.add(*kind, *coding, content, u32::from(u16::from_le_bytes([*low, *high])));
        has_end |= *kind == END_KIND;
        parts = others;
    }
    if has_end { file.cut() } else { file.end(entries) }
}
