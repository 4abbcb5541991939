//! The room on the disk as the writer measures it, and the reserve file.

use std::io;

use tracing::{error, info, warn};

use super::engine::{DiskFailure, EngineFiles, SledEngine};
use super::reserve_file::ReserveFile;
use crate::store::folder::DataFolder;
use crate::store::room::{DiskRefusal, Room, Space, recovered_bytes, release_bytes};

impl DiskFailure {
    /// Returns the room that there is in this state.
    pub(super) const fn room(self) -> Room {
        match self.refusal {
            DiskRefusal::ReadOnly => Room::ReadOnly,
            DiskRefusal::Full if self.is_open => Room::Scarce,
            DiskRefusal::Full => Room::Full,
        }
    }
}

impl SledEngine {
    /// Measures the room on the disk, unless a failure decides it. If it cannot be measured, it stays.
    pub(super) fn measure_room(&mut self) {
        if self.failure.is_some() {
            return;
        }
        if let Ok(space) = self.space() {
            let before = self.shared.room();
            self.set_room(Room::of(space, self.reserve_bytes(), before), Some(space));
        }
    }

    pub(super) fn reserve_bytes(&self) -> u64 {
        self.shared.reserve_bytes.get().copied().unwrap_or_default()
    }

    fn folder(&self) -> Option<&DataFolder> {
        match self.files.as_ref()? {
            EngineFiles::Open(store) => Some(store.folder()),
            EngineFiles::Closed(folder) => Some(folder),
        }
    }

    pub(super) fn reserve_file(&self) -> Option<ReserveFile> {
        self.folder().map(|folder| ReserveFile::at(folder.reserve()))
    }

    pub(super) fn space(&self) -> io::Result<Space> {
        self.folder().map_or_else(
            || Err(io::ErrorKind::NotFound.into()),
            |folder| Space::of(folder.path()),
        )
    }

    /// Sets the room, and logs each loss of it once until all changes are made again.
    pub(super) fn set_room(&mut self, room: Room, space: Option<Space>) {
        let before = self.shared.replace_room(room);
        if room == Room::Enough {
            if before != room {
                self.least_room = room;
                info!(
                    "the disk has more free space than the reserve again, or can be written again: all changes are made"
                );
            }
            return;
        }
        if room <= self.least_room {
            return;
        }
        let was_enough = self.least_room == Room::Enough;
        self.least_room = room;
        let (free_bytes, reserve_bytes) = (space.and_then(|space| space.free_bytes), self.reserve_bytes());
        match room {
            Room::ReadOnly => error!(
                "the disk is mounted read-only: writes are answered 503, reads, sockets and events go on; mount it for writing \
                 (the system also mounts a disk read-only after errors, see `dmesg`)"
            ),
            _ if was_enough => error!(
                free_bytes,
                reserve_bytes,
                "the disk is full or has less free space than the reserve: writes are answered 507 until there is more, except \
                 logouts and removals; reads, sockets and events go on; free some"
            ),
            Room::Full => error!(free_bytes, "the disk is full: no change is made, not even a logout"),
            _ => warn!(
                free_bytes,
                "the disk has less free space than half of the reserve: logins and proofs are refused too"
            ),
        }
    }

    /// Allocates the reserve file while there is room, and releases it while there is none.
    pub(super) fn keep_reserve(&mut self) {
        let reserve_bytes = self.reserve_bytes();
        let bytes = ReserveFile::bytes_for(reserve_bytes);
        let (Some(file), Ok(space)) = (self.reserve_file(), self.space()) else {
            return;
        };
        let Some(free) = space.free_bytes.filter(|_| bytes > 0 && !space.is_read_only) else {
            return;
        };
        let is_there = file.bytes() >= bytes;
        if !is_there && free >= recovered_bytes(reserve_bytes).saturating_add(bytes) {
            // Without this file the server works, but has less room on a full disk.
            if let Err(cause) = file.allocate(bytes) {
                warn!(%cause, bytes, "the reserve file cannot be allocated");
            }
        } else if file.bytes() > 0 && free < release_bytes(reserve_bytes) {
            release(&file);
            self.measure_room();
        }
    }
}

/// Releases the reserve file. Returns the bytes that became free.
pub(super) fn release(file: &ReserveFile) -> u64 {
    match file.release() {
        Ok(bytes) => {
            if bytes > 0 {
                warn!(
                    bytes,
                    "the reserve file was released, so that logouts and removals can still be stored"
                );
            }
            bytes
        }
        Err(cause) => {
            warn!(%cause, "the reserve file cannot be released");
            0
        }
    }
}
