//! Bytes of a backup with checksums that are right, so that what they protect is reached.

use std::fs;

use rollcall::store::backup::{self, Decryption, Restoring};
use rollcall::store::{Destination, Store, Table};
use sha2::{Digest, Sha256};

use super::folder;

/// The first bytes of a backup and the version of its format.
const BEGINNING: &[u8] = b"rollcall backup\n\x01";

/// The description of a backup.
pub const HEAD: &[u8] = br#"{"taken_at":1699098263366,"commits":1,"rollcall":"0.1.0"}"#;

/// The numbers of the kinds of parts.
pub const HEAD_KIND: u8 = 1;
pub const RECORDS_KIND: u8 = 3;
pub const END_KIND: u8 = 4;

/// A backup that is written part by part.
pub struct Backup {
    bytes: Vec<u8>,
    parts: u64,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            bytes: BEGINNING.to_vec(),
            parts: 0,
        }
    }
}

impl Backup {
    /// Adds a part. `decoded_bytes` is what its head says about its length after decoding.
    pub fn add(&mut self, kind: u8, coding: u8, stored: &[u8], decoded_bytes: u32) {
        let mut head = vec![kind, coding];
        head.extend(length(stored).to_le_bytes());
        head.extend(decoded_bytes.to_le_bytes());
        let sum = crc32(&[&head, stored]);
        self.bytes.extend(head);
        self.bytes.extend(sum);
        self.bytes.extend(stored);
        self.parts += 1;
    }

    /// Adds a part whose bytes are stored as they are.
    pub fn add_plain(&mut self, kind: u8, content: &[u8]) {
        self.add(kind, 0, content, length(content));
    }

    /// Adds the last part for this number of entries, and returns all bytes.
    pub fn end(mut self, entries: u64) -> Vec<u8> {
        let sha256: [u8; 32] = Sha256::digest(&self.bytes).into();
        let end = serde_json::json!({"parts": self.parts, "entries": entries, "sha256": sha256});
        self.add_plain(END_KIND, end.to_string().as_bytes());
        self.bytes
    }

    /// Returns the bytes without a last part.
    pub fn cut(self) -> Vec<u8> {
        self.bytes
    }
}

/// Returns the stored bytes of a record: its version and body, and the checksum over table, key and both.
pub fn sealed(table: Table, key: &[u8], versioned: &[u8]) -> Vec<u8> {
    let sum = crc32(&[table.name().as_bytes(), key, versioned]);
    [versioned, &sum].concat()
}

/// Returns the content of a part with records of one table.
pub fn records(table: Table, entries: &[(&[u8], &[u8])]) -> Vec<u8> {
    let name = table.name();
    let mut content = vec![u8::try_from(name.len()).expect("a short name")];
    content.extend(name.as_bytes());
    for (key, value) in entries {
        for text in [key, value] {
            content.extend(length(text).to_le_bytes());
        }
        content.extend(*key);
        content.extend(*value);
    }
    content
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("inputs are far shorter than 4 GiB")
}

fn crc32(parts: &[&[u8]]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().to_le_bytes()
}

/// Restores a backup that the check accepts. It may be refused, because a check looks at single records only; a store
/// that was restored opens.
pub fn restored(file: &[u8]) {
    let folder = folder();
    let (path, data) = (folder.path().join("backup"), folder.path().join("data"));
    fs::write(&path, file).expect("the file is written");
    let choices = Restoring {
        to: Destination::Folder {
            path: &data,
            replace: false,
        },
        take_key: true,
    };
    if backup::restore(&path, choices, &Decryption::None).is_ok() {
        Store::open(&data).expect("a restored store opens");
    }
}
