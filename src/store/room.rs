//! The room on the disk: its free space, and the changes for which that is enough.
//!
//! An engine may not survive a write that the disk refuses. So the writer measures the free space before each batch, and
//! refuses changes while there is still some. The setting `disk_reserve_mib` is the space below which it refuses the
//! first ones. What ends access or removes data is refused last.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::io::Errno;

use super::commit_error::CommitError;

/// Bytes below which nothing is written: two segments of the log of sled, which is the most that it allocates for a batch.
const FULL_BYTES: u64 = 1024 * 1024;

/// Below this part of the reserve, failed guesses are not counted, and therefore guesses are not verified.
const SCARCE_PART: u64 = 2;

/// The part of the reserve below which the reserve file is released, if that is more than twice [`FULL_BYTES`].
const RELEASE_PART: u64 = 8;

/// The part of the reserve that must be free beyond it before all changes are made again. Without this, a disk at the
/// limit would refuse and take changes in turn.
const RECOVERED_PART: u64 = 16;

/// The changes for which the disk has room.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// There is room for all changes.
    #[default]
    Enough,
    /// There is less free space than the reserve. Failed guesses are counted, and what ends access or removes data is
    /// stored.
    Low,
    /// There is less free space than half of the reserve. Only what ends access or removes data is stored.
    Scarce,
    /// There is no room for any change.
    Full,
    /// The file system is mounted read-only.
    ReadOnly,
}

/// How urgent a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The change ends access, removes data, or stores what a server that stops must keep.
    Removal,
    /// The change counts a failed guess.
    Failure,
    /// Any other change.
    Other,
}

impl Room {
    /// Returns whether there is room for a change.
    #[must_use]
    pub fn allows(self, need: Need) -> bool {
        match self {
            Self::Enough => true,
            Self::Low => need <= Need::Failure,
            Self::Scarce => need <= Need::Removal,
            Self::Full | Self::ReadOnly => false,
        }
    }

    /// Returns the error for a change that is refused because of this room.
    #[must_use]
    pub const fn refusal(self) -> CommitError {
        match self {
            Self::ReadOnly => CommitError::ReadOnly,
            Self::Enough | Self::Low | Self::Scarce | Self::Full => CommitError::Full,
        }
    }

    /// Returns the room of a disk with this space, if it had room `before`.
    pub(super) fn of(space: Space, reserve_bytes: u64, before: Self) -> Self {
        if space.is_read_only {
            return Self::ReadOnly;
        }
        let Some(free) = space.free_bytes else {
            return Self::Enough;
        };
        let recovered = match before {
            Self::Enough | Self::ReadOnly => reserve_bytes,
            Self::Low | Self::Scarce | Self::Full => recovered_bytes(reserve_bytes),
        };
        match free {
            _ if free >= recovered => Self::Enough,
            _ if free >= reserve_bytes / SCARCE_PART => Self::Low,
            _ if free >= FULL_BYTES.min(reserve_bytes / RELEASE_PART) => Self::Scarce,
            _ => Self::Full,
        }
    }
}

/// Returns the free bytes at which all changes are made again.
pub(super) const fn recovered_bytes(reserve_bytes: u64) -> u64 {
    reserve_bytes.saturating_add(reserve_bytes / RECOVERED_PART)
}

/// Returns the free bytes below which the reserve file is released.
pub(super) fn release_bytes(reserve_bytes: u64) -> u64 {
    (2 * FULL_BYTES).max(reserve_bytes / RELEASE_PART)
}

/// The reason why the system refuses a write, if the refusal may end without a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiskRefusal {
    /// The disk is full, or the quota of the user is used up.
    Full,
    /// The file system is mounted read-only.
    ReadOnly,
}

impl DiskRefusal {
    /// Returns why the system refused a write, if the refusal may end without a repair.
    pub(super) const fn by(error: Errno) -> Option<Self> {
        match error {
            Errno::NOSPC | Errno::DQUOT => Some(Self::Full),
            Errno::ROFS => Some(Self::ReadOnly),
            _ => None,
        }
    }
}

/// The space of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Space {
    /// Bytes that this user may still write; `None` if the file system does not know.
    pub(super) free_bytes: Option<u64>,
    /// True if the file system is mounted read-only.
    pub(super) is_read_only: bool,
}

impl Space {
    /// Measures the space of the file system of a folder.
    ///
    /// # Errors
    /// The error of the file system.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let found = statvfs(folder)?;
        Ok(Self {
            free_bytes: (found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize)),
            is_read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }
}

/// Returns the bytes that this user may still write to the file system of a folder; `None` if the file system does not
/// know.
///
/// # Errors
/// The error of the file system.
pub(super) fn free_bytes(folder: &Path) -> io::Result<Option<u64>> {
    Ok(Space::of(folder)?.free_bytes)
}

/// Returns the bytes of all files in a folder and its subfolders.
pub(super) fn file_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in folder.read_dir()? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(found) if found.is_dir() => file_bytes(&entry.path())?,
            Ok(found) => found.len(),
            // An engine removes old files at any time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn space(free_bytes: impl Into<Option<u64>>) -> Space {
        Space {
            free_bytes: free_bytes.into(),
            is_read_only: false,
        }
    }

    #[test]
    fn the_less_is_free_the_fewer_changes_there_is_room_for() {
        for (free, room, allowed) in [
            (64 * MIB, Room::Enough, [true; 3]),
            (64 * MIB - 1, Room::Low, [true, true, false]),
            (32 * MIB, Room::Low, [true, true, false]),
            (32 * MIB - 1, Room::Scarce, [true, false, false]),
            (MIB, Room::Scarce, [true, false, false]),
            (MIB - 1, Room::Full, [false; 3]),
            (0, Room::Full, [false; 3]),
        ] {
            assert_eq!(Room::of(space(free), 64 * MIB, Room::Enough), room, "{free}");
            assert_eq!(
                [Need::Removal, Need::Failure, Need::Other].map(|need| room.allows(need)),
                allowed
            );
        }
    }

    #[test]
    fn a_disk_at_its_limit_does_not_take_and_refuse_changes_in_turn() {
        let at = |free: u64, before: Room| Room::of(space(free), 64 * MIB, before);
        assert_eq!(at(64 * MIB, Room::Low), Room::Low);
        assert_eq!(at(68 * MIB, Room::Low), Room::Enough);
        assert_eq!(at(64 * MIB, Room::ReadOnly), Room::Enough);
    }

    #[test]
    fn a_disk_that_does_not_know_its_space_has_enough_and_a_read_only_one_has_none() {
        assert_eq!(Room::of(space(None), 64 * MIB, Room::Full), Room::Enough);
        let read_only = Space {
            is_read_only: true,
            ..space(64 * MIB)
        };
        assert_eq!(Room::of(read_only, 0, Room::Enough), Room::ReadOnly);
        assert_eq!(Room::of(space(0), 0, Room::Enough), Room::Enough, "no reserve is kept");
    }
}
