//! Puts a compacted or restored store in the place of the old one. A kill or a power cut at any point leaves at least one of the
//! two whole, under a name that the next start finds.
//!
//! The folders that exist at each step, in order. Each step is durable before the next one begins:
//!
//! 1. `store` and `store.compacting`: the new store is being written. The next start discards it.
//! 2. `store` and `store.compacted`: the new store is whole and durable. The next start discards it too.
//! 3. `store.replaced` and `store.compacted`: the next start finishes the swap.
//! 4. `store.replaced` and `store`: the new store is in its place. The next start removes the old one.
//!
//! A restoration has the steps `store.restoring` and `store.restored`, and its old store is kept as `store.before-…`. The
//! key of the backup waits in `secret.key.restored` and gets its name before the store does, so that the two change
//! together: once the old store has its other name, the next start finishes both.

use std::fs;
use std::io;
use std::path::Path;

use crate::clock::Clock;
use crate::store::folder::{DataFolder, SECRET_KEY};
use crate::store::sync::sync_names;

/// Puts the durable store in `store.compacting` in its place, and removes the old one.
///
/// # Errors
/// The file system's error. [`settle`] then finishes or discards the rest.
pub(super) fn put_in_place(folder: &DataFolder) -> io::Result<()> {
    fs::rename(folder.compacting(), folder.compacted())?;
    sync_names(folder.path())?;
    fs::rename(folder.store(), folder.replaced())?;
    sync_names(folder.path())?;
    settle(folder)
}

/// Puts the durable store in `store.restoring` in its place. Keeps an old store under the name `aside`.
///
/// # Errors
/// The file system's error. [`settle`] then finishes or discards the rest.
pub(in crate::store) fn put_restored(folder: &DataFolder, aside: &Path) -> io::Result<()> {
    fs::rename(folder.restoring(), folder.restored())?;
    sync_names(folder.path())?;
    if folder.store().is_dir() {
        fs::rename(folder.store(), aside)?;
        sync_names(folder.path())?;
    }
    settle(folder)
}

