//! Makes files and their names durable.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes a folder's files and their names durable.
///
/// # Errors
/// The file system's error.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

/// Makes the names in a folder durable, after a rename or a removal.
///
/// # Errors
/// The file system's error.
pub(super) fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
