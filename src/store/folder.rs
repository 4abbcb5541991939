//! The data folder: the names of its files, and the lock that allows only one process to use it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use super::open_error::{OpenError, errno_in};
use super::room::DiskRefusal;
use crate::domain::Timestamp;

/// The folder of the engine's files.
const STORE: &str = "store";

/// The folder of a new store until all of it is durable.
const BEGINNING: &str = "store.beginning";

/// The folder of a compacted store while it is being written.
const COMPACTING: &str = "store.compacting";

/// The folder of a compacted store that is durable and not yet in its place.
const COMPACTED: &str = "store.compacted";

/// The folder of an old store that a compacted one replaces.
const REPLACED: &str = "store.replaced";

/// The file with the version of the program that opened the store last.
const VERSION: &str = "version";

/// The folder of a restored store while it is being written.
const RESTORING: &str = "store.restoring";

/// The folder of a restored store that is durable and not yet in its place.
const RESTORED: &str = "store.restored";

/// The name of the file with the key that encrypts secrets, unless a setting names another file.
pub(crate) const SECRET_KEY: &str = "secret.key";

/// The file with the key of a backup until the restored store is in its place.
const RESTORED_KEY: &str = "secret.key.restored";

/// The file with the number of the last durable commit.
pub(super) const WITNESS: &str = "last-commit";

/// The file that reserves space on the disk.
const RESERVE: &str = "reserve";

/// The longest time that an opening waits for the lock. A server that is ending holds it for a moment, and so does a child
/// process until it runs its own program.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause between two attempts to take a lock.
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A data folder, locked by this process until the value is dropped.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Locks the folder for this process, and creates it if it does not exist.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another process holds it for more than a second, [`OpenError::Exposed`] or
    /// [`OpenError::Foreign`] if others can write to it, [`OpenError::Folder`] if it cannot be used.
    pub(super) fn hold(path: &Path) -> Result<Self, OpenError> {
        let unusable = |cause| OpenError::of_folder(path, cause);
        create_private(path).map_err(unusable)?;
        refuse_exposed(path)?;
        let file = open_lock(path).map_err(unusable)?;
        match lock_within(&file, LOCK_TIMEOUT) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    folder: path.to_owned(),
                    holder: holder(path),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
        }
        // The id of the process is only for messages, and a store is also served from a disk that refuses to write it.
        if let Err(cause) = sign(path)
            && errno_in(&cause.to_string()).and_then(DiskRefusal::by).is_none()
        {
            return Err(unusable(cause));
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: file,
        })
    }

    /// Returns the path of the file that reserves space.
    pub(super) fn reserve(&self) -> PathBuf {
        self.path.join(RESERVE)
    }

    /// Returns the folder that has the whole store, under the name that an interrupted compaction left it; `None` if
    /// there is none.
    pub(super) fn present_store(&self) -> Option<PathBuf> {
        let names = [self.store(), self.compacted(), self.replaced()];
        names.into_iter().find(|path| path.is_dir())
    }

    /// Returns the path of the file with the number of the last durable commit.
    pub(super) fn witness(&self) -> PathBuf {
        self.path.join(WITNESS)
    }

    /// Returns the folder of the engine's files.
    pub(super) fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Returns the folder of a new store until all of it is durable.
    pub(super) fn beginning(&self) -> PathBuf {
        self.path.join(BEGINNING)
    }

    /// Returns the data folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder in which a compacted store is written.
    pub(super) fn compacting(&self) -> PathBuf {
        self.path.join(COMPACTING)
    }

    /// Returns the folder of a compacted store once all of it is durable.
    pub(super) fn compacted(&self) -> PathBuf {
        self.path.join(COMPACTED)
    }

    /// Returns the folder in which a restored store is written.
    pub(super) fn restoring(&self) -> PathBuf {
        self.path.join(RESTORING)
    }

    /// Returns the folder of a restored store once all of it is durable.
    pub(super) fn restored(&self) -> PathBuf {
        self.path.join(RESTORED)
    }

    /// Returns the file with the key that encrypts secrets.
    pub(super) fn key(&self) -> PathBuf {
        self.path.join(SECRET_KEY)
    }

    /// Returns the file with the key of a backup, until the restored store is in its place.
    pub(super) fn restored_key(&self) -> PathBuf {
        self.path.join(RESTORED_KEY)
    }

    /// Returns a path in the data folder that does not exist, for what is put aside: the name, the time, and a number if
    /// that path exists.
    pub(super) fn aside(&self, name: &str, now: Timestamp) -> PathBuf {
        let time = now.file_name();
        let path = |number: u32| match number {
            1 => self.path.join(format!("{name}.before-{time}")),
            _ => self.path.join(format!("{name}.before-{time}-{number}")),
        };
        let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
        (1..u32::MAX).map(path).find(is_free).unwrap_or_else(|| path(1))
    }

    /// Returns the folder of the old store that a compacted one replaces, until it is removed.
    pub(super) fn replaced(&self) -> PathBuf {
        self.path.join(REPLACED)
    }
}

