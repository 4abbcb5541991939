//! Copies a whole store or backup into a cluster.
//!
//! It is written in transactions that are numbered by a marker, so that the same command goes on where an interrupted one
//! ended. Then all is read back and compared. The format is written last: no server opens a store without it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{fs, io};

use etcd_client::{Compare, CompareOp, Txn, TxnOp, TxnOpResponse};
use tokio::time::timeout;

use super::at_revision::AtRevision;
use super::cluster::Cluster;
use super::failure::ClusterFailure;
use super::followed::Followed;
use super::format;
use super::marker::Marker;
use super::open::{reach, unusable};
use super::outcome::SendOutcome;
use super::transaction::{MAX_BYTES, MAX_EXPECTATIONS};
use crate::config::ClusterAddress;
use crate::store::codec;
use crate::store::copy_error::CopyError;
use crate::store::folder::{DataFolder, SECRET_KEY, write_private};
use crate::store::format::Format;
use crate::store::open_error::OpenError;
use crate::store::progress::Progress;
use crate::store::records::Table;
use crate::store::source::RecordSource;
use crate::store::sums::{RunningSums, Sums};
use crate::store::verify::verify;

/// The name of the stored checksums of a source.
const NAME: &str = "source";

/// The time for one transaction, at all nodes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Copies a source into a cluster that has no store of this name. The data folder gets the key, if the source has one.
///
/// # Errors
/// [`CopyError`].
pub(in crate::store) fn copy_into(
    address: &ClusterAddress,
    folder: &Path,
    source: &dyn RecordSource,
) -> Result<(), CopyError> {
    place_key(folder, source)?;
    let cluster = Arc::new(reach(address)?);
    let copy = UnfinishedCopy::begin(&cluster, &source.contents().sums)?;
    let finished = if copy.is_open { copy.clear() } else { copy.run(source) };
    finished.map_err(|cause| CopyError::Interrupted {
        address: address.to_string(),
        cause,
    })
}

/// Writes the key of the source to the data folder, unless it is there already.
fn place_key(folder: &Path, source: &dyn RecordSource) -> Result<(), CopyError> {
    let Some(key) = source.key() else { return Ok(()) };
    let _held = DataFolder::hold(folder)?;
    let path = folder.join(SECRET_KEY);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == key => Ok(()),
        Ok(_) => Err(CopyError::OtherKey(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let written = write_private(&path, format!("{key}\n").as_bytes());
            Ok(written.map_err(|cause| OpenError::of_folder(folder, cause))?)
        }
        Err(cause) => Err(OpenError::of_folder(folder, cause).into()),
    }
}

/// A copy that has begun.
struct UnfinishedCopy {
    cluster: Arc<Cluster>,
    /// Its number is that of the last transaction that was made.
    marker: Marker,
    /// True if an earlier command has finished the copy, but for the keys that are not needed any more.
    is_open: bool,
    /// The number of transactions that an earlier command made, and that are not made again.
    skipped: u64,
    waiting: Vec<TxnOp>,
    waiting_bytes: usize,
}

impl UnfinishedCopy {
    /// Begins, or goes on with what an earlier command began.
    fn begin(cluster: &Arc<Cluster>, sums: &Sums) -> Result<Self, CopyError> {
        let keys = cluster.keys.clone();
        let (address, prefix) = (cluster.address().to_string(), keys.all());
        let unreached = |failure: ClusterFailure| unusable(cluster, failure.to_string());
        let gets = [keys.format(), keys.copying(), keys.source()].map(|key| TxnOp::get(key, None));
        let read = Txn::new().and_then(gets);
        let asked = Arc::clone(cluster);
        let found = cluster
            .wait(async move { asked.repeat(read).await })
            .map_err(unreached)?;
        let mut values = found.op_responses().into_iter().map(|response| match response {
            TxnOpResponse::Get(got) => got.kvs().first().cloned(),
            _ => None,
        });
        let (format, copying, source) = (
            values.next().flatten(),
            values.next().flatten(),
            values.next().flatten(),
        );
        let own = codec::seal(NAME, &keys.source(), 1, sums);
        let is_own = source.map(|source| source.value() == own);
        match (&format, is_own) {
            (Some(_), None | Some(false)) => return Err(CopyError::OccupiedName { address, prefix }),
            (None, Some(false)) => return Err(CopyError::OtherSource { address, prefix }),
            _ => {}
        }
        let number = copying.as_ref().and_then(|found| found.value().try_into().ok());
        let mut copy = Self {
            cluster: Arc::clone(cluster),
            marker: Marker {
                key: keys.copying(),
                lease: 0,
                revision: copying.map_or(0, |found| found.mod_revision()),
                number: number.map_or(0, u64::from_be_bytes),
            },
            is_open: format.is_some(),
            skipped: 0,
            waiting: Vec::new(),
            waiting_bytes: 0,
        };
        if copy.is_open {
            return Ok(copy);
        }
        if copy.marker.number == 0 {
            let put = TxnOp::put(keys.source(), own, None);
            let begun = copy.send(vec![put]);
            begun.map_err(|cause| CopyError::Interrupted { address, cause })?;
        } else {
            copy.skipped = copy.marker.number - 1;
        }
        Ok(copy)
    }

