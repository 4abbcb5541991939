//! Backups from the machine itself, with or without a running server.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::command::{Command, CommandAnswer};
use super::place::Place;
use super::socket::CommandOutcome;
use super::{Error, explain_in_use, reach, unanswered};
use crate::app::Overrides;
use crate::auth::Actor;
use crate::ops::{backups, opening};
use crate::store::backup::{self, BackupError, RestoreError, Restored, Restoring, Summary};
use crate::store::{Store, create_private_file, is_begun, refuse_exposed};

/// The time without a byte from the server after which a backup fails.
const PATIENCE: Duration = Duration::from_mins(1);

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
            let server = server.into_std().map_err(Error::Socket)?;
            let copy = Copy {
                input: ask(server, with_key)
                    .map_err(|error| unanswered(error, folder, place.path.clone(), PATIENCE))??,
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

/// Asks a server for a backup. Returns the bytes that follow its answer.
fn ask(mut server: UnixStream, with_key: bool) -> io::Result<Result<impl Read, Error>> {
    server.set_nonblocking(false)?;
    server.set_read_timeout(Some(PATIENCE))?;
    server.set_write_timeout(Some(PATIENCE))?;
    let mut question = serde_json::to_vec(&Command::Backup { with_key })?;
    question.push(b'\n');
    server.write_all(&question)?;
    let mut server = BufReader::new(server);
    let mut line = String::new();
    server.read_line(&mut line)?;
    Ok(match serde_json::from_str::<CommandOutcome>(&line)? {
        Ok(CommandAnswer::Backup) => Ok(server),
        Ok(_) => Err(Error::Refused("the server answered something else".into())),
        Err(words) => Err(Error::Refused(words)),
    })
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
    let unfinished = unfinished(path).ok_or_else(|| unwritten(io::ErrorKind::InvalidFilename.into()))?;
    let file = create_private_file(&unfinished).map_err(unwritten)?;
    let made = backup(folder, fixed, with_key, &file).await;
    let named = made.and_then(|made| {
        let durable = file.sync_all().and_then(|()| fs::rename(&unfinished, path));
        durable.and_then(|()| sync_names(path)).map_err(unwritten)?;
        Ok(made)
    });
    if named.is_err() {
        // If this fails, the next backup with this name replaces it.
        let _ = fs::remove_file(&unfinished);
    }
    named
}

/// Returns the path of a file until all of it is durable; `None` if the path names no file.
fn unfinished(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name().filter(|_| !path.is_dir())?.to_owned();
    name.push(".unfinished");
    Some(path.with_file_name(name))
}

fn sync_names(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
