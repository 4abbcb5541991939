//! The reasons why a store does not open. Each text says what is wrong, at which path, and what to do. Only damage is
//! called damage: an administrator puts back a backup for that, and loses what was written since.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::problem::Problem;
use super::records::Table;
use crate::net::open_files;

/// Free bytes on the disk that the opening of a store needs.
const OPENING_BYTES: usize = 1024 * 1024;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

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
    /// A process that has not locked the data folder has locked the files of the store.
    #[error(
        "another program has locked {}, although no rollcall has locked the data folder: end it (`fuser {}` shows it) and \
         start again; the store is not damaged",
        file.display(),
        file.display()
    )]
    Locked {
        /// The path of the locked file.
        file: PathBuf,
    },
    /// The cluster with the store cannot be used.
    #[error("the store {address} cannot be used: {cause}")]
    Cluster {
        /// The address of the cluster and the name of the store.
        address: String,
        /// The reason, and what to do about it.
        cause: String,
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
    /// The user of this process may not use a file of the data folder that belongs to another user.
    #[error(
        "user {me}, who runs rollcall, may not write {}, which belongs to user {owner} (mode {mode:04o}): run it as user \
         {owner}, or `chown -R {me} {}`; the store is not damaged",
        path.display(),
        folder.display()
    )]
    DeniedByOwner {
        /// The path of the file or folder.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// Its permission bits.
        mode: u32,
        /// The user id of this process.
        me: u32,
        /// The path of the data folder.
        folder: PathBuf,
    },
    /// The user of this process may not create the data folder.
    #[error(
        "user {me}, who runs rollcall, may not create {} in {}, which belongs to user {owner} (mode {mode:04o}): create it for \
         this user (`install -d -m 700 -o {me} {}`), or choose another folder with --data-dir",
        folder.display(),
        path.display(),
        folder.display()
    )]
    DeniedByParent {
        /// The path of the folder above.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// Its permission bits.
        mode: u32,
        /// The user id of this process.
        me: u32,
        /// The path of the data folder.
        folder: PathBuf,
    },
    /// The mode of a file of the data folder does not let its owner use it.
    #[error(
        "user {me}, who runs rollcall, may not write {} of its own (mode {mode:04o}): run `chmod -R u+rwX {}`; the store is \
         not damaged",
        path.display(),
        folder.display()
    )]
    DeniedByMode {
        /// The path of the file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The user id of this process.
        me: u32,
        /// The path of the data folder.
        folder: PathBuf,
    },
    /// The file system is mounted for reading only.
    #[error(
        "the data folder {} is on a file system that is mounted read-only: mount it for writing (`mount -o remount,rw …`; \
         the system also does this after errors of a disk, see `dmesg`), or choose another folder with --data-dir; the \
         store is not damaged",
        folder.display()
    )]
    ReadOnly {
        /// The path of the data folder.
        folder: PathBuf,
    },
    /// The process or the system has no free file descriptor.
    #[error(
        "out of file descriptors while the store in {} was opened ({cause}; the limit of this process is {limit}): raise \
         the limit (`ulimit -n 1024`, or LimitNOFILE= of its unit) and start again; the store is not damaged",
        folder.display()
    )]
    Descriptors {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the operating system.
        cause: String,
        /// The limit of the process; 0 if there is none.
        limit: u64,
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
    /// The disk takes no writes, and there is no space for a copy of the store that could be read instead.
    #[error(
        "{error}. To serve it for reading only, a copy of its {bytes} bytes is needed, and no temporary folder has twice as \
         much free space: set TMPDIR to a folder that has"
    )]
    NoCopy {
        /// The reason why the store cannot be written.
        error: Box<OpenError>,
        /// Bytes of the files of the store.
        bytes: u64,
    },
    /// The disk does not read or write.
    #[error(
        "the disk with the data folder {} fails ({cause}): see `dmesg`, check the disk and its connection, and start again; \
         keep a copy of the folder before any repair",
        folder.display()
    )]
    Device {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the operating system.
        cause: String,
    },
    /// The engine cannot open its files.
    #[error(
        "the store in {} does not open: {cause}; keep a copy of the folder, then put back your last backup",
        folder.display()
    )]
    Unreadable {
        /// The path of the data folder.
        folder: PathBuf,
        /// The error of the engine.
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
    /// A newer version of Rollcall wrote the store.
    #[error(
        "the store in {} was written by {writer}, and this is rollcall {VERSION}: {what}; start the newer rollcall, or put \
         back the backup from before its first start{}",
        folder.display(),
        way_back.as_ref().map(|command| format!(": {command}")).unwrap_or_default()
    )]
    Newer {
        /// The path of the data folder.
        folder: PathBuf,
        /// The program that wrote the store, with its version if it is known.
        writer: String,
        /// The part of the store that this version does not know.
        what: String,
        /// The command that restores the newest backup that this version can read, if the data folder has one.
        way_back: Option<String>,
    },
    /// The store of an older version was not backed up, and is not upgraded.
    #[error(
        "the store in {} is of an older version. It has to be backed up before it is upgraded, and the backup was not \
         written to {cause}. Free at least {bytes} bytes there, or name another folder with --backup-dir, or start once \
         with --upgrade-without-backup; the store is unchanged",
        folder.display()
    )]
    NotBackedUp {
        /// The path of the data folder.
        folder: PathBuf,
        /// The path of the folder for the backup, and the reason.
        cause: String,
        /// Bytes of all records, which the backup does not exceed by much.
        bytes: u64,
    },
    /// The operating system cannot start another thread.
    #[error("the store's thread cannot be started: {0}")]
    Thread(io::Error),
    /// The binary was linked such that the flush of its engine does not reach the disk.
    #[error("this build of rollcall cannot make data durable: its sync_file_range is not the replacement it needs")]
    NotDurable,
}

