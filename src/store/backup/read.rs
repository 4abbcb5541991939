//! Reads a backup and checks all of it, with bounded memory whatever the file contains.

use std::io::{self, Read};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::format::{self, HEAD_BYTES, HeadError, Kind, PartHead};
use super::{BackupError, Decryption, End, Head, KEY_DIGITS, Summary};
use crate::store::any_record::decode_any;
use crate::store::codec::Damage;
use crate::store::records::Table;

/// Checks a backup from its first to its last byte: the format, all checksums and every record. That index entries and
/// records agree is checked when it is restored.
///
/// # Errors
/// [`BackupError`] for the first problem.
pub fn check(input: impl Read) -> Result<Summary, BackupError> {
    check_encrypted(input, &Decryption::None)
}

/// Decrypts a backup, and checks it as [`check`] does.
///
/// # Errors
/// [`BackupError`] for the first problem.
pub fn check_encrypted(input: impl Read, decryption: &Decryption) -> Result<Summary, BackupError> {
    read(decryption.reader(input)?, |_| Ok(()))
}

/// Something that a backup contains.
pub(super) enum Item<'part> {
    /// The text of the key that encrypts second factors.
    Key(&'part str),
    /// A record or an index entry.
    Entry(Table, &'part [u8], &'part [u8]),
}

/// Reads a backup to its end, checks all of it, and calls `look` with each item. Its contents may be used only if this
/// returns a summary.
pub(super) fn read<E: From<BackupError>>(
    input: impl Read,
    mut look: impl FnMut(Item<'_>) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut input = Input {
        input,
        sum: Sha256::new(),
        part: 1,
        bytes: 0,
    };
    input.check_beginning()?;
    let (kind, content) = input.part()?;
    if kind != Kind::Head {
        return Err(input.damaged("it does not begin with a description").into());
    }
    let mut summary = Summary::of(&input.json::<Head>(&content)?);
    let mut order = Order::default();
    loop {
        let sum: [u8; 32] = input.sum.clone().finalize().into();
        input.part += 1;
        let (kind, content) = input.part()?;
        match kind {
            Kind::Head => return Err(input.damaged("it has a second description").into()),
            Kind::Key => {
                if summary.has_key || summary.entries > 0 {
                    return Err(input.damaged("the key is not where it belongs").into());
                }
                summary.has_key = true;
                look(Item::Key(input.key(&content)?))?;
            }
            Kind::Records => input.records(&content, &mut order, &mut summary, &mut look)?,
            Kind::End => {
                let end: End = input.json(&content)?;
                let expected = End {
                    parts: input.part - 1,
                    entries: summary.entries,
                    sha256: sum,
                };
                if end != expected {
                    return Err(input.damaged("the checksum over all parts does not match").into());
                }
                input.check_end()?;
                summary.file_bytes = input.bytes;
                return Ok(summary);
            }
        }
    }
}

/// The order of the entries, so that no key comes twice.
#[derive(Default)]
struct Order {
    tables: Vec<Table>,
    last_key: Vec<u8>,
}

impl Order {
    /// Returns whether the entry comes after all entries before.
    fn admits(&mut self, table: Table, key: &[u8]) -> bool {
        if self.tables.last() == Some(&table) {
            if key <= self.last_key.as_slice() {
                return false;
            }
        } else if self.tables.contains(&table) {
            return false;
        } else {
            self.tables.push(table);
        }
        self.last_key.clear();
        self.last_key.extend(key);
        true
    }
}

/// A file that is read part by part.
struct Input<R> {
    input: R,
    sum: Sha256,
    /// The number of the part that is read; the first one is 1.
    part: u64,
    bytes: u64,
}

impl<R: Read> Input<R> {
    fn damaged(&self, problem: impl Into<String>) -> BackupError {
        BackupError::Damaged {
            part: self.part,
            problem: problem.into(),
        }
    }

    /// Returns the error for bytes that cannot be read, or not be decrypted.
    fn unread(&self, error: io::Error) -> BackupError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::Cut(self.part),
            io::ErrorKind::InvalidData => self.damaged("it cannot be decrypted"),
            _ => BackupError::Read(error),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        let read = self.input.read_exact(bytes);
        read.map_err(|error| self.unread(error))?;
        self.sum.update(&*bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn check_beginning(&mut self) -> Result<(), BackupError> {
        let mut magic = [0; format::MAGIC.len()];
        match self.fill(&mut magic) {
            Err(BackupError::Cut(_)) => return Err(BackupError::NotABackup),
            read => read?,
        }
        if magic != *format::MAGIC {
            return Err(BackupError::NotABackup);
        }
        let mut version = [0];
        self.fill(&mut version)?;
        match version {
            [format::VERSION] => Ok(()),
            [0] => Err(self.damaged("it has no version of the format")),
            [newer] => Err(BackupError::Newer(format!("version {newer} of the format"))),
        }
    }

    /// Reads the next part, and checks it.
    fn part(&mut self) -> Result<(Kind, Vec<u8>), BackupError> {
        let mut bytes = [0; HEAD_BYTES];
        self.fill(&mut bytes)?;
        let head = PartHead::read(&bytes).map_err(|error| match error {
            HeadError::Unknown(kind) => self.damaged(format!(
                "it has the unknown kind or coding {kind}: it is damaged, or a newer rollcall made it"
            )),
            HeadError::TooLarge => self.damaged("it claims to be larger than a part may be"),
        })?;
        let mut stored = vec![0; head.stored_bytes];
        self.fill(&mut stored)?;
        let content = head.decode(&bytes, stored).map_err(|problem| self.damaged(problem))?;
        Ok((head.kind, content))
    }

    fn json<T: DeserializeOwned>(&self, content: &[u8]) -> Result<T, BackupError> {
        serde_json::from_slice(content).map_err(|error| self.damaged(error.to_string()))
    }

    fn key<'part>(&self, content: &'part [u8]) -> Result<&'part str, BackupError> {
        let text = std::str::from_utf8(content).ok();
        let is_key = |text: &&str| text.len() == KEY_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.filter(is_key)
            .ok_or_else(|| self.damaged("the key has the wrong form"))
    }

    fn records<E: From<BackupError>>(
        &self,
        content: &[u8],
        order: &mut Order,
        summary: &mut Summary,
        look: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrong = || self.damaged("its entries have wrong lengths");
        let (name, mut entries) = format::table_name(content).ok_or_else(wrong)?;
        let known = |table: &Table| table.name() == name && table.is_copied();
        let Some(table) = Table::ALL.iter().copied().find(known) else {
            return Err(BackupError::Newer(format!("it has a table {name:?}")).into());
        };
        while !entries.is_empty() {
            let (key, value) = format::next_entry(&mut entries).ok_or_else(wrong)?;
            if !order.admits(table, key) {
                return Err(self.damaged("its entries are not in order").into());
            }
            decode_any(table, key, value).map_err(|damage| match damage {
                Damage::Version { found, .. } => {
                    BackupError::Newer(format!("its {} have version {found}", table.name()))
                }
                damage => BackupError::Record {
                    table: table.name(),
                    damage,
                },
            })?;
            summary.count(table, key, value);
            look(Item::Entry(table, key, value))?;
        }
        Ok(())
    }

    /// Refuses bytes after the last part.
    fn check_end(&mut self) -> Result<(), BackupError> {
        let mut more = [0];
        match self.input.read(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.damaged("there are bytes after the last part")),
            Err(error) => Err(self.unread(error)),
        }
    }
}
