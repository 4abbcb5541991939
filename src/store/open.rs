//! Opens sled's files so that they open after every crash, and explains errors.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::commits::Witness;
use super::contain::contain;
use super::folder::{self, DataFolder};
use super::table::Trees;
use super::verify::Findings;
use super::{Problem, durability, swap, verify};

/// The size of sled's page cache, in bytes. Reads use the snapshot, so the cache only serves the writer.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Free bytes on the disk that sled needs to open a store.
const OPENING_BYTES: usize = 1024 * 1024;

/// The maximum time that sled's own threads may hold its lock after a store was closed.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);

/// The reason why a store does not open. Each text names the next step.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the data folder.
    #[error(
        "the data folder {} is in use by another process ({holder}): stop it, or choose another folder with --data-dir",
        folder.display()
    )]
    InUse {
        /// The path of the data folder.
        folder: PathBuf,
        /// The process id of the other process.
        holder: String,
    },
    /// The data folder cannot be created, read or written.
    #[error("the data folder {} cannot be used: {cause}; check that it is a folder you may write", folder.display())]
    Folder {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// Other users than the owner can write to the data folder.
    #[error(
        "others may write to {} (mode {mode:04o}) and so replace the store: run `chmod go-w {}`, or choose a folder of its \
         own below it with --data-dir",
        path.display(),
        path.display()
    )]
    Exposed {
        /// The path of the folder with the wrong permissions.
        path: PathBuf,
        /// The permission bits of the folder.
        mode: u32,
    },
    /// The data folder belongs to another user.
    #[error(
        "{} belongs to user {owner}, who may replace the store, and not to user {me}, who runs rollcall: run it as user \
         {owner}, or `chown -R {me} {}`",
        path.display(),
        path.display()
    )]
    Foreign {
        /// The path of the folder of the other user.
        path: PathBuf,
        /// The user id of the folder's owner.
        owner: u32,
        /// The user id of this process.
        me: u32,
    },
    /// The disk has no space for the few files that opening a store writes.
    #[error(
        "the disk with the data folder {} is full ({cause}): free at least {OPENING_BYTES} bytes there and start again; \
         the store is not damaged",
        folder.display()
    )]
    Full {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the operating system.
        cause: String,
    },
    /// sled cannot open its files.
    #[error(
        "the store in {} does not open: {cause}; keep a copy of the folder, then put back your last backup",
        folder.display()
    )]
    Unreadable {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of sled.
        cause: String,
    },
    /// Records or index entries are damaged.
    #[error(
        "the store in {} is damaged in {} places ({}); keep a copy of the folder, then put back your last backup; \
         `rollcall check` lists all of them",
        folder.display(),
        problems.len(),
        first(problems)
    )]
    Damaged {
        /// The path of the data folder.
        folder: PathBuf,
        /// The problems that were found, at least one.
        problems: Vec<Problem>,
    },
    /// A newer version of Rollcall wrote tables that this version does not know.
    #[error("the store in {} has a table {table:?} that this version does not know: use the newer rollcall", folder.display())]
    Newer {
        /// The path of the data folder.
        folder: PathBuf,
        /// The name of the unknown table.
        table: String,
    },
    /// The operating system cannot start another thread.
    #[error("the store's thread cannot be started: {0}")]
    Thread(io::Error),
    /// The binary was linked such that sled's flush does not reach the disk.
    #[error("this build of rollcall cannot make data durable: its sync_file_range is not the replacement it needs")]
    NotDurable,
}

impl OpenError {
    /// Returns the error for a system error about a data folder.
    pub(super) fn of_folder(folder: &Path, cause: io::Error) -> Self {
        let folder = folder.to_owned();
        if is_full(&cause.to_string()) {
            let cause = cause.to_string();
            return Self::Full { folder, cause };
        }
        Self::Folder { folder, cause }
    }

    fn of_sled(folder: &Path, error: &sled::Error) -> Self {
        let (folder, cause) = (folder.to_owned(), error.to_string());
        if is_full(&cause) {
            return Self::Full { folder, cause };
        }
        Self::Unreadable { folder, cause }
    }
}

/// Returns whether an error means that the disk, or the user's quota, is full. sled wraps system errors into texts
/// and panics.
fn is_full(cause: &str) -> bool {
    [Errno::NOSPC, Errno::DQUOT].iter().any(|errno| {
        let code = errno.raw_os_error();
        cause.contains(&format!("(os error {code})")) || cause.contains(&format!("code: {code},"))
    })
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default()
}

/// An open sled store. The fields are dropped in this order, so that the folder is released last.
pub(super) struct Engine {
    pub(super) trees: Arc<Trees>,
    pub(super) db: sled::Db,
    pub(super) witness: Arc<Witness>,
    folder: DataFolder,
}

