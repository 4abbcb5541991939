//! The checks of the disk: free space, and the time that it takes to make a write durable.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

use super::diagnosis::Diagnosis;
use crate::store::create_private_file;

/// The number of writes that are measured.
const WRITES: usize = 15;

/// Bytes of each write, about as many as a small batch of the store has.
const WRITE_BYTES: usize = 4096;

/// The time after which a disk that does not answer is given up.
const DISK_TIMEOUT: Duration = Duration::from_secs(10);

/// A disk with this median or a longer one is slow.
const SLOW: Duration = Duration::from_millis(50);

/// The name of the file that is written. It is removed afterwards.
const NAME: &str = "doctor.unfinished";

/// The number of reserves below which the free space is called low.
const LOW_FACTOR: u64 = 4;

const MIB: u64 = 1024 * 1024;

/// Checks the disk of the data folder.
pub(super) fn check(folder: &Path, reserve_bytes: u64) -> Vec<Diagnosis> {
    if !folder.is_dir() {
        let found = format!("there is no data folder {} yet", folder.display());
        return vec![Diagnosis::skipped("disk", found)];
    }
    vec![free(folder, reserve_bytes), speed(folder)]
}

fn free(folder: &Path, reserve_bytes: u64) -> Diagnosis {
    const CHECK: &str = "disk space";
    let found = match statvfs(folder) {
        Ok(found) => found,
        Err(error) => {
            let words = format!("the free space of {} cannot be read: {error}", folder.display());
            return Diagnosis::warning(CHECK, words, "check the disk");
        }
    };
    // The server does not check the free space either, if the file system does not know it.
    if found.f_blocks == 0 {
        return Diagnosis::skipped(CHECK, "the file system does not know its free space");
    }
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let words = format!("{} MiB are free", free / MIB);
    if free < reserve_bytes {
        let words = format!("{words}, fewer than disk_reserve_mib ({})", reserve_bytes / MIB);
        Diagnosis::problem(CHECK, words, "free some; the server is not ready until then")
    } else if free / LOW_FACTOR < reserve_bytes {
        Diagnosis::warning(CHECK, words, "free some soon")
    } else {
        Diagnosis::ok(CHECK, words)
    }
}

fn speed(folder: &Path) -> Diagnosis {
    const CHECK: &str = "disk speed";
    let path = folder.join(NAME);
    let (done, measured) = mpsc::channel();
    let written = path.clone();
    // A disk that does not answer holds only this thread, which ends with the process.
    let begun = thread::Builder::new().spawn(move || done.send(measure(&written)));
    if let Err(error) = begun {
        return Diagnosis::skipped(CHECK, format!("the measurement cannot begin: {error}"));
    }
    match measured.recv_timeout(DISK_TIMEOUT) {
        Ok(Ok(median)) => {
            let words = format!(
                "a write is durable after {:.1} ms (median)",
                median.as_secs_f64() * 1000.0
            );
            if median >= SLOW {
                let advice = "every change waits this long: put the data folder on a faster disk, not on a network";
                Diagnosis::warning(CHECK, words, advice)
            } else {
                Diagnosis::ok(CHECK, words)
            }
        }
        Ok(Err(error)) => Diagnosis::problem(
            CHECK,
            format!("{} cannot be written: {error}", path.display()),
            "check the disk, and whether this user may write there",
        ),
        Err(_) => {
            let words = format!("the disk has not answered for {} seconds", DISK_TIMEOUT.as_secs());
            Diagnosis::problem(CHECK, words, "check the disk")
        }
    }
}

/// Returns the median time of a write that is made durable.
fn measure(path: &Path) -> io::Result<Duration> {
    let file = create_private_file(path)?;
    let times = write(&file);
    fs::remove_file(path)?;
    let mut times = times?;
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

fn write(mut file: &File) -> io::Result<Vec<Duration>> {
    let began = Instant::now();
    let mut times = Vec::with_capacity(WRITES);
    while times.is_empty() || (times.len() < WRITES && began.elapsed() < DISK_TIMEOUT / 2) {
        let start = Instant::now();
        file.write_all(&[0; WRITE_BYTES])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    Ok(times)
}
