//! Compaction: the store is copied record by record into a new one, which then takes its place.
//!
//! sled never gives space back, and the bytes of a removed or replaced record stay in its files until sled
//! happens to write over them. A new store has only what is there now.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sled::transaction::TransactionError;
use sled::{IVec, Transactional};
use tracing::{info, warn};

use super::commits::Commits;
use super::contain::contain;
use super::open::{Engine, clear, open_sled, wait_until_closed};
use super::record::Record;
use super::table::{Table, Trees};
use super::{OpenError, durability, folder, overflow, swap, verify};
use crate::clock::Clock;

/// Most entries and bytes that are copied in one transaction.
const BATCH_ENTRIES: usize = 256;
const BATCH_BYTES: usize = 1024 * 1024;

/// Free space that a compaction needs: so many times the bytes of the records, and so many bytes more.
const SPACE_FACTOR: u64 = 3;
const SPACE_BYTES: u64 = 8 * 1024 * 1024;

/// How long one batch may take. sled waits for ever when a write of its own threads fails, for example on a
/// full disk.
const BATCH_PATIENCE: Duration = Duration::from_secs(30);

/// How long the check of the new store may take.
const CHECK_PATIENCE: Duration = Duration::from_mins(10);

/// How often the progress is logged.
const PROGRESS_PAUSE: Duration = Duration::from_secs(5);

/// The result of a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// Bytes of the store's files before.
    pub before_bytes: u64,
    /// Bytes of the store's files now.
    pub after_bytes: u64,
    /// How many records and index entries the store has.
    pub entries: u64,
}

/// Why a store was not compacted. The store is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// The store does not open or is damaged.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk has too little free space.
    #[error(
        "a compaction of the store in {} needs {needed} bytes of free space, and there are {free}: free some, then try \
         again",
        folder.display()
    )]
    NoSpace {
        /// The data folder.
        folder: PathBuf,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The new store could not be written or is not the same as the old one.
    #[error("the store in {} could not be compacted and is used as it is: {cause}", folder.display())]
    Failed {
        /// The data folder.
        folder: PathBuf,
        /// What went wrong.
        cause: String,
    },
}

/// Compacts the store in a data folder that no process has open.
pub(super) fn compact(path: &Path) -> Result<Compaction, CompactError> {
    let engine = Engine::open(path)?;
    let found = engine.verify();
    if !found.problems.is_empty() {
        return Err(CompactError::Open(OpenError::Damaged {
            folder: path.to_owned(),
            problems: found.problems,
        }));
    }
    let failed = |cause: String| CompactError::Failed {
        folder: path.to_owned(),
        cause,
    };
    check_space(path, found.live_bytes)?;
    let before_bytes = engine.file_bytes().map_err(|error| failed(error.to_string()))?;
    let (entries, commits) = (found.entries, found.snapshot.commits);
    drop(found);

    let compacting = engine.folder().compacting();
    let copied = copy(&engine, &compacting, entries, commits);
    let folder = engine.into_folder();
    if let Err(cause) = copied {
        // What stays is removed by the next start.
        let _ = std::fs::remove_dir_all(&compacting);
        return Err(failed(cause));
    }
    let folder = folder.map_err(|error| failed(error.to_string()))?;
    swap::put_in_place(&folder).map_err(|error| failed(error.to_string()))?;
    let after_bytes = folder::file_bytes(&folder.store()).map_err(|error| failed(error.to_string()))?;
    Ok(Compaction {
        before_bytes,
        after_bytes,
        entries,
    })
}

/// Refuses a compaction for which the disk has too little space. A file system that does not say how much it has
/// is taken to have enough.
fn check_space(folder: &Path, live_bytes: u64) -> Result<(), CompactError> {
    let needed = live_bytes * SPACE_FACTOR + SPACE_BYTES;
    match rustix::fs::statvfs(folder) {
        Ok(space) if space.f_blocks > 0 && space.f_bavail * space.f_frsize < needed => Err(CompactError::NoSpace {
            folder: folder.to_owned(),
            needed,
            free: space.f_bavail * space.f_frsize,
        }),
        Ok(_) => Ok(()),
        Err(error) => {
            warn!(%error, "the free space is unknown");
            Ok(())
        }
    }
}

/// The number and the checksum of a table's entries.
type Sums = BTreeMap<&'static str, (u64, u32)>;

/// What the thread that writes the new store is asked for. It answers each once it is done.
enum Job {
    Put(Table, Vec<(IVec, IVec)>),
    /// Writes the counts, checks all that was written, closes the store and makes it durable.
    Finish(Commits),
}

/// Copies all records into a new store in this folder and makes it durable.
fn copy(engine: &Engine, compacting: &Path, entries: u64, commits: Commits) -> Result<(), String> {
    let copier = Copier::start(compacting)?;
    let mut progress = Progress::new(entries);
    let mut sums = Sums::new();
    for table in Table::ALL {
        // The parts of long values are written with their values, and the counts at the end.
        if matches!(table, Table::Overflow | Table::Commits) {
            continue;
        }
        let mut sum = Sum::default();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut rest = engine.trees.of(table).iter();
        while let Some((key, value)) = next(&engine.trees, table, &mut rest)? {
            sum.add(&key, &value);
            bytes += key.len() + value.len();
            batch.push((key, value));
            if batch.len() >= BATCH_ENTRIES || bytes >= BATCH_BYTES {
                progress.add(batch.len());
                bytes = 0;
                copier.ask(Job::Put(table, std::mem::take(&mut batch)), BATCH_PATIENCE)?;
            }
        }
        if !batch.is_empty() {
            progress.add(batch.len());
            copier.ask(Job::Put(table, batch), BATCH_PATIENCE)?;
        }
        sums.insert(table.name(), sum.done());
    }
    let commits = Commits {
        count: commits.count,
        erasures: 0,
        compacted_at: Some(Clock::System.now()),
        compacted_bytes: 0,
    };
    let written = copier.ask(Job::Finish(commits), CHECK_PATIENCE)?;
    if written == sums {
        Ok(())
    } else {
        Err("the new store has not the same records as the old one".into())
    }
}

