//! Copies a whole store or backup into a data folder.
//!
//! It is written into a new store beside the old one, which is verified as a whole, and only then put in place; see
//! [`swap`]. A kill at any point leaves the old store or the new one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::new_store::{NewStore, missing_space};
use super::{CommitMarker, swap};
use crate::clock::Clock;
use crate::store::commits::Commits;
use crate::store::copy_error::CopyError;
use crate::store::folder::{DataFolder, write_private};
use crate::store::open_error::OpenError;
use crate::store::source::RecordSource;

/// Copies a source into a data folder that no process uses. Returns the folder in which the old store is kept, if there was
/// one.
///
/// # Errors
/// [`CopyError`]; [`CopyError::Occupied`] for a folder with a store, unless it is to be replaced.
pub(in crate::store) fn copy_into(
    folder: &Path,
    replace: bool,
    source: &dyn RecordSource,
) -> Result<Option<PathBuf>, CopyError> {
    let data = DataFolder::hold(folder)?;
    swap::settle(&data).map_err(|cause| OpenError::of_folder(folder, cause))?;
    let is_occupied = data.store().is_dir();
    if is_occupied && !replace {
        return Err(CopyError::Occupied(folder.to_owned()));
    }
    if let Some((needed, free)) = missing_space(folder, source.contents().live_bytes) {
        return Err(CopyError::NoSpace {
            folder: folder.to_owned(),
            needed,
            free,
        });
    }
    if let Err(cause) = write(&data, source) {
        // If this fails, the next opening removes what is left.
        let _ = fs::remove_dir_all(data.restoring());
        let _ = fs::remove_file(data.restored_key());
        return Err(CopyError::Failed {
            folder: folder.to_owned(),
            cause,
        });
    }
    let aside = data.aside("store", Clock::system().now());
    swap::put_restored(&data, &aside).map_err(|cause| CopyError::Unfinished {
        folder: folder.to_owned(),
        cause,
    })?;
    Ok(is_occupied.then_some(aside))
}

/// Writes the source into a new store in the folder for it, and makes both the store and the key durable.
fn write(data: &DataFolder, source: &dyn RecordSource) -> Result<(), String> {
    let contents = source.contents();
    let mut new = NewStore::begin(&data.restoring(), "writing the new store", contents.entries)?;
    if let Some(key) = source.key() {
        write_key(&data.restored_key(), key).map_err(|error| error.to_string())?;
    }
    source.read(&mut |table, key, value| new.put(table, key, value))?;
    // A store that counts less than the last commit that was seen in this folder would be taken for a damaged one.
    let marker = CommitMarker::open(&data.witness()).map_err(|error| error.to_string())?;
    let seen = marker.seen().unwrap_or_default();
    let written = new.finish(Commits {
        count: contents.commits.max(seen),
        erasures: 0,
        compacted_at: Some(Clock::system().now()),
        compacted_bytes: 0,
        believed_at: None,
    })?;
    if written == contents.sums {
        Ok(())
    } else {
        Err("the source changed while it was read".into())
    }
}

fn write_key(path: &Path, key: &str) -> io::Result<()> {
    write_private(path, format!("{key}\n").as_bytes())?;
    File::open(path)?.sync_all()
}
