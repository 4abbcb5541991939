//! Files of backups, which get their names only when all of their content is checked and durable.

use std::fmt::Display;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Encryption, MakeError, Summary, read};
use crate::store::folder::create_private_file;
use crate::store::sync::sync_names;

/// The ending of the name of a file that is not whole yet.
const UNFINISHED: &str = ".unfinished";

/// A backup in a file.
#[derive(Debug)]
pub(crate) struct BackupFile {
    /// The contents of the backup.
    pub summary: Summary,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Writes a backup to a file that only its owner may read. Creates the folder, but not those above it, so that nothing is
/// written where a disk is not mounted. Writes under a temporary name, checks what was written, and gives the file its name
/// when all of it is durable. If this fails, no file stays.
///
/// # Errors
/// The reason, with the path of the folder.
pub(crate) fn write_file(
    folder: &Path,
    name: &str,
    encryption: &Encryption,
    make: impl FnOnce(&mut dyn Write) -> Result<Summary, MakeError>,
) -> Result<BackupFile, String> {
    let at = |cause: &dyn Display| format!("{}: {cause}", folder.display());
    if !folder.is_dir() {
        create_folder(folder).map_err(|error| at(&error))?;
    }
    let unfinished = folder.join(format!("{name}{UNFINISHED}"));
    let written = (|| {
        let file = create_private_file(&unfinished).map_err(|error| at(&error))?;
        let mut summed = Summed::new(&file);
        let written = encryption.write(BufWriter::new(&mut summed), |out| make(out));
        let summary = written.map_err(|error| at(&error))?;
        file.sync_all().map_err(|error| at(&error))?;
        let file_bytes = file.metadata().map_err(|error| at(&error))?.len();
        let mut reread = Summed::new(File::open(&unfinished).map_err(|error| at(&error))?);
        if encryption.is_on() {
            // No identity is here to decrypt it again.
            io::copy(&mut reread, &mut io::sink()).map_err(|error| at(&error))?;
        } else {
            read::check(BufReader::new(&mut reread)).map_err(|error| at(&error))?;
        }
        if reread.sum() != summed.sum() {
            return Err(at(&"the file is not what was written"));
        }
        put_in_place(folder, &unfinished, name).map_err(|error| at(&error))?;
        Ok(BackupFile { summary, file_bytes })
    })();
    if written.is_err() {
        // If this fails, the next backup of this name replaces it.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Creates a folder, and makes its name durable.
fn create_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)?;
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    sync_names(above.unwrap_or(Path::new(".")))
}

/// Removes the unfinished files of earlier processes that were killed during a backup. Their names start with
/// `beginning`. Does nothing if the folder does not exist.
///
/// # Errors
/// The error of the file system.
pub(crate) fn remove_unfinished(folder: &Path, beginning: &str) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in folder.read_dir()? {
        let entry = entry?;
        let is_unfinished = |name: &str| name.starts_with(beginning) && name.ends_with(UNFINISHED);
        if entry.file_name().to_str().is_some_and(is_unfinished) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Computes the SHA-256 of all bytes that are written or read.
struct Summed<F> {
    file: F,
    sum: Sha256,
}

impl<F> Summed<F> {
    fn new(file: F) -> Self {
        Self {
            file,
            sum: Sha256::new(),
        }
    }

    fn sum(self) -> [u8; 32] {
        self.sum.finalize().into()
    }
}

impl<F: Write> Write for Summed<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<F: Read> Read for Summed<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.sum.update(&bytes[..read]);
        Ok(read)
    }
}

fn put_in_place(folder: &Path, unfinished: &Path, name: &str) -> io::Result<()> {
    fs::rename(unfinished, folder.join(name))?;
    sync_names(folder)
}
