//! The recovery of the writer after the disk has refused a write of sled, because it is full or mounted read-only.
//!
//! Usually the writer refuses changes before the disk does. If a write fails nevertheless, sled cannot go on: its memory
//! has changes that are not on the disk. The files are then as after a crash. So the writer closes sled and writes the
//! files again in their places, because a failed sync may leave pages that only look written. Then it opens the store as a
//! start does, verifies it, and compares its number of commits with the last one that was shown.

use std::path::Path;
use std::sync::Arc;

use tracing::{error, warn};

use super::durability;
use super::engine::{DiskFailure, EngineFiles, SledEngine};
use super::files::{SledFiles, wait_until_closed};
use super::open_store::OpenStore;
use super::reserve_file::ReserveFile;
use super::space::release;
use crate::store::commit_error::CommitError;
use crate::store::edits::{Edits, Touched};
use crate::store::engine::{Lost, Outcome};
use crate::store::folder::DataFolder;
use crate::store::open_error::OpenError;
use crate::store::outdated::Outdated;
use crate::store::room::{DiskRefusal, Room};
use crate::store::snapshot::Snapshot;

/// Bytes that the disk must take before sled is opened again, if no reserve is kept.
const TRIED_BYTES: u64 = 1024 * 1024;

/// The outcome of opening the store again.
enum Reopened {
    /// The store is open and has every acknowledged commit. True if it also has the unsettled batch.
    Sound(bool),
    /// The disk still refuses. The store is read from a copy, or not at all.
    Later,
}

impl SledEngine {
    /// Goes on after the disk has refused a write, perhaps of a batch. The next opening shows whether the changes of the batch
    /// are stored.
    pub(super) fn recover(
        &mut self,
        edits: Option<&Edits>,
        refusal: DiskRefusal,
        cause: &str,
    ) -> Result<Outcome, Lost> {
        error!(cause, "the disk refused a write: the store is opened again");
        let released = match (refusal, self.reserve_file()) {
            (DiskRefusal::Full, Some(file)) => release(&file) > 0,
            _ => false,
        };
        self.fail(refusal, false);
        let touched = edits.map(Edits::touched);
        match self.reopen(true, touched.as_ref())? {
            Reopened::Sound(is_stored) => {
                self.fail(refusal, released);
                Ok(if is_stored {
                    Outcome::Stored
                } else {
                    Outcome::Refused(refusal.into())
                })
            }
            Reopened::Later => {
                self.unsettled = touched;
                Ok(Outcome::Unknown)
            }
        }
    }

    fn fail(&mut self, refusal: DiskRefusal, is_open: bool) {
        let failure = DiskFailure { refusal, is_open };
        self.failure = Some(failure);
        let space = self.space().ok();
        self.set_room(failure.room(), space);
    }

    /// Checks whether the disk takes writes again, and then opens the store again if it is not open.
    pub(super) fn try_again(&mut self, failure: DiskFailure) -> Result<(), Lost> {
        if !self.shared.clock.during(|| self.takes_writes(failure.refusal)) {
            return Ok(());
        }
        let is_written = matches!(&self.files, Some(EngineFiles::Open(store)) if store.refusal().is_none());
        if !is_written {
            let unsettled = self.unsettled.take();
            match self.reopen(unsettled.is_some(), unsettled.as_ref())? {
                Reopened::Sound(_) => {}
                Reopened::Later => {
                    self.unsettled = unsettled;
                    self.fail(failure.refusal, false);
                    return Ok(());
                }
            }
        }
        self.failure = None;
        self.measure_after_failure();
        self.write_outdated()
    }

    /// Measures the room after a failure, so that there is enough if the file system does not know its space.
    fn measure_after_failure(&mut self) {
        let space = self.space().ok();
        let room = space.map_or(Room::Enough, |space| {
            Room::of(space, self.reserve_bytes(), Room::Enough)
        });
        self.set_room(room, space);
    }

    /// Returns whether the disk takes writes again: as many bytes as the reserve file has, after it was full.
    fn takes_writes(&self, refusal: DiskRefusal) -> bool {
        let (Some(file), Ok(space)) = (self.reserve_file(), self.space()) else {
            return false;
        };
        let reserve_bytes = self.reserve_bytes();
        let (has_room, bytes) = match refusal {
            DiskRefusal::Full => (
                Room::of(space, reserve_bytes, Room::Low) == Room::Enough,
                ReserveFile::bytes_for(reserve_bytes).max(TRIED_BYTES),
            ),
            DiskRefusal::ReadOnly => (!space.is_read_only, TRIED_BYTES),
        };
        // The reserve file is allocated with its own size by the next look.
        has_room && file.allocate(bytes).and_then(|()| file.release()).is_ok()
    }

