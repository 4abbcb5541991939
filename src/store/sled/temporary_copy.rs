//! A copy of a store's files in a temporary folder, for a store that can only be read.
//!
//! sled opens its file only for writing, and writes to it while it opens. So on a disk that takes no writes, the store
//! can only be read from a copy.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::unfinished_snapshot;
use crate::store::room::Space;

/// The part of the free space of a temporary folder that a copy may take. The folder may be in memory.
const SPACE_PART: u64 = 2;

/// A folder that is removed when the value is dropped.
#[derive(Debug)]
pub(super) struct TemporaryCopy(PathBuf);

impl TemporaryCopy {
    /// Returns the path of the folder.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryCopy {
    fn drop(&mut self) {
        // What cannot be removed is in a private folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies the files of a store to the first temporary folder with twice as many free bytes; `None` if there is none.
///
/// # Errors
/// The error of the file system.
pub(super) fn make(store: &Path, bytes: u64) -> io::Result<Option<TemporaryCopy>> {
    let places = [
        env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from),
        Some(env::temp_dir()),
        Some(PathBuf::from("/dev/shm")),
    ];
    for place in places.into_iter().flatten() {
        if has_space(&place, bytes) {
            match copy(store, &place) {
                Ok(made) => return Ok(Some(made)),
                // The next place may take it.
                Err(error) if is_refused(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}

fn is_refused(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(
        error.kind(),
        PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull
    )
}

fn has_space(place: &Path, bytes: u64) -> bool {
    let Ok(space) = Space::of(place) else {
        return false;
    };
    !space.is_read_only && space.free_bytes.is_some_and(|free| free / SPACE_PART >= bytes)
}

fn copy(store: &Path, place: &Path) -> io::Result<TemporaryCopy> {
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(io::Error::other)?;
    let name = format!("rollcall-copy-{:016x}", u64::from_be_bytes(number));
    let made = TemporaryCopy(place.join(name));
    fs::DirBuilder::new().mode(0o700).create(made.path())?;
    copy_files(store, made.path())?;
    Ok(made)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in from.read_dir()? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::DirBuilder::new().mode(0o700).create(&target)?;
            copy_files(&entry.path(), &target)?;
        } else if !unfinished_snapshot::matches(&entry.path()) {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_files_and_is_removed_and_needs_twice_its_space() {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(home.path().join("blobs")).expect("a folder");
        for name in ["db", "snap.1", "snap.2.generating", "blobs/1"] {
            fs::write(home.path().join(name), name).expect("a file");
        }
        let copy = make(home.path(), 100).expect("a disk").expect("space");
        let path = copy.path().to_owned();
        for (name, is_copied) in [
            ("db", true),
            ("snap.1", true),
            ("snap.2.generating", false),
            ("blobs/1", true),
        ] {
            let text = fs::read_to_string(path.join(name)).ok();
            assert_eq!(text, is_copied.then(|| name.to_owned()));
        }
        drop(copy);
        assert!(!path.exists());
        assert!(make(home.path(), u64::MAX / 2).expect("a disk").is_none());
    }
}