impl Engine {
    /// Locks the data folder, opens sled in it, and makes durable all that sled wrote meanwhile.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        if !durability::flush_is_durable() {
            return Err(OpenError::NotDurable);
        }
        let folder = DataFolder::hold(path)?;
        let unusable = |cause: io::Error| OpenError::of_folder(path, cause);
        let unreadable = |error: sled::Error| OpenError::of_sled(path, &error);
        swap::settle(&folder).map_err(unusable)?;
        if !folder.store().is_dir() {
            // sled syncs neither its `conf` nor any name: a new store that a crash interrupts could never be opened
            // again. So it is created in another folder, and renamed when all of it is durable.
            clear(&folder.beginning()).map_err(unusable)?;
            open_sled(&folder.beginning()).map_err(unreadable)?;
            durability::sync_folder(&folder.beginning()).map_err(unusable)?;
            fs::rename(folder.beginning(), folder.store()).map_err(unusable)?;
        }
        remove_unfinished_snapshots(&folder.store()).map_err(unusable)?;
        let (db, trees) = open_sled(&folder.store()).map_err(unreadable)?;
        if let Some(table) = Trees::unknown(&db) {
            return Err(OpenError::Newer {
                folder: path.to_owned(),
                table,
            });
        }
        let witness = Witness::open(&folder.witness()).map_err(unusable)?;
        witness.sync().map_err(unusable)?;
        sync(path, &folder.store()).map_err(unusable)?;
        Ok(Self {
            trees: Arc::new(trees),
            db,
            witness: Arc::new(witness),
            folder,
        })
    }

    /// Verifies the whole store. Returns a snapshot, all problems, and the edits that upgrade old records.
    pub(super) fn verify(&self) -> Findings<'_> {
        let mut found = verify::verify(&self.trees);
        let counted = found.snapshot.commits.count;
        let lost = self.witness.seen().and_then(|seen| Witness::question(seen, counted));
        found.problems.extend(lost);
        found
    }

    /// Returns the bytes of sled's files.
    pub(super) fn file_bytes(&self) -> io::Result<u64> {
        folder::file_bytes(&self.folder.store())
    }

    /// Returns the locked data folder.
    pub(super) const fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Closes sled, and returns the folder, which stays locked.
    pub(super) fn into_folder(self) -> io::Result<DataFolder> {
        let Self {
            trees,
            db,
            witness,
            folder,
        } = self;
        drop((trees, db, witness));
        wait_until_closed(&folder.store())?;
        Ok(folder)
    }
}

/// Creates an empty folder in place of one that an earlier attempt may have left.
pub(super) fn clear(beginning: &Path) -> io::Result<()> {
    match fs::remove_dir_all(beginning) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => folder::create_private(beginning),
    }
}

/// Waits until sled's own threads have closed the files, which takes a moment after the last handle is dropped.
///
/// # Errors
/// The error of the file system; `TimedOut` after five seconds.
pub(super) fn wait_until_closed(store: &Path) -> io::Result<()> {
    let file = fs::File::open(store.join("db"))?;
    folder::lock_within(&file, CLOSING_PATIENCE).map_err(|error| match error {
        fs::TryLockError::WouldBlock => io::ErrorKind::TimedOut.into(),
        fs::TryLockError::Error(cause) => cause,
    })
}

pub(super) fn open_sled(store: &Path) -> sled::Result<(sled::Db, Trees)> {
    contain(|| try_open_sled(store)).unwrap_or_else(|panic| Err(sled::Error::ReportableBug(panic)))
}

fn try_open_sled(store: &Path) -> sled::Result<(sled::Db, Trees)> {
    let config = sled::Config::new()
        .path(store)
        .cache_capacity(CACHE_BYTES)
        // The writer flushes after every batch, so sled's own flushing would only repeat that.
        .flush_every_ms(None);
    let begun = Instant::now();
    let db = loop {
        match config.open() {
            // The folder is locked by this process. So the lock on the files is held by sled's own threads of an
            // earlier opening in this process, which release it a moment after the last handle is dropped.
            Err(sled::Error::Io(error)) if is_locked(&error) && begun.elapsed() < CLOSING_PATIENCE => {
                thread::sleep(folder::LOCK_PAUSE);
            }
            outcome => break outcome?,
        }
    };
    let trees = Trees::open(&db)?;
    db.flush()?;
    Ok((db, trees))
}

/// Returns whether an error means that sled's lock is held. sled wraps the system's error, so only the text is left.
fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Makes the files durable, then the names of the folders above them.
fn sync(path: &Path, store: &Path) -> io::Result<()> {
    durability::sync_folder(store)?;
    for folder in path.canonicalize()?.ancestors() {
        match fs::File::open(folder).and_then(|folder| folder.sync_all()) {
            // A parent folder that this user cannot open, or that is on a file system without syncs of folders,
            // existed before and need not be synced.
            Err(error) if folder != path && is_not_ours(&error) => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

fn is_not_ours(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
    )
}

/// Removes half-written files `snap.….generating`. sled reads such a file as the newest snapshot and then fails (sled
/// issues 1166, 1509, 1527, 1533). Its content is also in the log and the last complete snapshot.
fn remove_unfinished_snapshots(store: &Path) -> io::Result<()> {
    for entry in store.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_called_a_damaged_store() {
        let folder = Path::new("data");
        let full = || io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error());
        let wrapped = sled::Error::Io(io::Error::other(format!("cannot write the log: {}", full())));
        for error in [
            OpenError::of_folder(folder, full()),
            OpenError::of_sled(folder, &sled::Error::Io(full())),
            OpenError::of_sled(folder, &wrapped),
        ] {
            assert!(matches!(error, OpenError::Full { .. }), "{error}");
            assert!(error.to_string().contains("the store is not damaged"), "{error}");
        }
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(OpenError::of_folder(folder, other), OpenError::Folder { .. }));
    }
}
