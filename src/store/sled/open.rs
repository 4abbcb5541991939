//! Opens the store in a data folder.

use std::path::Path;

use super::engine::SledEngine;
use super::open_store::OpenStore;
use crate::store::backup::{UpgradeBackups, back_up, with_way_back};
use crate::store::commits::Sizes;
use crate::store::findings::Findings;
use crate::store::flush_clock::FlushClock;
use crate::store::folder;
use crate::store::open_error::OpenError;
use crate::store::opened::OpenedStore;
use crate::store::shared::Shared;

/// Seconds after which a flush of the disk counts as failed.
const MAX_SECONDS: u64 = 30;

/// Opens the store in a data folder, or creates one there, and verifies all of it. A store of an older version is backed
/// up by the rule before its records are rewritten.
///
/// # Errors
/// Those of [`crate::store::Store::open_with`].
pub(in crate::store) fn open(folder: &Path, rule: &UpgradeBackups) -> Result<OpenedStore, OpenError> {
    let mut store = OpenStore::open_or_copy(folder).map_err(with_way_back)?;
    let found = store.verify().sound(folder).map_err(with_way_back)?;
    if !found.outdated.is_empty() || !store.is_complete() {
        let moment = store.hold(found.snapshot.commits.count);
        back_up(folder, moment, found.live_bytes, rule)?;
    }
    store.add_tables()?;
    folder::note_version(folder);
    let sizes = Sizes {
        live: found.live_bytes,
        files: store
            .file_bytes()
            .map_err(|cause| OpenError::of_folder(folder, cause))?,
    };
    let clock = FlushClock::start(MAX_SECONDS).map_err(OpenError::Thread)?;
    let shared = Shared::new(found.snapshot, clock);
    let engine = SledEngine::new(store, found.outdated, shared.clone());
    Ok(OpenedStore {
        shared,
        engine: Box::new(engine),
        sizes,
        neighbours: None,
    })
}

/// Verifies a store that no process has open. Returns what was found.
///
/// # Errors
/// [`OpenError`] if the store cannot be opened at all.
pub(in crate::store) fn inspect(folder: &Path) -> Result<Findings, OpenError> {
    Ok(OpenStore::open_or_copy(folder).map_err(with_way_back)?.verify())
}
