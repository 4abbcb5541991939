//! The data folder: what lies where, and that only one process uses it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tracing::warn;

use super::OpenError;

/// The name of the folder of sled's files.
const STORE: &str = "store";

/// The name of the folder of a store that is not durable yet.
const BEGINNING: &str = "store.beginning";

/// The name of the folder of a compacted store that is not whole yet.
const COMPACTING: &str = "store.compacting";

/// The name of the folder of a compacted store that is whole and durable, and not yet in its place.
const COMPACTED: &str = "store.compacted";

/// The name of the folder of a store whose place a compacted one takes.
const REPLACED: &str = "store.replaced";

/// The name of the file that saw the last commit.
pub(super) const WITNESS: &str = "last-commit";

/// A data folder that this process holds until the value is dropped.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Takes the folder for this process, making it where it is absent.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process holds it, [`OpenError::Folder`] when it cannot be
    /// used.
    pub(super) fn hold(path: &Path) -> Result<Self, OpenError> {
        let unusable = |cause| OpenError::Folder {
            folder: path.to_owned(),
            cause,
        };
        create_private(path).map_err(unusable)?;
        refuse_exposed(path)?;
        let mut file = open_private(&lock_file(path)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only names the holder in a message: unreadable is as good as unknown.
                let _ = file.read_to_string(&mut holder);
                return Err(OpenError::InUse {
                    folder: path.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(unusable)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: file,
        })
    }

    /// The file that saw the last commit.
    pub(super) fn witness(&self) -> PathBuf {
        self.path.join(WITNESS)
    }

    /// Where sled's files are.
    pub(super) fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Where sled's files are until all of a new store is durable.
    pub(super) fn beginning(&self) -> PathBuf {
        self.path.join(BEGINNING)
    }

    /// The data folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a compacted store is written.
    pub(super) fn compacting(&self) -> PathBuf {
        self.path.join(COMPACTING)
    }

    /// Where a compacted store is when all of it is durable.
    pub(super) fn compacted(&self) -> PathBuf {
        self.path.join(COMPACTED)
    }

    /// Where the store is that a compacted one replaces, until it is removed.
    pub(super) fn replaced(&self) -> PathBuf {
        self.path.join(REPLACED)
    }
}

/// Permissions of a folder or file that let others than its owner write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The user id of the superuser.
const ROOT: u32 = 0;

/// Refuses a data folder that others may write to: they could replace the store, the lock file and the
/// administration socket. A folder that does not exist yet is not refused.
///
/// # Errors
/// [`OpenError::Exposed`], [`OpenError::Foreign`]; [`OpenError::Folder`] when it cannot be looked at.
pub fn refuse_exposed(folder: &Path) -> Result<(), OpenError> {
    let me = rustix::process::geteuid().as_raw();
    for path in [folder.to_owned(), folder.join(STORE)] {
        let found = match fs::metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(OpenError::Folder { folder: path, cause }),
        };
        let (mode, owner) = (found.mode() & 0o7777, found.uid());
        if found.is_dir() && mode & WRITABLE_BY_OTHERS != 0 {
            return Err(OpenError::Exposed { path, mode });
        }
        if owner == me || owner == ROOT {
            continue;
        }
        if me != ROOT {
            return Err(OpenError::Foreign { path, owner, me });
        }
        // A container often runs as root on a folder of another user's: that user is trusted there.
        warn!(path = %path.display(), owner, "the data folder belongs to another user, who may replace what is in it");
    }
    Ok(())
}

/// Opens a file of the data folder for reading and writing, and creates it where it is absent. A
/// symbolic link in its place is not followed.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path);
    opened.map_err(|cause| match cause.raw_os_error() {
        Some(libc::ELOOP) => io::Error::other(format!("{} is a symbolic link: remove it", path.display())),
        _ => cause,
    })
}

/// Where a server on this data folder has its administration socket.
#[must_use]
pub fn socket_path(folder: &Path) -> PathBuf {
    folder.join("admin.sock")
}

/// Whether there is a store in this data folder. A kill during a compaction may leave it under another name;
/// opening the store gives it its own name back.
#[must_use]
pub fn is_begun(folder: &Path) -> bool {
    [STORE, COMPACTED, REPLACED]
        .iter()
        .any(|name| folder.join(name).is_dir())
}

fn lock_file(folder: &Path) -> PathBuf {
    folder.join("rollcall.lock")
}

/// Makes a folder that only its owner can enter; one that exists is left as it is.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    if fs::metadata(path)?.is_dir() {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::NotADirectory))
    }
}

/// Bytes of all files in a folder and below it.
pub(super) fn file_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in folder.read_dir()? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(found) if found.is_dir() => file_bytes(&entry.path())?,
            Ok(found) => found.len(),
            // sled removes old snapshots at any time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_folder_names_its_holder_to_the_next_one() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let first = DataFolder::hold(home.path()).expect("the folder is free");
        let second = DataFolder::hold(home.path()).expect_err("the folder is held");
        let holder = std::process::id().to_string();
        assert!(
            matches!(&second, OpenError::InUse { holder: named, .. } if *named == holder),
            "{second}"
        );
        drop(first);
        DataFolder::hold(home.path()).expect("the folder is free again");
    }
}
