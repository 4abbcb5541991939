//! Exports from the machine itself, with or without a running server.

use std::io::{self, BufRead, BufWriter, Read, Write};
use std::path::Path;

use super::command::Command;
use super::place::Place;
use super::whole_file::write_whole;
use super::wire::{BYTES_TIMEOUT, ask_for_bytes};
use super::{Error, explain_in_use, has_store, reach, unanswered};
use crate::app::Overrides;
use crate::domain::transfer::{EndLine, TransferLine};
use crate::ops::opening;
use crate::ops::transfer::Export;
use crate::store::refuse_exposed;

/// Maximum bytes of a line that the server sends. It is above `LINE_BYTES`, so that a user whose data are larger than an
/// import accepts is still exported.
const SENT_LINE_BYTES: u64 = 4 * 1024 * 1024;

/// Writes an export to `out`, and returns the number of its lines. While a server runs, it makes the export.
///
/// # Errors
/// [`Error`] if no export was made, or if it did not arrive whole.
pub(crate) async fn export(folder: &Path, fixed: Overrides, with_secrets: bool, out: impl Write) -> Result<u64, Error> {
    refuse_exposed(folder)?;
    let place = Place::find(folder, fixed.admin_socket.as_deref());
    let unreached = match reach(folder, &place).await? {
        Ok(server) => {
            let lines = ask_for_bytes(server, &Command::Export { with_secrets })
                .map_err(|error| unanswered(error, folder, place.path.clone(), BYTES_TIMEOUT))?
                .map_err(Error::Refused)?;
            return copy(lines, BufWriter::new(out));
        }
        Err(cause) => cause,
    };
    if !has_store(folder, &fixed) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    let opened = opening::open_for_command(folder, fixed).await;
    let app = opened.map_err(|error| explain_in_use(error.into(), place, &unreached))?;
    let written = match Export::begin(&app, with_secrets).await {
        Ok(export) => write(export, BufWriter::new(out)).await,
        Err(error) => Err(error.into()),
    };
    app.store.close().await;
    written
}

async fn write(mut export: Export, mut out: impl Write) -> Result<u64, Error> {
    let mut lines = 0;
    while let Some(line) = export.next().await {
        out.write_all(&line?).map_err(unwritten)?;
        lines += 1;
    }
    out.flush().map_err(unwritten)?;
    Ok(lines)
}

fn unwritten(cause: io::Error) -> Error {
    Error::Unwritten { what: "export", cause }
}

fn unread(cause: &io::Error) -> Error {
    Error::Transfer(format!("the export is cut short: {cause}"))
}

/// Copies all lines of an export, and checks that the last one is there.
fn copy(mut lines: impl BufRead, mut out: impl Write) -> Result<u64, Error> {
    let (mut line, mut count) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = lines.by_ref().take(SENT_LINE_BYTES).read_until(b'\n', &mut line);
        if read.map_err(|cause| unread(&cause))? == 0 {
            let words = "the export is cut short: see the log of the server, and run this again";
            return Err(Error::Transfer(words.into()));
        }
        out.write_all(&line).map_err(unwritten)?;
        if is_end(&line, count) {
            out.flush().map_err(unwritten)?;
            return Ok(count + 1);
        }
        count += 1;
    }
}

/// Returns whether a line is the end of an export after so many lines. The other lines are not parsed.
fn is_end(line: &[u8], before: u64) -> bool {
    let parsed = || serde_json::from_slice(line).ok();
    line.starts_with(br#"{"type":"end""#)
        && matches!(parsed(), Some(TransferLine::End(EndLine { lines })) if lines == before)
}

/// Writes an export to a file that only its owner may read. The file gets its name when all of it is durable, and then
/// replaces an older file of this name.
///
/// # Errors
/// The errors of [`export()`], and those of the file system.
pub(crate) async fn export_to(folder: &Path, fixed: Overrides, with_secrets: bool, path: &Path) -> Result<u64, Error> {
    let unnamed = |cause: io::Error| Error::Transfer(format!("{}: {cause}", path.display()));
    write_whole(path, unnamed, async |file| {
        export(folder, fixed, with_secrets, file).await
    })
    .await
}
