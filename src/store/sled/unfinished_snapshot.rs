//! Half-written files `snap.….generating` of sled.
//!
//! sled reads such a file as the newest snapshot and then fails (sled issues 1166, 1509, 1527, 1533). Its content is also
//! in the log and the last complete snapshot.

use std::fs;
use std::io;
use std::path::Path;

/// Removes these files from the folder of a store.
///
/// # Errors
/// The error of the file system.
pub(super) fn remove_all(store: &Path) -> io::Result<()> {
    for entry in store.read_dir()? {
        let path = entry?.path();
        if matches(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Returns whether a file of sled is a half-written snapshot.
pub(super) fn matches(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "generating")
}
