//! Makes a backup.

use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::format::{self, Kind};
use super::{End, Head, MakeError, Summary};
use crate::domain::Timestamp;
use crate::store::held::Held;
use crate::store::records::Table;

/// Writes a backup of a held moment, and flushes it. `key` is the text of the key that encrypts second factors, if the
/// backup includes it.
///
/// # Errors
/// [`MakeError`]. What was written is then not a backup; a check reports that it is cut short.
pub(crate) fn make(
    moment: &Held,
    taken_at: Timestamp,
    key: Option<&str>,
    out: impl Write,
) -> Result<Summary, MakeError> {
    let head = Head {
        taken_at: taken_at.as_millis(),
        commits: moment.commits(),
        rollcall: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut summary = Summary::of(&head);
    let mut out = Parts {
        out,
        sum: Sha256::new(),
        parts: 0,
        bytes: 0,
    };
    out.write(format::MAGIC)?;
    out.write(&[format::VERSION])?;
    out.part(Kind::Head, &json(&head)?, true)?;
    if let Some(key) = key {
        out.part(Kind::Key, key.as_bytes(), true)?;
        summary.has_key = true;
    }
    let mut part = Part::default();
    moment.read(|table, key, value| {
        if key.len() > format::MAX_KEY_BYTES || value.len() > format::MAX_VALUE_BYTES {
            return Err(MakeError::TooLarge);
        }
        if part.table != Some(table) || part.content.len() >= format::FULL_BYTES {
            part.write_to(&mut out)?;
            part.begin(table);
        }
        format::add_entry(&mut part.content, key, value);
        summary.count(table, key, value);
        Ok(())
    })?;
    part.write_to(&mut out)?;
    let end = End {
        parts: out.parts,
        entries: summary.entries,
        sha256: out.sum.clone().finalize().into(),
    };
    out.part(Kind::End, &json(&end)?, true)?;
    out.out.flush()?;
    summary.file_bytes = out.bytes;
    Ok(summary)
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

/// The part that is being filled.
#[derive(Default)]
struct Part {
    table: Option<Table>,
    content: Vec<u8>,
}

impl Part {
    fn begin(&mut self, table: Table) {
        self.table = Some(table);
        let name = table.name().as_bytes();
        self.content.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.content.extend(name);
    }

    fn write_to(&mut self, out: &mut Parts<impl Write>) -> io::Result<()> {
        let Some(table) = self.table.take() else {
            return Ok(());
        };
        // Pictures are compressed already.
        out.part(Kind::Records, &self.content, table == Table::Avatars)?;
        self.content.clear();
        Ok(())
    }
}

/// Writes parts, and computes the sum of all bytes.
struct Parts<W> {
    out: W,
    sum: Sha256,
    parts: u64,
    bytes: u64,
}

impl<W: Write> Parts<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn part(&mut self, kind: Kind, content: &[u8], is_dense: bool) -> io::Result<()> {
        self.write(&format::part(kind, content, is_dense))?;
        self.parts += 1;
        Ok(())
    }
}
