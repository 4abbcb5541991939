//! Backups: one file with the state of a store at one moment.
//!
//! A backup has the records and index entries of all tables, which `store/held.rs` reads while writes go on, and
//! nothing of an engine's files. It has no names of files, so that a hostile one cannot choose where something is written.

mod decryption;
mod encryption;
mod file;
mod format;
mod lock_error;
mod make;
mod read;
mod restore;
mod upgrade;

pub use decryption::lock_of;
pub use decryption::{Decryption, Lock};
use encryption::ENCRYPTED;
pub use encryption::Encryption;
pub(crate) use encryption::{EncryptedWriter, split_name};
pub(crate) use file::{BackupFile, remove_unfinished, write_file};
pub(crate) use lock_error::LockError;
pub(crate) use make::make;
pub use read::{check, check_encrypted};
pub(crate) use restore::RestoreError;
pub use restore::{Restored, Restoring, restore};
pub(crate) use upgrade::UpgradeBackups;
pub(super) use upgrade::{back_up, with_way_back};

use std::io;

use serde::{Deserialize, Serialize};

use super::ReadError;
use super::codec::Damage;
use super::records::Table;
use crate::domain::Timestamp;

/// Digits of the key in a backup: the text of the key file without its line end.
const KEY_DIGITS: usize = 64;

/// The description of a backup, which is its first part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// The moment that the backup has, in milliseconds since 1970.
    taken_at: i64,
    /// The number of committed batches at this moment.
    commits: u64,
    /// The version of Rollcall that made the backup.
    rollcall: String,
}

/// The last part of a backup.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    /// The number of parts before this one.
    parts: u64,
    /// The number of records and index entries.
    entries: u64,
    /// The SHA-256 of all bytes before this part.
    sha256: [u8; 32],
}

/// The contents of a backup that was made, or checked from its first to its last byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The moment that the backup has.
    pub taken_at: Timestamp,
    /// The version of Rollcall that made the backup.
    pub rollcall: String,
    /// The number of records and index entries.
    pub entries: u64,
    /// The number of users.
    pub users: u64,
    /// Bytes of the file before it is encrypted.
    pub file_bytes: u64,
    /// Bytes of all keys and values.
    pub live_bytes: u64,
    /// `true` if the backup has the key that encrypts second factors.
    pub has_key: bool,
    /// The number of committed batches at the moment of the backup.
    pub(super) commits: u64,
}

impl Summary {
    fn of(head: &Head) -> Self {
        Self {
            taken_at: Timestamp::from_millis(head.taken_at),
            rollcall: head.rollcall.clone(),
            entries: 0,
            users: 0,
            file_bytes: 0,
            live_bytes: 0,
            has_key: false,
            commits: head.commits,
        }
    }

    /// Counts a record or an index entry.
    fn count(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.entries += 1;
        self.users += u64::from(table == Table::Users);
        self.live_bytes += (key.len() + value.len()) as u64;
    }
}

/// The reason why a backup cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The store cannot be read, or too much changed meanwhile.
    #[error(transparent)]
    Store(#[from] ReadError),
    /// The backup cannot be written, or its receiver is gone.
    #[error("the backup cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A record is larger than the format allows.
    #[error("a record has more than {} bytes", format::MAX_VALUE_BYTES)]
    TooLarge,
}

/// The reason why a file is not a sound backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file does not begin like a backup.
    #[error("it is not a backup of rollcall")]
    NotABackup,
    /// A newer version of Rollcall made the backup.
    #[error("a newer rollcall made it ({0}): use that version")]
    Newer(String),
    /// The file ends too early.
    #[error("it is cut short in part {0}: copy it again, or use another backup")]
    Cut(u64),
    /// Bytes of the file are not as they were written.
    #[error("it is damaged in part {part}: {problem}; copy it again, or use another backup")]
    Damaged {
        /// The number of the part; the first one is 1.
        part: u64,
        /// The problem in words.
        problem: String,
    },
    /// A record is damaged, although the part is as it was written.
    #[error("it has a damaged record of {table}: {damage}; use another backup")]
    Record {
        /// The name of the table.
        table: &'static str,
        /// The problem with the record.
        damage: Damage,
    },
    /// The file cannot be decrypted.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Read(io::Error),
}
