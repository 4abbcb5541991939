//! The file with the key that encrypts secrets: `secret.key` in the data folder, or another file from a setting.
//!
//! The file contains 64 hexadecimal digits, and only its owner may read it. The server creates the file in the data
//! folder once and never overwrites it. A file from a setting must already exist.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::seal::{KEY_BYTES, SecretKey};
use crate::store::{SECRET_KEY, create_private_file};

/// The name of a new key file before it is durable.
const BEGINNING: &str = "secret.key.beginning";

/// The mode bits that give access to others than the owner.
const MODE_OF_OTHERS: u32 = 0o077;

/// The maximum size of a key file in bytes: the digits, with white space around them.
const MAX_FILE_BYTES: u64 = 256;

/// The reason why the key can't be used. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file from a setting does not exist.
    #[error(
        "the key file {} does not exist: put it back, or make one by `(umask 077; openssl rand -hex 32 > {})`",
        .0.display(),
        .0.display()
    )]
    NotThere(PathBuf),
    /// The key file can't be read or created.
    #[error(
        "the key file {} cannot be used: {cause}; check that it belongs to the user who runs rollcall, has the mode 600, \
         and that its disk is not full",
        path.display()
    )]
    File {
        /// The path of the key file.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// Others than the owner may access the key file.
    #[error("the key file {} may be used by others (mode {mode:03o}): run `chmod 600 {}`", path.display(), path.display())]
    OpenToOthers {
        /// The path of the key file.
        path: PathBuf,
        /// The mode of the file.
        mode: u32,
    },
    /// Other servers share the store, and this one would make a key of its own.
    #[error(
        "the key file {} does not exist, and other servers share the store: copy secret.key from the data folder of one of \
         them, or name it with --secret-key-file",
        .0.display()
    )]
    Unshared(PathBuf),
    /// The file does not contain a key.
    #[error(
        "the key file {} has no key in it, which would be 64 hexadecimal digits: put the right file back",
        .0.display()
    )]
    Malformed(PathBuf),
    /// The key file in the data folder is missing, and the store has secrets that need it.
    #[error(
        "the key file {} is missing, and the second factors of {users} are sealed with it: put it back, or switch \
         these second factors off by `rollcall user reset-totp USER`",
        path.display()
    )]
    Missing {
        /// The path of the key file.
        path: PathBuf,
        /// The names of the users whose secrets need the key.
        users: String,
    },
    /// The key file contains another key than the one that encrypted the secrets in the store.
    #[error(
        "the key file {} has another key than the one that sealed the second factors of {users}: put the right file \
         back, or switch these second factors off by `rollcall user reset-totp USER`",
        path.display()
    )]
    Wrong {
        /// The path of the key file.
        path: PathBuf,
        /// The names of the users whose secrets need the other key.
        users: String,
    },
}

/// Returns the path of the key file: the one from a setting, or the one in the data folder.
#[must_use]
pub(crate) fn place(folder: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| folder.join(SECRET_KEY), Path::to_owned)
}

/// Reads the key. Returns `None` if the data folder has no key file yet.
///
/// # Errors
/// [`KeyError`] if the file can't be read, is accessible to others or contains no key, and if a file from a setting
/// does not exist.
pub(crate) fn read(folder: &Path, named: Option<&Path>) -> Result<Option<SecretKey>, KeyError> {
    let path = place(folder, named);
    let mut options = OpenOptions::new();
    options.read(true);
    if named.is_none() {
        options.custom_flags(libc::O_NOFOLLOW);
    }
    let failed = |cause| KeyError::File {
        path: path.clone(),
        cause,
    };
    let file = match options.open(&path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return named.map_or(Ok(None), |_| Err(KeyError::NotThere(path)));
        }
        opened => opened.map_err(failed)?,
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & MODE_OF_OTHERS != 0 {
        return Err(KeyError::OpenToOthers { path, mode });
    }
    let mut text = String::new();
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
    let key = parse(text.trim()).ok_or(KeyError::Malformed(path))?;
    Ok(Some(SecretKey::new(key)))
}

fn parse(digits: &str) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(digits, &mut key).ok().map(|()| key)
}

/// Creates a key and its file in a data folder that this process has locked. The file is renamed to its final name
/// after it is durable, so that after a power cut either the whole file or no file exists.
///
/// # Errors
/// [`KeyError::File`], also if the file already exists.
pub(crate) fn create(folder: &Path) -> Result<SecretKey, KeyError> {
    let path = folder.join(SECRET_KEY);
    let key = SecretKey::generate();
    write(folder, &path, &key).map_err(|cause| KeyError::File { path, cause })?;
    Ok(key)
}

/// Returns the digits of a key, as they are in its file.
#[must_use]
pub(crate) fn text(key: &SecretKey) -> String {
    hex::encode(key.expose())
}

fn write(folder: &Path, path: &Path, key: &SecretKey) -> io::Result<()> {
    let beginning = folder.join(BEGINNING);
    let mut file = create_private_file(&beginning)?;
    writeln!(file, "{}", text(key))?;
    file.sync_all()?;
    // This process has locked the data folder, so that no other process creates the file in the meantime.
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(&beginning, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let home = home();
        assert!(read(home.path(), None).expect("no file is no error").is_none());
        let first = create(home.path()).expect("a key");
        let read_again = read(home.path(), None).expect("a file").expect("a key");
        assert_eq!(first.expose(), read_again.expose());
        let mode = fs::metadata(home.path().join(SECRET_KEY))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!home.path().join(BEGINNING).exists());
        let again = create(home.path()).expect_err("it is never written over");
        assert!(matches!(again, KeyError::File { .. }), "{again}");
        let kept = read(home.path(), None).expect("a file").expect("a key");
        assert_eq!(first.expose(), kept.expose());
    }

    #[test]
    fn what_was_left_of_a_key_that_was_not_durable_is_replaced() {
        let home = home();
        fs::write(home.path().join(BEGINNING), "12").expect("a file");
        assert!(read(home.path(), None).expect("no file is no error").is_none());
        create(home.path()).expect("a key");
    }

    #[test]
    fn a_file_that_a_setting_names_has_to_be_there_and_sound_and_private() {
        let home = home();
        let path = home.path().join("mine");
        let problem = || read(home.path(), Some(&path)).expect_err("a problem").to_string();
        assert!(problem().contains("openssl rand -hex 32"));
        fs::write(&path, "00".repeat(31)).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
        assert!(problem().contains("mode 640") && problem().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("a mode");
        assert!(problem().contains("64 hexadecimal digits"));
        fs::remove_file(&path).expect("it was there");
        fs::write(&path, format!(" {}\n", "aB".repeat(32))).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("a mode");
        let key = read(home.path(), Some(&path)).expect("a file").expect("a key");
        assert_eq!(key.expose(), &[0xab; 32]);
    }
}