/// Opens the lock file of a data folder. If it does not exist and the file system is mounted read-only, opens the
/// folder itself.
fn open_lock(folder: &Path) -> io::Result<File> {
    let path = lock_file(folder);
    match open_private(&path) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            File::open(&path).or_else(|_| File::open(folder))
        }
        opened => opened,
    }
}

/// Writes the id of this process into the lock file.
fn sign(folder: &Path) -> io::Result<()> {
    let mut file = open_private(&lock_file(folder))?;
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

/// Locks a file, and tries again for this time while another process or thread holds the lock.
///
/// # Errors
/// `WouldBlock` if the lock is still held then, or the error of the file system.
pub(super) fn lock_within(file: &File, patience: Duration) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => thread::sleep(LOCK_PAUSE),
            outcome => return outcome,
        }
    }
}

/// The permission bits that let others than the owner write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The user id of the superuser.
const ROOT: u32 = 0;

/// Refuses a data folder that others can write to: they could replace the store, the lock file and the administration
/// socket. Accepts a folder that does not exist yet.
///
/// # Errors
/// [`OpenError::Exposed`], [`OpenError::Foreign`]; [`OpenError::Folder`] if its metadata cannot be read.
pub(crate) fn refuse_exposed(folder: &Path) -> Result<(), OpenError> {
    let me = rustix::process::geteuid().as_raw();
    for path in [folder.to_owned(), folder.join(STORE)] {
        let found = match fs::metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(OpenError::of_folder(folder, cause)),
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
        // A container often runs as root on a folder of another user. That user is trusted there.
        warn!(path = %path.display(), owner, "the data folder belongs to another user, who may replace what is in it");
    }
    Ok(())
}

/// Writes the version of this program into a data folder whose store it can read. An older version names it if it cannot
/// read the store afterwards.
pub(super) fn note_version(folder: &Path) {
    let version = env!("CARGO_PKG_VERSION");
    if written_by(folder).as_deref() == Some(version) {
        return;
    }
    if let Err(error) = write_private(&folder.join(VERSION), version.as_bytes()) {
        if error.kind() == io::ErrorKind::ReadOnlyFilesystem {
            return;
        }
        warn!(%error, "the data folder does not say which version of rollcall used it last");
    }
}

/// Returns the version of the program that opened the store last, if it is known.
pub(super) fn written_by(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join(VERSION)).ok()?;
    Some(text.trim().to_owned()).filter(|version| !version.is_empty())
}

/// Opens a file of the data folder for reading and writing, and creates it if it does not exist. Refuses a symbolic
/// link.
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

/// Returns the id of the process that has locked a data folder, or that did so last; empty if it cannot be read.
#[must_use]
pub(crate) fn holder(folder: &Path) -> String {
    let text = fs::read_to_string(lock_file(folder)).unwrap_or_default();
    text.trim().to_owned()
}

/// Writes a file of the data folder that only its owner may read. Refuses a symbolic link.
///
/// # Errors
/// The error of the file system.
pub fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = open_private(path)?;
    file.set_len(0)?;
    file.write_all(text)
}

/// Creates a file that only its owner may read. Replaces an old file of this name.
///
/// # Errors
/// The error of the operating system.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Returns the path of the administration socket in a data folder, where it is unless a setting names another path.
#[must_use]
pub(crate) fn socket_path(folder: &Path) -> PathBuf {
    folder.join("admin.sock")
}

/// Returns whether this data folder has a store. A kill during a compaction or a restoration may leave it under another
/// name, which the next opening corrects.
#[must_use]
pub(crate) fn is_begun(folder: &Path) -> bool {
    [STORE, COMPACTED, REPLACED, RESTORED]
        .iter()
        .any(|name| folder.join(name).is_dir())
}

fn lock_file(folder: &Path) -> PathBuf {
    folder.join("rollcall.lock")
}

/// Creates a folder with mode 0700, and its parents. Does not change a folder that exists.
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