/// Finishes a swap that was interrupted, and removes what a compaction or a restoration left.
///
/// # Errors
/// The file system's error.
pub(in crate::store) fn settle(folder: &DataFolder) -> io::Result<()> {
    if !folder.store().is_dir() {
        if folder.restored().is_dir() {
            put_restored_key(folder)?;
            fs::rename(folder.restored(), folder.store())?;
            sync_names(folder.path())?;
        } else if folder.compacted().is_dir() {
            // The old store is renamed only when the new one is durable under this name.
            fs::rename(folder.compacted(), folder.store())?;
            sync_names(folder.path())?;
        } else if folder.replaced().is_dir() {
            fs::rename(folder.replaced(), folder.store())?;
            sync_names(folder.path())?;
        }
    }
    let leftovers = [
        folder.compacting(),
        folder.compacted(),
        folder.replaced(),
        folder.restoring(),
        folder.restored(),
    ];
    let removed = leftovers.map(|leftover| remove(&leftover));
    match fs::remove_file(folder.restored_key()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if removed.into_iter().collect::<io::Result<Vec<_>>>()?.contains(&true) {
        sync_names(folder.path())?;
    }
    Ok(())
}

/// Gives the key of a backup its name, and keeps another key that has this name.
fn put_restored_key(folder: &DataFolder) -> io::Result<()> {
    if !folder.restored_key().exists() {
        return Ok(());
    }
    if folder.key().exists() {
        fs::rename(folder.key(), folder.aside(SECRET_KEY, Clock::system().now()))?;
    }
    fs::rename(folder.restored_key(), folder.key())?;
    sync_names(folder.path())
}

/// Removes a folder. Returns whether there was one.
fn remove(folder: &Path) -> io::Result<bool> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    /// Makes folders of these names, each with a file that holds the given text.
    fn folder_with(stores: &[(&str, &str)]) -> (tempfile::TempDir, DataFolder) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let folder = DataFolder::hold(home.path()).expect("the folder is free");
        for (name, what) in stores {
            fs::create_dir(home.path().join(name)).expect("a folder");
            fs::write(home.path().join(name).join("db"), what).expect("a file");
        }
        (home, folder)
    }

    #[test]
    fn every_step_leaves_one_store_and_nothing_else() {
        let steps: [(&[(&str, &str)], &str); 5] = [
            (&[("store", "old"), ("store.compacting", "half")], "old"),
            (&[("store", "old"), ("store.compacted", "new")], "old"),
            (&[("store.replaced", "old"), ("store.compacted", "new")], "new"),
            (&[("store.replaced", "old"), ("store", "new")], "new"),
            (&[("store.replaced", "old")], "old"),
        ];
        for (stores, expected) in steps {
            let (home, folder) = folder_with(stores);
            settle(&folder).expect("it settles");
            let left = fs::read_to_string(home.path().join("store/db")).expect("a store");
            assert_eq!(left, expected, "{stores:?}");
            for leftover in ["store.compacting", "store.compacted", "store.replaced"] {
                assert!(!home.path().join(leftover).exists(), "{stores:?} leaves {leftover}");
            }
        }
    }

    #[test]
    fn every_step_of_a_restoration_leaves_one_store_with_its_key() {
        type Files<'text> = &'text [(&'text str, &'text str)];
        let steps: [(Files<'_>, Files<'_>, &str, &str); 7] = [
            (
                &[("store", "old"), ("store.restoring", "half")],
                &[("secret.key", "old")],
                "old",
                "old",
            ),
            (
                &[("store", "old"), ("store.restoring", "new")],
                &[("secret.key", "old"), ("secret.key.restored", "new")],
                "old",
                "old",
            ),
            (
                &[("store", "old"), ("store.restored", "new")],
                &[("secret.key", "old"), ("secret.key.restored", "new")],
                "old",
                "old",
            ),
            (
                &[("store.before-x", "old"), ("store.restored", "new")],
                &[("secret.key", "old"), ("secret.key.restored", "new")],
                "new",
                "new",
            ),
            (
                &[("store.before-x", "old"), ("store.restored", "new")],
                &[("secret.key.before-x", "old"), ("secret.key.restored", "new")],
                "new",
                "new",
            ),
            (
                &[("store.before-x", "old"), ("store.restored", "new")],
                &[("secret.key.before-x", "old"), ("secret.key", "new")],
                "new",
                "new",
            ),
            (&[("store.restored", "new")], &[("secret.key", "same")], "new", "same"),
        ];
        for (stores, keys, expected, key) in steps {
            let (home, folder) = folder_with(stores);
            for (name, text) in keys {
                fs::write(home.path().join(name), text).expect("a file");
            }
            settle(&folder).expect("it settles");
            let text = |name: &str| fs::read_to_string(home.path().join(name)).expect("a file");
            assert_eq!(
                (&*text("store/db"), &*text("secret.key")),
                (expected, key),
                "{stores:?} {keys:?}"
            );
            for leftover in ["store.restoring", "store.restored", "secret.key.restored"] {
                assert!(!home.path().join(leftover).exists(), "{stores:?} leaves {leftover}");
            }
            if stores[0].0 == "store.before-x" {
                assert_eq!(text("store.before-x/db"), "old");
            }
            // No key is lost.
            if keys[0].1 == "old" {
                let names = home
                    .path()
                    .read_dir()
                    .expect("a folder")
                    .map(|entry| entry.expect("an entry").path());
                let kept = names
                    .filter(|path| path.is_file())
                    .filter_map(|path| fs::read_to_string(path).ok());
                assert!(kept.into_iter().any(|text| text == "old"), "{stores:?} {keys:?}");
            }
        }
    }

    #[test]
    fn a_restoration_keeps_the_store_that_it_replaces() {
        let (home, folder) = folder_with(&[("store", "old"), ("store.restoring", "new")]);
        let aside = folder.aside("store", Timestamp::from_millis(0));
        assert!(aside.ends_with("store.before-1970-01-01T00-00-00Z"), "{aside:?}");
        put_restored(&folder, &aside).expect("a restoration");
        let text = |path: &Path| fs::read_to_string(path.join("db")).expect("a store");
        assert_eq!((&*text(&home.path().join("store")), &*text(&aside)), ("new", "old"));
        let next = folder.aside("store", Timestamp::from_millis(0));
        assert!(next.ends_with("store.before-1970-01-01T00-00-00Z-2"), "{next:?}");
    }

    #[test]
    fn a_swap_puts_the_new_store_in_place() {
        let (home, folder) = folder_with(&[("store", "old"), ("store.compacting", "new")]);
        put_in_place(&folder).expect("a swap");
        let left = fs::read_to_string(home.path().join("store/db")).expect("a store");
        assert_eq!(left, "new");
        assert!(!home.path().join("store.replaced").exists());
    }
}
