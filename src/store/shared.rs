//! The state that the handles, the writer and the engine of a store share.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use tracing::error;

use super::archive::Archive;
use super::catch_panic::catch_panic;
use super::edits::Touched;
use super::flush_clock::FlushClock;
use super::room::Room;
use super::snapshot::Snapshot;
use crate::clock::Clock;
use crate::observe::StoreMeter;

/// A callback with the snapshots before and after a commit, and the records that differ.
pub(super) type Watcher = Box<dyn Fn(&Snapshot, &Arc<Snapshot>, &Touched) + Send + Sync>;

/// The shared state of an open store. Clones are cheap.
#[derive(Clone)]
pub(super) struct Shared {
    /// The snapshot that readers see.
    pub(super) shown: Arc<ArcSwap<Snapshot>>,
    pub(super) archive: Archive,
    pub(super) clock: Arc<FlushClock>,
    /// The changes for which there is room.
    room: Arc<Mutex<Room>>,
    pub(super) watcher: Arc<OnceLock<Watcher>>,
    /// The clock that gives commits their times.
    pub(super) time: Arc<OnceLock<Clock>>,
    /// The free bytes below which changes are refused; unset and 0 refuse none.
    pub(super) reserve_bytes: Arc<OnceLock<u64>>,
    /// The meter of the writer, which counts from the start.
    pub(super) meter: StoreMeter,
}

impl Shared {
    /// Returns the state of a store that begins with this snapshot.
    pub(super) fn new(snapshot: Snapshot, clock: Arc<FlushClock>) -> Self {
        Self {
            shown: Arc::new(ArcSwap::from_pointee(snapshot)),
            archive: Archive::default(),
            clock,
            room: Arc::default(),
            watcher: Arc::default(),
            time: Arc::default(),
            reserve_bytes: Arc::default(),
            meter: StoreMeter::default(),
        }
    }

    /// Returns the changes for which there is room.
    pub(super) fn room(&self) -> Room {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the changes for which there is room. Returns what there was room for before.
    pub(super) fn replace_room(&self, room: Room) -> Room {
        std::mem::replace(&mut *self.room.lock().unwrap_or_else(PoisonError::into_inner), room)
    }

    /// Shows the snapshot after a commit, and calls the watcher. The commit is valid even if the watcher panics.
    pub(super) fn show(&self, next: Snapshot, touched: &Touched) {
        let next = Arc::new(next);
        let before = self.shown.swap(Arc::clone(&next));
        let Some(watcher) = self.watcher.get() else {
            return;
        };
        if let Err(panic) = catch_panic(|| watcher(&before, &next, touched)) {
            error!(
                cause = panic,
                "a defect: what follows commits panicked, so that clients may miss an event; writes go on"
            );
        }
    }
}
