//! Files of backups, which get their names only when all of their content is checked and durable.

use std::fmt::Display;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{MakeError, Summary, read};
use crate::store::folder::create_private_file;

/// The ending of the name of a file that is not whole yet.
pub const UNFINISHED: &str = ".unfinished";

/// A backup in a file.
#[derive(Debug)]
pub struct BackupFile {
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
pub fn write_file(
    folder: &Path,
    name: &str,
    make: impl FnOnce(&mut dyn Write) -> Result<Summary, MakeError>,
) -> Result<BackupFile, String> {
    let at = |cause: &dyn Display| format!("{}: {cause}", folder.display());
    if !folder.is_dir() {
        let created = DirBuilder::new().mode(0o700).create(folder);
        created.map_err(|error| at(&error))?;
    }
    let unfinished = folder.join(format!("{name}{UNFINISHED}"));
    let written = (|| {
        let file = create_private_file(&unfinished).map_err(|error| at(&error))?;
        let summary = make(&mut BufWriter::new(&file)).map_err(|error| at(&error))?;
        file.sync_all().map_err(|error| at(&error))?;
        let file_bytes = file.metadata().map_err(|error| at(&error))?.len();
        let reread = File::open(&unfinished).map_err(|error| at(&error))?;
        let checked = read::check(BufReader::new(reread)).map_err(|error| at(&error))?;
        if checked != summary {
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

fn put_in_place(folder: &Path, unfinished: &Path, name: &str) -> io::Result<()> {
    fs::rename(unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}
