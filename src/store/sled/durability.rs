//! Makes sled's flush survive a power cut on Linux.
//!
//! sled 0.34.7 ends a flush in `sync_file_range`, which syncs neither the file's size nor the drive's cache: after a
//! power cut, acknowledged data or the whole store is gone (sled issues 1351 and 1452). If the call returns `ENOSYS`,
//! sled uses `sync_all` instead. So this binary defines its own `sync_file_range` that always returns `ENOSYS`, and
//! sled is linked against it. The store refuses to open if the linker did not do so.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Replaces libc's `sync_file_range` in this binary; see the head of this file.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod replacement {
    // SAFETY: the name and signature are those of sync_file_range(2), so callers link to a function of the type that
    // they expect, and the call only sets errno. It affects all Rust code of the binary; only sled calls it.
    #[unsafe(no_mangle)]
    extern "C" fn sync_file_range(_fd: i32, _offset: i64, _bytes: i64, _flags: u32) -> i32 {
        // SAFETY: `__errno_location` returns a pointer to the calling thread's own errno, which is always valid.
        unsafe { *libc::__errno_location() = libc::ENOSYS };
        -1
    }

    /// Returns whether the symbol that Rust code calls, sled included, is the one above.
    pub(super) fn answers_enosys() -> bool {
        // SAFETY: the arguments are plain numbers. The kernel's own call refuses a descriptor of -1 with EBADF, so
        // the two can be distinguished.
        let answer = unsafe { libc::sync_file_range(-1, 0, 0, 0) };
        answer == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS)
    }
}

/// Returns whether sled's flush reaches the disk in this binary.
#[cfg(target_os = "linux")]
pub(super) fn flush_is_durable() -> bool {
    replacement::answers_enosys()
}

/// Returns true: outside Linux, a flush of sled calls `sync_all`.
#[cfg(not(target_os = "linux"))]
pub(super) fn flush_is_durable() -> bool {
    true
}

/// Bytes of a file that are written again at a time.
const BLOCK_BYTES: usize = 256 * 1024;

/// Writes all files in a folder again, in their places and with the same bytes, and makes them durable. After a failed sync,
/// the system may count a page as written that is not on the disk, and show it to readers until it leaves the memory. Blocks
/// of zeros are left out, so that holes stay holes.
///
/// # Errors
/// The file system's error.
pub(super) fn write_again(folder: &Path) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    for entry in folder.read_dir()? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let file = File::options().read(true).write(true).open(entry.path())?;
        let mut offset = 0;
        loop {
            let length = file.read_at(&mut block, offset)?;
            let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            if bytes.iter().any(|byte| *byte != 0) {
                file.write_all_at(bytes, offset)?;
            }
            offset += length as u64;
        }
        file.sync_all()?;
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #[test]
    fn sled_is_linked_against_the_replacement() {
        assert!(super::flush_is_durable());
    }
}
