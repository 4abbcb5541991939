//! Backups from the machine itself, with or without a running server.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::command::Command;
use super::place::Place;
use super::whole_file::write_whole;
use super::wire::{PATIENCE, ask_for_bytes};
use super::{Error, explain_in_use, reach, unanswered};
use crate::app::Overrides;
use crate::auth::Actor;
use crate::ops::{backups, opening};
use crate::store::backup::{self, BackupError, RestoreError, Restored, Restoring, Summary};
use crate::store::{Store, is_begun, refuse_exposed};

/// Writes a backup to `out`, and checks it on the way. While a server runs, it makes the backup.
///
/// # Errors
/// [`Error`] if no backup was made, or if it did not arrive whole.
pub async fn backup(folder: &Path, fixed: Overrides, with_key: bool, out: impl Write) -> Result<Summary, Error> {
    refuse_exposed(folder)?;
    let unwritten = |cause: BackupError| Error::Backup(cause.to_string());
    let place = Place::find(folder, fixed.admin_socket.as_deref());
    let unreached = match reach(folder, &place).await? {
        Ok(server) => {
            let copy = Copy {
                input: ask_for_bytes(server, &Command::Backup { with_key })
                    .map_err(|error| unanswered(error, folder, place.path.clone(), PATIENCE))?
                    .map_err(Error::Refused)?,
                out: BufWriter::new(out),
            };
            return copy.check().map_err(unwritten);
        }
        Err(cause) => cause,
    };
    if !is_begun(folder) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    let opened = opening::open_for_command(folder, fixed).await;
    let app = opened.map_err(|error| explain_in_use(error.into(), place, &unreached))?;
    let backup = backups::begin(&app, &Actor::Operator, with_key).await;
    let made = backup.map(|backup| backup.write_to(BufWriter::new(out)));
    app.store.close().await;
    made?.map_err(|cause| Error::Backup(cause.to_string()))
}

/// Bytes that are copied while they are read.
struct Copy<R, W> {
    input: R,
    out: W,
}

impl<R: Read, W: Write> Copy<R, W> {
    /// Copies a whole backup, and checks it.
    fn check(mut self) -> Result<Summary, BackupError> {
        let summary = backup::check(&mut self)?;
        self.out.flush().map_err(BackupError::Read)?;
        Ok(summary)
    }
}

impl<R: Read, W: Write> Read for Copy<R, W> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        self.out.write_all(&bytes[..read])?;
        Ok(read)
    }
}

/// Writes a backup to a file. The file gets its name when all of it is checked and durable, and then replaces an
/// older file of this name.
///
/// # Errors
/// The errors of [`backup()`], and those of the file system.
pub async fn backup_to(folder: &Path, fixed: Overrides, with_key: bool, path: &Path) -> Result<Summary, Error> {
    let unwritten = |cause: io::Error| Error::Backup(format!("{}: {cause}", path.display()));
    write_whole(path, unwritten, async |file| {
        backup(folder, fixed, with_key, file).await
    })
    .await
}

/// Checks a backup without restoring it.
///
/// # Errors
/// [`Error::Backup`] with the first problem.
pub fn check_backup(path: &Path) -> Result<Summary, Error> {
    let file = File::open(path).map_err(BackupError::Read);
    let checked = file.and_then(|file| backup::check(BufReader::new(file)));
    checked.map_err(|cause| Error::Backup(format!("{}: {cause}", path.display())))
}

/// A restored data folder.
#[derive(Debug)]
pub struct RestoredFolder {
    /// The backup, and what became of the old store.
    pub restored: Restored,
    /// The reason why a server cannot start with the folder or use its key, and what to do about it.
    pub key_problem: Option<String>,
}

/// Restores a backup into a data folder on which no server runs. Writes the key of the backup to the folder, unless a
/// setting names another key file.
///
/// # Errors
/// [`Error::Store`] and [`Error::Restore`].
pub fn restore(folder: &Path, fixed: &Overrides, path: &Path, replace: bool) -> Result<RestoredFolder, Error> {
    let named = fixed.secret_key_file.as_deref();
    let choices = Restoring {
        replace,
        take_key: named.is_none(),
    };
    let restored = backup::restore(folder, path, choices).map_err(|error| match error {
        RestoreError::Open(error) => Error::Store(error),
        other => Error::Restore(other),
    })?;
    // The restoration is done, so an error from here on is one of the next start.
    let key_problem = match Store::inspect(folder) {
        Ok((_, snapshot)) => opening::key_problem(&snapshot, folder, named).map(|problem| problem.to_string()),
        Err(error) => Some(error.to_string()),
    };
    Ok(RestoredFolder { restored, key_problem })
}