    /// Closes sled and opens the store again. `is_failed` is true if a write of sled failed.
    fn reopen(&mut self, is_failed: bool, unsettled: Option<&Touched>) -> Result<Reopened, Lost> {
        self.shared.archive.suspend();
        if let Some(hold) = self.held.borrow().upgrade() {
            hold.give_up("the store was opened again because the disk was full");
        }
        let reopened = self.open_and_compare(is_failed, unsettled);
        if !matches!(&self.files, Some(EngineFiles::Open(_))) {
            self.shared.archive.close();
        }
        reopened.map_err(Lost)
    }

    fn open_and_compare(&mut self, is_failed: bool, unsettled: Option<&Touched>) -> Result<Reopened, String> {
        let files = self.files.take().ok_or("the store is closed")?;
        let clock = Arc::clone(&self.shared.clock);
        let store = match clock.during(|| open_again(files, is_failed))? {
            Ok(store) => store,
            Err(folder) => {
                self.files = Some(EngineFiles::Closed(folder));
                return Ok(Reopened::Later);
            }
        };
        let (next, outdated) = clock.during(|| self.compare(&store, unsettled.is_some()))?;
        self.outdated = outdated;
        let is_stored = next.is_some();
        if let (Some(next), Some(touched)) = (next, unsettled) {
            self.shared.show(next, touched);
        }
        let is_copy = store.refusal().is_some();
        self.is_closing = self.shared.archive.open(store.reader());
        self.files = Some(EngineFiles::Open(store));
        Ok(if is_copy {
            Reopened::Later
        } else {
            Reopened::Sound(is_stored)
        })
    }

    /// Verifies an opened store, and compares it with what is shown. Returns the snapshot to show if the store has the
    /// unsettled batch, and the edits that upgrade old records. A copy never settles a batch.
    fn compare(&self, store: &OpenStore, is_unsettled: bool) -> Result<(Option<Snapshot>, Outdated), String> {
        let found = store.verify();
        if let Some(problem) = found.problems.first() {
            return Err(format!("the store is damaged after it was opened again: {problem}"));
        }
        let (shown, counted) = (self.shared.shown.load().commits.count, found.snapshot.commits.count);
        let is_copy = store.refusal().is_some();
        let is_stored = counted == shown + 1 && is_unsettled;
        if counted != shown && !is_stored {
            return Err(format!(
                "after it was opened again, the store counts {counted} commits where {shown} were acknowledged"
            ));
        }
        if !is_copy {
            let noted = store.marker.note(counted);
            noted.map_err(|cause| format!("the file of the last commit cannot be written: {cause}"))?;
        }
        let next = (is_stored && !is_copy).then_some(found.snapshot);
        Ok((next, found.outdated))
    }
}

/// Closes sled, and opens the store or a copy of it. Returns the folder if neither opens now, but may open later.
///
/// # Errors
/// The reason why the store cannot be used.
fn open_again(files: EngineFiles, is_failed: bool) -> Result<Result<OpenStore, DataFolder>, String> {
    let (folder, is_copy) = match files {
        EngineFiles::Open(store) => {
            let is_copy = store.refusal().is_some();
            (store.release(), is_copy)
        }
        EngineFiles::Closed(folder) => (folder, false),
    };
    // The only file of a copy has no name.
    if !is_copy && let Err(cause) = wait_until_closed(&folder.store()) {
        warn!(%cause, "a reader keeps the files of the store open; they are opened again later");
        return Ok(Err(folder));
    }
    match open_files(&folder, is_failed) {
        Ok((files, refusal)) => Ok(Ok(OpenStore::of(files, folder, refusal))),
        Err(error @ (OpenError::Full { .. } | OpenError::ReadOnly { .. } | OpenError::NoCopy { .. })) => {
            error!(%error, "the store cannot be opened again yet: pictures and the audit log cannot be read");
            Ok(Err(folder))
        }
        Err(other) => Err(other.to_string()),
    }
}

fn open_files(folder: &DataFolder, is_failed: bool) -> Result<(SledFiles, Option<DiskRefusal>), OpenError> {
    let rewritten = if is_failed {
        rewrite(folder.path(), &folder.store())
    } else {
        Ok(())
    };
    let opened = rewritten.and_then(|()| SledFiles::open(folder)?.add_tables(folder));
    SledFiles::or_copy(opened, folder)
}

fn rewrite(folder: &Path, store: &Path) -> Result<(), OpenError> {
    durability::write_again(store).map_err(|cause| OpenError::of_folder(folder, cause))
}

impl From<DiskRefusal> for CommitError {
    fn from(refusal: DiskRefusal) -> Self {
        match refusal {
            DiskRefusal::Full => Self::Full,
            DiskRefusal::ReadOnly => Self::ReadOnly,
        }
    }
}
