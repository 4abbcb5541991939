//! The thread that writes a new store.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use sled::transaction::TransactionError;
use sled::{IVec, Transactional};

use super::next_entry::next;
use crate::store::catch_panic::catch_panic;
use crate::store::commits::Commits;
use crate::store::records::{Record, Table};
use crate::store::sled::files::{clear, open_sled, wait_until_closed};
use crate::store::sled::overflow;
use crate::store::sled::reader::verify_trees;
use crate::store::sled::trees::Trees;
use crate::store::sums::{RunningSums, Sums};
use crate::store::sync::sync_folder;

/// A job for the thread that writes the new store. It sends one answer per job.
pub(super) enum CopyJob {
    Put(Table, Vec<(IVec, IVec)>),
    /// Writes the commit record, checks the whole new store, closes it and makes it durable.
    Finish(Commits),
}

/// A handle of the thread that writes the new store. If the disk fails, the caller stops waiting for the thread.
pub(super) struct Copier {
    jobs: Sender<CopyJob>,
    answers: Receiver<Result<Sums, String>>,
}

impl Copier {
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        clear(folder).map_err(|error| error.to_string())?;
        let (jobs, waiting) = channel();
        let (answer, answers) = channel();
        let folder = folder.to_owned();
        thread::Builder::new()
            .name("store-copier".into())
            .spawn(move || {
                let outcome = catch_panic(|| write(&folder, &waiting, &answer)).and_then(|outcome| outcome);
                // If the receiver is dropped, there is nothing left to do.
                let _ = answer.send(outcome);
            })
            .map_err(|error| error.to_string())?;
        Ok(Self { jobs, answers })
    }

    /// Sends a job and waits for its answer, at most `patience`.
    pub(super) fn ask(&self, job: CopyJob, patience: Duration) -> Result<Sums, String> {
        // A thread that has ended has sent its error as the last answer.
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

/// Does all jobs up to the last. Returns the sums of the tables in the new store.
fn write(folder: &Path, jobs: &Receiver<CopyJob>, answer: &Sender<Result<Sums, String>>) -> Result<Sums, String> {
    let (db, trees) = open_sled(folder).map_err(|error| error.to_string())?;
    for job in jobs {
        match job {
            CopyJob::Put(table, batch) => {
                put(&trees, table, &batch)?;
                db.flush().map_err(|error| error.to_string())?;
                if answer.send(Ok(Sums::new())).is_err() {
                    break;
                }
            }
            CopyJob::Finish(commits) => {
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
                let durable = wait_until_closed(folder).and_then(|()| sync_folder(folder));
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
    if let Some(problem) = verify_trees(trees, &AtomicBool::new(false)).problems.first() {
        return Err(format!("the new store is damaged: {problem}"));
    }
    let mut sums = RunningSums::begin();
    for table in Table::in_order_of_backups() {
        let mut rest = trees.of(table).iter();
        while let Some((key, value)) = next(trees, table, &mut rest)? {
            sums.add(table, &key, &value);
        }
    }
    Ok(sums.done())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST_TIMEOUT: Duration = Duration::from_mins(1);

    #[test]
    fn a_copier_that_does_not_answer_is_given_up() {
        let (jobs, _waiting) = channel();
        let (answer, answers) = channel();
        let copier = Copier { jobs, answers };
        let ask = |patience| copier.ask(CopyJob::Put(Table::Users, Vec::new()), patience);
        let given_up = ask(Duration::ZERO).expect_err("no answer");
        assert!(given_up.contains("did not answer"), "{given_up}");
        answer.send(Err("the disk is full".into())).expect("it listens");
        assert_eq!(ask(TEST_TIMEOUT), Err("the disk is full".into()));
        drop(answer);
        let ended = ask(TEST_TIMEOUT).expect_err("no thread");
        assert!(ended.contains("has ended"), "{ended}");
    }
}
