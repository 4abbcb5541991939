//! The errors of sled, as reasons why a store does not open.

use std::path::Path;

use crate::store::open_error::OpenError;

/// Returns the error for an error of sled about its files in `store`.
pub(super) fn open_error(folder: &Path, store: &Path, error: &sled::Error) -> OpenError {
    let cause = error.to_string();
    if is_locked(&cause) {
        return OpenError::Locked { file: store.join("db") };
    }
    OpenError::of_system(folder, &cause).unwrap_or_else(|| OpenError::Unreadable {
        folder: folder.to_owned(),
        cause,
    })
}

/// Returns whether an error means that sled's lock is held. sled wraps the system's error, so only the text is left.
pub(super) fn is_locked(error: &str) -> bool {
    error.contains("could not acquire lock")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use rustix::io::Errno;

    use super::*;
    use crate::store::records::Table;
    use crate::store::sled::OpenStore;
    use crate::store::{CompactError, Store, codec, folder};

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    fn wrapped(errno: Errno) -> [OpenError; 3] {
        let folder = Path::new("data");
        let error = || io::Error::from_raw_os_error(errno.raw_os_error());
        let text = sled::Error::Io(io::Error::other(format!("cannot write the log: {:?}", error())));
        [
            OpenError::of_folder(folder, error()),
            open_error(folder, Path::new("data/store"), &sled::Error::Io(error())),
            open_error(folder, Path::new("data/store"), &text),
        ]
    }

    #[test]
    fn a_system_error_is_not_called_damage_however_it_is_wrapped() {
        for (errno, words) in [
            (Errno::NOSPC, "is full"),
            (Errno::DQUOT, "is full"),
            (Errno::ROFS, "read-only"),
            (Errno::MFILE, "out of file descriptors"),
            (Errno::NFILE, "out of file descriptors"),
            (Errno::IO, "dmesg"),
        ] {
            for error in wrapped(errno) {
                let text = error.to_string();
                assert!(text.contains(words) && !text.contains("last backup"), "{errno}: {text}");
            }
        }
        let locked = sled::Error::Io(io::Error::other(
            "could not acquire lock on \"data/store/db\": Os { code: 11, ...",
        ));
        let text = open_error(Path::new("data"), Path::new("data/store"), &locked).to_string();
        assert!(text.contains("data/store/db") && text.contains("not damaged"), "{text}");
        let torn = sled::Error::ReportableBug("page 7 is torn".into());
        let text = open_error(Path::new("data"), Path::new("data/store"), &torn).to_string();
        assert!(text.contains("put back your last backup"), "{text}");
    }

    #[test]
    fn a_store_of_a_newer_version_is_named_with_both_versions_and_is_not_called_damaged() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = OpenStore::open(home.path()).expect("a store");
        let (table, key) = (Table::CustomStatuses, b"id".as_slice());
        let record = codec::seal(table, key, 200, &"of the future");
        store.trees.of(table).insert(key, record).expect("an insertion");
        store.into_folder().expect("it closes");
        fs::write(home.path().join("version"), "7.8.9\n").expect("a file");
        let opened = [
            Store::open(home.path()).err(),
            Store::inspect(home.path(), None).err(),
            Store::compact(home.path()).err().map(|error| match error {
                CompactError::Open(error) => error,
                other => panic!("{other}"),
            }),
        ];
        for error in opened {
            let text = error.expect("it is refused").to_string();
            assert!(
                text.contains("written by rollcall 7.8.9") && text.contains(VERSION),
                "{text}"
            );
            assert!(text.contains("custom_statuses has records of version 200"), "{text}");
            assert!(!text.contains("damaged"), "{text}");
        }
        let kept = folder::written_by(home.path());
        assert_eq!(
            kept.as_deref(),
            Some("7.8.9"),
            "a refused start does not claim the store"
        );
    }

    #[test]
    fn a_store_that_opens_says_which_version_used_it() {
        let home = tempfile::tempdir().expect("a temporary folder");
        drop(Store::open(home.path()).expect("a store"));
        assert_eq!(folder::written_by(home.path()).as_deref(), Some(VERSION));
    }
}