    /// Writes what is missing, compares all with the source, and lets servers open the store.
    fn run(mut self, source: &dyn RecordSource) -> Result<(), String> {
        let contents = source.contents();
        let mut progress = Progress::new("writing the new store", contents.entries);
        source.read(&mut |table, key, value| {
            progress.add(1);
            self.put(table, key, value)
        })?;
        self.write()?;
        self.compare(&contents.sums)?;
        self.send(vec![TxnOp::put(
            self.cluster.keys.format(),
            format::stored(Format::NEWEST),
            None,
        )])?;
        self.clear()
    }

    /// Adds an entry. Each run of the command forms the same transactions.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), String> {
        let bytes = key.len() + value.len();
        if self.waiting.len() == MAX_EXPECTATIONS || self.waiting_bytes + bytes > MAX_BYTES {
            self.write()?;
        }
        self.waiting_bytes += bytes;
        self.waiting
            .push(TxnOp::put(self.cluster.keys.entry(table, key), value, None));
        Ok(())
    }

    /// Writes the waiting entries as one transaction.
    fn write(&mut self) -> Result<(), String> {
        self.waiting_bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        self.send(waiting)
    }

    /// Makes these operations, unless the store has been opened or another command copies into it.
    fn send(&mut self, operations: Vec<TxnOp>) -> Result<(), String> {
        let is_closed = Compare::create_revision(self.cluster.keys.format(), CompareOp::Equal, 0);
        let settled = self.marker.next(vec![is_closed], operations);
        let cluster = Arc::clone(&self.cluster);
        let sending = async move {
            let sent = timeout(PATIENCE, settled.send(cluster, Arc::new(Followed::default())));
            sent.await
                .map_err(|_| ClusterFailure::Unreached(format!("no answer in {} s", PATIENCE.as_secs())))
        };
        match self.cluster.wait(sending).map_err(|failure| failure.to_string())? {
            SendOutcome::Made { number, revision } if number == self.marker.number => {
                self.marker.revision = revision;
                Ok(())
            }
            SendOutcome::Failed(failure) => Err(failure.to_string()),
            _ => Err("another command copies into it at the same time".into()),
        }
    }

    /// Reads all back, and compares it with the source.
    fn compare(&self, expected: &Sums) -> Result<(), String> {
        let failed = |failure: ClusterFailure| failure.to_string();
        let revision = AtRevision::newest(&self.cluster).map_err(failed)?.revision;
        let records = AtRevision::all(Arc::clone(&self.cluster), revision);
        let mut written = RunningSums::begin();
        for table in Table::in_order_of_backups() {
            let read = records.read(table, &mut |entry| {
                written.add(table, entry.key, entry.value);
                std::ops::ControlFlow::Continue(())
            });
            read.map_err(failed)?;
        }
        if written.done() != *expected {
            return Err("it does not have the same records as its source".into());
        }
        let found = verify(&records, &AtomicBool::new(false));
        if let Some(problem) = found.problems.first() {
            return Err(format!("it is damaged: {problem}"));
        }
        if found.outdated.moves.is_empty() {
            Ok(())
        } else {
            Err("an older version of rollcall wrote it: restore it into a data folder, and move that by `rollcall migrate`".into())
        }
    }

    /// Removes the keys that only the copy needs.
    fn clear(&self) -> Result<(), String> {
        let cluster = Arc::clone(&self.cluster);
        let deletes = [cluster.keys.copying(), cluster.keys.source()].map(|key| TxnOp::delete(key, None));
        let delete = Txn::new().and_then(deletes);
        let cleared = self.cluster.wait(async move { cluster.repeat(delete).await.map(drop) });
        cleared.map_err(|failure| failure.to_string())
    }
}
