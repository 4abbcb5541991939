//! The reserve file: space that is allocated while the disk has some, and released when it has none, so that tokens can
//! still be revoked and the server can end in good order.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::store::folder::create_private_file;

/// Maximum bytes of the file.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The part of the setting `disk_reserve_mib` that the file has.
const PART: u64 = 4;

/// Bytes that are written at a time on a file system that cannot allocate them at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// Bytes of a block of `st_blocks`.
const STAT_BLOCK_BYTES: u64 = 512;

/// The reserve file of a data folder.
#[derive(Debug, Clone)]
pub(super) struct ReserveFile(PathBuf);

impl ReserveFile {
    /// Returns the reserve file at this path, which need not exist.
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Returns the bytes of the file for a reserve of this size.
    pub(super) fn bytes_for(reserve_bytes: u64) -> u64 {
        (reserve_bytes / PART).min(MAX_BYTES)
    }

    /// Returns the allocated bytes of the file; 0 if it does not exist.
    pub(super) fn bytes(&self) -> u64 {
        let found = fs::symlink_metadata(&self.0).ok().filter(fs::Metadata::is_file);
        found.map_or(0, |found| found.blocks() * STAT_BLOCK_BYTES)
    }

    /// Allocates the file with this size. Removes it again if the disk has too little space.
    ///
    /// # Errors
    /// The error of the file system.
    pub(super) fn allocate(&self, bytes: u64) -> io::Result<()> {
        let file = create_private_file(&self.0)?;
        let allocated = fill(&file, bytes).and_then(|()| file.sync_all());
        if allocated.is_err() {
            self.release()?;
        }
        allocated
    }

    /// Removes the file. Returns the bytes that were allocated.
    ///
    /// # Errors
    /// The error of the file system.
    pub(super) fn release(&self) -> io::Result<u64> {
        let bytes = self.bytes();
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(bytes),
        }
    }
}

fn fill(mut file: &File, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
        outcome => return Ok(outcome?),
    }
    // A file system that compresses would allocate nothing for zeros.
    let mut block = vec![0; BLOCK_BYTES];
    getrandom::fill(&mut block).map_err(io::Error::other)?;
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
        file.write_all(&block[..length])?;
        left -= length as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_its_space_until_it_is_released() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("reserve");
        let file = ReserveFile::at(path.clone());
        assert_eq!(file.release().expect("it is not there"), 0);
        for bytes in [300_000, 200_000] {
            file.allocate(bytes).expect("a disk with space");
            assert!(file.bytes() >= bytes, "{}", file.bytes());
            assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
        }
        assert!(file.release().expect("it is there") >= 200_000);
        assert!(!path.exists());
    }

    #[test]
    fn the_file_is_a_part_of_the_reserve() {
        assert_eq!(ReserveFile::bytes_for(0), 0);
        assert_eq!(ReserveFile::bytes_for(4 * 1024 * 1024), 1024 * 1024);
        assert_eq!(ReserveFile::bytes_for(u64::MAX), MAX_BYTES);
    }
}