impl OpenError {
    /// Returns the error for a system error about a data folder.
    pub(super) fn of_folder(folder: &Path, cause: io::Error) -> Self {
        Self::of_system(folder, &cause.to_string()).unwrap_or_else(|| Self::Folder {
            folder: folder.to_owned(),
            cause,
        })
    }

    /// Returns the error for a text with the number of a system error that is not damage.
    pub(super) fn of_system(folder: &Path, cause: &str) -> Option<Self> {
        let (owned, text) = (folder.to_owned(), cause.to_owned());
        match errno_in(cause)? {
            Errno::NOSPC | Errno::DQUOT => Some(Self::Full {
                folder: owned,
                cause: text,
            }),
            Errno::ROFS => Some(Self::ReadOnly { folder: owned }),
            Errno::MFILE | Errno::NFILE => Some(Self::Descriptors {
                folder: owned,
                cause: text,
                limit: open_files::limit().unwrap_or_default(),
            }),
            Errno::IO => Some(Self::Device {
                folder: owned,
                cause: text,
            }),
            Errno::ACCESS | Errno::PERM => Self::denied(folder),
            _ => None,
        }
    }

    /// Returns the error that names the first file of a data folder that this process may not use.
    fn denied(folder: &Path) -> Option<Self> {
        let path = find_denied(folder)?;
        let found = fs::metadata(&path).ok()?;
        let me = rustix::process::geteuid().as_raw();
        let (owner, mode, folder) = (found.uid(), found.mode() & 0o7777, folder.to_owned());
        Some(if !path.starts_with(&folder) {
            Self::DeniedByParent {
                path,
                owner,
                mode,
                me,
                folder,
            }
        } else if owner == me {
            Self::DeniedByMode { path, mode, me, folder }
        } else {
            Self::DeniedByOwner {
                path,
                owner,
                mode,
                me,
                folder,
            }
        })
    }

    /// Returns the error for a table that this version does not know. `writer` is the version that used the store last.
    pub(super) fn newer_table(folder: &Path, writer: Option<String>, table: &str) -> Self {
        Self::newer(
            folder,
            writer,
            format!("it has a table {table:?}, which this version does not know"),
        )
    }

    /// Returns the error for a record of a version that is newer than the newest known one.
    pub(super) fn newer_record(folder: &Path, writer: Option<String>, (table, found, known): (Table, u8, u8)) -> Self {
        let what =
            format!("its table {table} has records of version {found}, and this version knows them up to {known}");
        Self::newer(folder, writer, what)
    }

    fn newer(folder: &Path, writer: Option<String>, what: String) -> Self {
        Self::Newer {
            folder: folder.to_owned(),
            writer: writer.map_or_else(
                || "a newer rollcall".to_owned(),
                |version| format!("rollcall {version}"),
            ),
            what,
            way_back: None,
        }
    }
}

/// Returns the number of the system error in a text. sled wraps system errors into texts and panics, so only the text is left.
pub(super) fn errno_in(cause: &str) -> Option<Errno> {
    let after = |mark: &str| {
        let digits = cause.split_once(mark)?.1;
        let end = digits.find(|next: char| !next.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().ok()
    };
    let code: i32 = after("(os error ").or_else(|| after("code: "))?;
    Some(Errno::from_raw_os_error(code))
}

/// Returns the first path of a data folder that this process may not read and write. If the folder does not exist, looks at
/// the folder in which it would be created.
fn find_denied(folder: &Path) -> Option<PathBuf> {
    let existing = folder.ancestors().find(|path| match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    });
    let existing = existing.unwrap_or(Path::new("."));
    find_denied_below(existing, existing == folder)
}

fn find_denied_below(path: &Path, with_entries: bool) -> Option<PathBuf> {
    let found = fs::symlink_metadata(path).ok()?;
    if found.is_symlink() {
        return None;
    }
    let wanted = Access::READ_OK | Access::WRITE_OK;
    let wanted = if found.is_dir() {
        wanted | Access::EXEC_OK
    } else {
        wanted
    };
    if access(path, wanted).is_err() {
        return Some(path.to_owned());
    }
    if !found.is_dir() || !with_entries {
        return None;
    }
    let mut entries = path.read_dir().ok()?.flatten();
    entries.find_map(|entry| find_denied_below(&entry.path(), true))
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default()
}
