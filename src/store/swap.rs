//! Puts a compacted store in the place of the old one. A kill or a power cut at any point leaves at least one of the
//! two whole, under a name that the next start finds.
//!
//! The folders that exist at each step, in order. Each step is durable before the next one begins:
//!
//! 1. `store` and `store.compacting`: the new store is being written. The next start discards it.
//! 2. `store` and `store.compacted`: the new store is whole and durable. The next start discards it too.
//! 3. `store.replaced` and `store.compacted`: the next start finishes the swap.
//! 4. `store.replaced` and `store`: the new store is in its place. The next start removes the old one.

use std::fs;
use std::io;
use std::path::Path;

use super::durability::sync_names;
use super::folder::DataFolder;

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

/// Finishes a swap that was interrupted, and removes the folders that a compaction left.
///
/// # Errors
/// The file system's error.
pub(super) fn settle(folder: &DataFolder) -> io::Result<()> {
    if !folder.store().is_dir() {
        // The old store is renamed only when the new one is durable under this name.
        if folder.compacted().is_dir() {
            fs::rename(folder.compacted(), folder.store())?;
            sync_names(folder.path())?;
        } else if folder.replaced().is_dir() {
            fs::rename(folder.replaced(), folder.store())?;
            sync_names(folder.path())?;
        }
    }
    let leftovers = [folder.compacting(), folder.compacted(), folder.replaced()];
    let removed = leftovers.map(|leftover| remove(&leftover));
    if removed.into_iter().collect::<io::Result<Vec<_>>>()?.contains(&true) {
        sync_names(folder.path())?;
    }
    Ok(())
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
    fn a_swap_puts_the_new_store_in_place() {
        let (home, folder) = folder_with(&[("store", "old"), ("store.compacting", "new")]);
        put_in_place(&folder).expect("a swap");
        let left = fs::read_to_string(home.path().join("store/db")).expect("a store");
        assert_eq!(left, "new");
        assert!(!home.path().join("store.replaced").exists());
    }
}
