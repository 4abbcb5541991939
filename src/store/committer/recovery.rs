//! The recovery of the writer after the disk has refused a write of sled, because it is full or mounted read-only.
//!
//! Usually the writer refuses changes before the disk does. If a write fails nevertheless, sled cannot go on: its memory
//! has changes that are not on the disk. The files are then as after a crash. So the writer closes sled and writes the
//! files again in their places, because a failed sync may leave pages that only look written. Then it opens the store as a
//! start does, verifies it, and compares its number of commits with the last one that was shown.

use std::path::Path;
use std::sync::Arc;

use tracing::{error, warn};

use super::space::release;
use super::{Committer, Failure, Files, given_up};
use crate::store::batch::Batch;
use crate::store::commit_error::CommitError;
use crate::store::durability;
use crate::store::folder::DataFolder;
use crate::store::open::{self, Engine};
use crate::store::open_error::OpenError;
use crate::store::outdated::Outdated;
use crate::store::reserve_file::ReserveFile;
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
    /// The store cannot be used, for this reason.
    Lost(String),
}

impl Committer {
    /// Goes on after the disk has refused a write. Returns false if the store cannot be used.
    pub(super) fn recover(&mut self, mut batch: Batch, refusal: DiskRefusal, cause: &str) -> bool {
        error!(cause, "the disk refused a write: the store is opened again");
        let released = match (refusal, self.reserve_file()) {
            (DiskRefusal::Full, Some(file)) => release(&file) > 0,
            _ => false,
        };
        self.fail(refusal, false);
        // What the next opening finds decides if these changes were made.
        let reopened = self.reopen(true, Some(&batch));
        match reopened {
            Reopened::Sound(is_stored) => {
                if is_stored {
                    batch.answer();
                } else {
                    batch.answer_refused(refusal.into());
                }
                self.fail(refusal, released);
                true
            }
            Reopened::Later => {
                batch.answer_refused(CommitError::Unavailable);
                self.unsettled = Some(batch);
                true
            }
            Reopened::Lost(reason) => given_up(&reason),
        }
    }

    fn fail(&mut self, refusal: DiskRefusal, is_open: bool) {
        let failure = Failure { refusal, is_open };
        self.failure = Some(failure);
        let space = self.space().ok();
        self.set_room(failure.room(), space);
    }

    /// Checks whether the disk takes writes again, and then opens the store again if it is not open. Returns false if the
    /// store cannot be used.
    pub(super) fn try_again(&mut self, failure: Failure) -> bool {
        if !self.clock.during(|| self.takes_writes(failure.refusal)) {
            return true;
        }
        let is_written = matches!(&self.files, Some(Files::Open(engine)) if engine.refusal().is_none());
        if !is_written {
            let batch = self.unsettled.take();
            match self.reopen(batch.is_some(), batch.as_ref()) {
                Reopened::Sound(_) => {}
                Reopened::Later => {
                    self.unsettled = batch;
                    self.fail(failure.refusal, false);
                    return true;
                }
                Reopened::Lost(reason) => return given_up(&reason),
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
    fn reopen(&mut self, is_failed: bool, unsettled: Option<&Batch>) -> Reopened {
        self.archive.suspend();
        if let Some(hold) = self.held.borrow().upgrade() {
            hold.abandon("the store was opened again because the disk was full");
        }
        let Some(files) = self.files.take() else {
            return Reopened::Lost("the store is closed".into());
        };
        let clock = Arc::clone(&self.clock);
        let engine = match clock.during(|| open_again(files, is_failed)) {
            Ok(Ok(engine)) => engine,
            Ok(Err(folder)) => {
                self.archive.close();
                self.files = Some(Files::Closed(folder));
                return Reopened::Later;
            }
            Err(reason) => {
                self.archive.close();
                return Reopened::Lost(reason);
            }
        };
        let outcome = clock.during(|| self.compare(&engine, unsettled));
        let reopened = match outcome {
            Ok((next, outdated)) => {
                self.outdated = outdated;
                let is_stored = next.is_some();
                if let (Some(next), Some(batch)) = (next, unsettled) {
                    self.show(&Arc::new(next), batch);
                }
                if engine.refusal().is_some() {
                    Reopened::Later
                } else {
                    Reopened::Sound(is_stored)
                }
            }
            Err(reason) => {
                self.archive.close();
                return Reopened::Lost(reason);
            }
        };
        self.archive
            .open_again(Arc::clone(&engine.trees), Arc::clone(&engine.witness));
        self.files = Some(Files::Open(engine));
        reopened
    }

    /// Verifies an opened store, and compares it with what is shown. Returns the snapshot to show if the store has the
    /// unsettled batch, and the edits that upgrade old records. A copy never settles a batch.
    fn compare(&self, engine: &Engine, unsettled: Option<&Batch>) -> Result<(Option<Snapshot>, Outdated), String> {
        let found = engine.verify();
        if let Some(problem) = found.problems.first() {
            return Err(format!("the store is damaged after it was opened again: {problem}"));
        }
        let (shown, counted) = (self.shown.load().commits.count, found.snapshot.commits.count);
        let is_copy = engine.refusal().is_some();
        let is_stored = counted == shown + 1 && unsettled.is_some();
        if counted != shown && !is_stored {
            return Err(format!(
                "after it was opened again, the store counts {counted} commits where {shown} were acknowledged"
            ));
        }
        if !is_copy {
            let noted = engine.witness.note(counted);
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
fn open_again(files: Files, is_failed: bool) -> Result<Result<Engine, DataFolder>, String> {
    let (folder, is_copy) = match files {
        Files::Open(engine) => {
            let is_copy = engine.refusal().is_some();
            (engine.release(), is_copy)
        }
        Files::Closed(folder) => (folder, false),
    };
    // The only file of a copy has no name.
    if !is_copy && let Err(cause) = open::wait_until_closed(&folder.store()) {
        warn!(%cause, "a reader keeps the files of the store open; they are opened again later");
        return Ok(Err(folder));
    }
    match open_files(&folder, is_failed) {
        Ok((files, refusal)) => Ok(Ok(Engine::of(files, folder, refusal))),
        Err(error @ (OpenError::Full { .. } | OpenError::ReadOnly { .. } | OpenError::NoCopy { .. })) => {
            error!(%error, "the store cannot be opened again yet: pictures and the audit log cannot be read");
            Ok(Err(folder))
        }
        Err(other) => Err(other.to_string()),
    }
}

fn open_files(folder: &DataFolder, is_failed: bool) -> Result<(open::Files, Option<DiskRefusal>), OpenError> {
    let rewritten = if is_failed {
        rewrite(folder.path(), &folder.store())
    } else {
        Ok(())
    };
    let opened = rewritten.and_then(|()| open::Files::open(folder)?.add_tables(folder));
    open::Files::or_copy(opened, folder)
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
