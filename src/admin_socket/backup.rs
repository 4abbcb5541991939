//! Backups from the machine itself, with or without a running server.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::command::Command;
use super::place::Place;
use super::whole_file::write_whole;
use super::wire::{BYTES_TIMEOUT, ask_for_bytes};
use super::{Error, explain_in_use, has_store, reach, unanswered};
use crate::app::Overrides;
use crate::auth::Actor;
use crate::ops::backups::{self, Backup};
use crate::ops::opening;
use crate::store::backup::{
    self, BackupError, Decryption, EncryptedWriter, Encryption, Lock, MakeError, RestoreError, Restored, Restoring,
    Summary,
};
use crate::store::{CopyError, Destination, Store, refuse_exposed};

/// Writes a backup to `out`, and checks it on the way. If a server runs, the server makes the backup. This process
/// encrypts it.
///
/// # Errors
/// [`Error`] if no backup was made, or if it did not arrive whole.
pub(crate) async fn backup(
    folder: &Path,
    fixed: Overrides,
    (with_key, encryption): (bool, &Encryption),
    out: impl Write,
) -> Result<Summary, Error> {
    refuse_exposed(folder)?;
    let place = Place::find(folder, fixed.admin_socket.as_deref());
    let unreached = match reach(folder, &place).await? {
        Ok(server) => {
            let input = ask_for_bytes(server, &Command::Backup { with_key })
                .map_err(|error| unanswered(error, folder, place.path.clone(), BYTES_TIMEOUT))?
                .map_err(Error::Refused)?;
            let out = encryption.writer(BufWriter::new(out)).map_err(unwritten)?;
            return Copy {
                input,
                out,
                failed: None,
            }
            .check();
        }
        Err(cause) => cause,
    };
    if !has_store(folder, &fixed) {
        return Err(Error::NoStore(folder.to_owned()));
    }
    let opened = opening::open_for_command(folder, fixed).await;
    let app = opened.map_err(|error| explain_in_use(error.into(), place, &unreached))?;
    let backup = backups::begin(&app, &Actor::Operator, with_key).await;
    let made = backup.map(|backup| write(&backup, encryption, out));
    app.store.close().await;
    made?
}

fn write(backup: &Backup, encryption: &Encryption, out: impl Write) -> Result<Summary, Error> {
    let written = encryption.write(BufWriter::new(out), |out| backup.write_to(out));
    written.map_err(|error| match error {
        MakeError::Write(cause) => unwritten(cause),
        other => Error::Backup(other.to_string()),
    })
}

fn unwritten(cause: io::Error) -> Error {
    Error::Unwritten { what: "backup", cause }
}

/// Bytes that are copied while they are read.
struct Copy<R, W: Write> {
    input: R,
    out: EncryptedWriter<W>,
    /// The error with which a write failed.
    failed: Option<io::Error>,
}

impl<R: Read, W: Write> Copy<R, W> {
    /// Copies a whole backup, and checks it.
    fn check(mut self) -> Result<Summary, Error> {
        let checked = backup::check(&mut self);
        if let Some(cause) = self.failed {
            return Err(unwritten(cause));
        }
        let summary = checked.map_err(|cause| Error::Backup(cause.to_string()))?;
        self.out.finish().map_err(unwritten)?;
        Ok(summary)
    }
}

impl<R: Read, W: Write> Read for Copy<R, W> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        if let Err(cause) = self.out.write_all(&bytes[..read]) {
            self.failed = Some(cause);
            return Err(io::Error::other("it cannot be copied"));
        }
        Ok(read)
    }
}

/// A backup in a file.
#[derive(Debug)]
pub(crate) struct FoundBackup {
    /// The contents of the backup.
    pub summary: Summary,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// `true` if the file is encrypted.
    pub is_encrypted: bool,
}

/// Writes a backup to a file. The file gets its name when all of it is checked and durable, and then replaces an
/// older file of this name.
///
/// # Errors
/// The errors of [`backup()`], and those of the file system.
pub(crate) async fn backup_to(
    folder: &Path,
    fixed: Overrides,
    (with_key, encryption): (bool, &Encryption),
    path: &Path,
) -> Result<FoundBackup, Error> {
    let unnamed = |cause: io::Error| Error::Backup(format!("{}: {cause}", path.display()));
    write_whole(path, unnamed, async |file| {
        let summary = backup(folder, fixed, (with_key, encryption), file).await?;
        Ok(FoundBackup {
            summary,
            file_bytes: file.metadata().map_err(unnamed)?.len(),
            is_encrypted: encryption.is_on(),
        })
    })
    .await
}

/// Returns the kind of key that a backup needs.
///
/// # Errors
/// [`Error::Backup`] if it cannot be read.
pub(crate) fn lock_of(path: &Path) -> Result<Lock, Error> {
    let file = File::open(path).map_err(BackupError::Read);
    let lock = file.and_then(|file| backup::lock_of(BufReader::new(file)));
    lock.map_err(|cause| Error::Backup(format!("{}: {cause}", path.display())))
}

/// Checks a backup without restoring it.
///
/// # Errors
/// [`Error::Backup`] with the first problem.
pub(crate) fn check_backup(path: &Path, decryption: &Decryption) -> Result<FoundBackup, Error> {
    let check = || {
        let mut file = Counted {
            input: File::open(path).map_err(BackupError::Read)?,
            bytes: 0,
        };
        let summary = backup::check_encrypted(BufReader::new(&mut file), decryption)?;
        Ok(FoundBackup {
            // Only an encrypted file has more bytes than what is in it.
            is_encrypted: file.bytes != summary.file_bytes,
            summary,
            file_bytes: file.bytes,
        })
    };
    check().map_err(|cause: BackupError| Error::Backup(format!("{}: {cause}", path.display())))
}

/// Counts the bytes that are read. A pipe has no length to ask for.
struct Counted<R> {
    input: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A restored store.
#[derive(Debug)]
pub(crate) struct RestoredStore {
    /// The backup, and what became of the old store.
    pub restored: Restored,
    /// The reason why a server cannot start with the folder or use its key, and what to do about it.
    pub key_problem: Option<String>,
}

/// Restores a backup into a data folder or a cluster on which no server runs. Writes the key of the backup to the folder,
/// unless a setting names another key file.
///
/// # Errors
/// [`Error::Store`] and [`Error::Restore`].
pub(crate) fn restore(
    folder: &Path,
    fixed: &Overrides,
    path: &Path,
    (replace, decryption): (bool, &Decryption),
) -> Result<RestoredStore, Error> {
    let named = fixed.secret_key_file.as_deref();
    let cluster = fixed.cluster.as_ref();
    let choices = Restoring {
        to: match cluster {
            Some(address) => Destination::Cluster { address, folder },
            None => Destination::Folder { path: folder, replace },
        },
        take_key: named.is_none(),
    };
    let restored = backup::restore(path, choices, decryption).map_err(|error| match error {
        RestoreError::Copy(CopyError::Open(error)) => Error::Store(error),
        other => Error::Restore(other),
    })?;
    // The restoration is done, so an error from here on is one of the next start.
    let key_problem = match Store::inspect(folder, cluster) {
        Ok((_, snapshot)) => opening::key_problem(&snapshot, folder, named).map(|problem| problem.to_string()),
        Err(error) => Some(error.to_string()),
    };
    Ok(RestoredStore { restored, key_problem })
}