/// The next entry of a table, with its whole value.
fn next(trees: &Trees, table: Table, rest: &mut sled::Iter) -> Result<Option<(IVec, IVec)>, String> {
    let read = || -> sled::Result<Option<(IVec, IVec)>> {
        let Some(entry) = rest.next() else {
            return Ok(None);
        };
        let (key, placed) = entry?;
        let value = trees.whole(table, &key, placed)?.unwrap_or_default();
        Ok(Some((key, value)))
    };
    contain(read)?.map_err(|error| error.to_string())
}

/// A running sum of a table's entries.
#[derive(Default)]
struct Sum {
    count: u64,
    hasher: crc32fast::Hasher,
}

impl Sum {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.count += 1;
        for bytes in [key, value] {
            self.hasher.update(&(bytes.len() as u64).to_le_bytes());
            self.hasher.update(bytes);
        }
    }

    fn done(self) -> (u64, u32) {
        (self.count, self.hasher.finalize())
    }
}

/// Logs the progress of a compaction that takes long.
struct Progress {
    copied: u64,
    entries: u64,
    logged: Instant,
}

impl Progress {
    fn new(entries: u64) -> Self {
        Self {
            copied: 0,
            entries,
            logged: Instant::now(),
        }
    }

    fn add(&mut self, copied: usize) {
        self.copied += copied as u64;
        if self.logged.elapsed() >= PROGRESS_PAUSE {
            self.logged = Instant::now();
            info!(copied = self.copied, of = self.entries, "compacting the store");
        }
    }
}

/// The thread that writes the new store. It is a thread of its own, so that it can be left behind when the disk
/// fails: the old store stays usable.
struct Copier {
    jobs: Sender<Job>,
    answers: Receiver<Result<Sums, String>>,
}

impl Copier {
    fn start(compacting: &Path) -> Result<Self, String> {
        clear(compacting).map_err(|error| error.to_string())?;
        let (jobs, waiting) = channel();
        let (answer, answers) = channel();
        let compacting = compacting.to_owned();
        thread::Builder::new()
            .name("store-copier".into())
            .spawn(move || {
                let outcome = contain(|| write(&compacting, &waiting, &answer)).and_then(|outcome| outcome);
                // Without anybody to answer to, nothing is left to do.
                let _ = answer.send(outcome);
            })
            .map_err(|error| error.to_string())?;
        Ok(Self { jobs, answers })
    }

    /// Asks for a job and waits for its end.
    fn ask(&self, job: Job, patience: Duration) -> Result<Sums, String> {
        // A thread that has ended has left its reason as the last answer.
        let _ = self.jobs.send(job);
        match self.answers.recv_timeout(patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("the disk did not answer for {} seconds", patience.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => Err("the thread that writes it has ended".into()),
        }
    }
}

/// Does jobs until the last one. Returns the sums of what was written.
fn write(compacting: &Path, jobs: &Receiver<Job>, answer: &Sender<Result<Sums, String>>) -> Result<Sums, String> {
    let (db, trees) = open_sled(compacting).map_err(|error| error.to_string())?;
    for job in jobs {
        match job {
            Job::Put(table, batch) => {
                put(&trees, table, &batch)?;
                db.flush().map_err(|error| error.to_string())?;
                if answer.send(Ok(Sums::new())).is_err() {
                    break;
                }
            }
            Job::Finish(commits) => {
                let size = db.size_on_disk().map_err(|error| error.to_string())?;
                let commits = Commits {
                    compacted_bytes: size,
                    ..commits
                };
                let record = (IVec::from(commits.key()), IVec::from(commits.encode()));
                put(&trees, Commits::TABLE, &[record])?;
                db.flush().map_err(|error| error.to_string())?;
                let sums = check(&trees)?;
                drop((trees, db));
                let durable = wait_until_closed(compacting).and_then(|()| durability::sync_folder(compacting));
                return durable.map(|()| sums).map_err(|error: io::Error| error.to_string());
            }
        }
    }
    Err("it was given up".into())
}

fn put(trees: &Trees, table: Table, batch: &[(IVec, IVec)]) -> Result<(), String> {
    let views = [trees.of(table), trees.of(Table::Overflow)].map(Clone::clone);
    let outcome = views[..].transaction(|views| {
        for (key, value) in batch {
            overflow::put(&views[0], &views[1], (table, key), Some(value))?;
        }
        Ok(())
    });
    outcome.map_err(|error| match error {
        TransactionError::Storage(error) => error.to_string(),
        TransactionError::Abort(()) => "the transaction was aborted".into(),
    })
}

/// Verifies a store and returns the sums of its tables.
fn check(trees: &Trees) -> Result<Sums, String> {
    if let Some(problem) = verify::verify(trees).problems.first() {
        return Err(format!("the new store is damaged: {problem}"));
    }
    let mut sums = Sums::new();
    for table in Table::ALL {
        if matches!(table, Table::Overflow | Table::Commits) {
            continue;
        }
        let mut sum = Sum::default();
        let mut rest = trees.of(table).iter();
        while let Some((key, value)) = next(trees, table, &mut rest)? {
            sum.add(&key, &value);
        }
        sums.insert(table.name(), sum.done());
    }
    Ok(sums)
}
