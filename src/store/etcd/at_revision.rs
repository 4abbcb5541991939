//! Reads the records of the cluster as they were at one revision.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use etcd_client::{GetOptions, GetResponse, KeyValue, ResponseHeader};

use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use super::followed::Peers;
use super::keyspace::{end_of, is_followed};
use super::neighbours::report;
use super::revisions::Revisions;
use crate::store::records::Table;
use crate::store::stored::{LookAtEntry, StoredEntry, StoredRecords};

/// The number of records that are read at once.
const PAGE: i64 = 5000;

/// The number of pictures that are read at once.
const PAGE_OF_AVATARS: i64 = 16;

/// The records at one revision.
pub(super) struct AtRevision {
    cluster: Arc<Cluster>,
    revision: i64,
    /// The revisions of what has been read, if only what each process follows is read.
    revisions: Option<Mutex<Revisions>>,
}

impl AtRevision {
    /// Reads all records at this revision.
    pub(super) const fn all(cluster: Arc<Cluster>, revision: i64) -> Self {
        Self {
            cluster,
            revision,
            revisions: None,
        }
    }

    /// Reads what each process follows, and notes its revisions. All other tables seem empty.
    pub(super) fn followed(cluster: Arc<Cluster>, revision: i64) -> Self {
        Self {
            cluster,
            revision,
            revisions: Some(Mutex::default()),
        }
    }

    /// Returns the revisions of what has been read.
    pub(super) fn into_revisions(self) -> Revisions {
        let revisions = self.revisions.unwrap_or_default();
        revisions.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the newest revision of the cluster.
    pub(super) fn newest(cluster: &Arc<Cluster>) -> Result<Newest, ClusterFailure> {
        let asked = Arc::clone(cluster);
        cluster.wait(async move { newest(&asked).await })
    }

    fn page(&self, from: Vec<u8>, end: Vec<u8>, limit: i64) -> Result<GetResponse, ClusterFailure> {
        let options = GetOptions::new()
            .with_range(end)
            .with_limit(limit)
            .with_revision(self.revision);
        self.cluster.get_now(Patience::LONG, from, Some(options))
    }

    /// Calls `look` with all keys and values that begin with this prefix, until it breaks.
    fn pages(
        &self,
        prefix: &[u8],
        limit: i64,
        mut look: impl FnMut(&KeyValue) -> ControlFlow<()>,
    ) -> Result<(), ClusterFailure> {
        let mut from = prefix.to_vec();
        loop {
            let page = self.page(from, end_of(prefix), limit)?;
            if page.kvs().iter().try_for_each(&mut look).is_break() {
                return Ok(());
            }
            match page.kvs().last().filter(|_| page.more()) {
                Some(last) => from = [last.key(), &[0]].concat(),
                None => return Ok(()),
            }
        }
    }

    /// Returns all processes, and the connections that they have reported.
    pub(super) fn peers(&self) -> Result<Peers, ClusterFailure> {
        let keys = &self.cluster.keys;
        let mut peers = Peers {
            processes: BTreeSet::new(),
            reports: Vec::new(),
        };
        self.pages(&keys.markers(), PAGE, |stored| {
            peers
                .processes
                .extend(keys.parse_marker(stored.key()).map(str::to_owned));
            ControlFlow::Continue(())
        })?;
        self.pages(&keys.all_connections(), PAGE, |stored| {
            peers
                .reports
                .extend(report(&self.cluster, stored.key(), Some(stored.value())));
            ControlFlow::Continue(())
        })?;
        Ok(peers)
    }

    /// Calls `look` with each entry of a table, until it breaks.
    pub(super) fn read(&self, table: Table, look: LookAtEntry<'_>) -> Result<(), ClusterFailure> {
        if self.revisions.is_some() && !is_followed(table) {
            return Ok(());
        }
        let prefix = self.cluster.keys.table(table);
        let limit = if table == Table::Avatars { PAGE_OF_AVATARS } else { PAGE };
        self.pages(&prefix, limit, |stored| {
            let entry = StoredEntry {
                key: &stored.key()[prefix.len()..],
                value: stored.value(),
                has_old_form: false,
            };
            if let Some(revisions) = &self.revisions {
                let mut revisions = revisions.lock().unwrap_or_else(PoisonError::into_inner);
                revisions.note(table, entry.key, Some(entry.value), stored.mod_revision());
            }
            look(entry)
        })
    }
}

/// The newest revision of a cluster.
#[derive(Debug, Clone)]
pub(super) struct Newest {
    pub(super) revision: i64,
    /// The random number of the cluster.
    pub(super) cluster_id: u64,
    /// The stored format; empty if there is no store.
    pub(super) format: Vec<u8>,
}

/// Returns the newest revision of the cluster.
pub(super) async fn newest(cluster: &Cluster) -> Result<Newest, ClusterFailure> {
    let answer = cluster.get(Patience::SHORT, cluster.keys.format(), None).await?;
    let header = answer.header();
    Ok(Newest {
        revision: header.map_or(0, ResponseHeader::revision),
        cluster_id: header.map_or(0, ResponseHeader::cluster_id),
        format: answer
            .kvs()
            .first()
            .map(|stored| stored.value().to_vec())
            .unwrap_or_default(),
    })
}

impl StoredRecords for AtRevision {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let from = self.cluster.keys.entry(table, key);
        let end = [from.as_slice(), &[0]].concat();
        let page = self.page(from, end, 1).map_err(|failure| failure.to_string())?;
        Ok(page.kvs().first().map(|stored| stored.value().to_vec()))
    }

    fn scan(&self, table: Table, look: LookAtEntry<'_>) -> Result<(), String> {
        self.read(table, look).map_err(|failure| failure.to_string())
    }
}

/// Calls `look` with the entries of a table whose keys are in this range, the last one first, until it breaks.
pub(super) fn read_back(
    cluster: &Arc<Cluster>,
    table: Table,
    keys: std::ops::Range<&[u8]>,
    look: LookAtEntry<'_>,
) -> Result<(), ClusterFailure> {
    /// The number of entries that are read at once.
    const PAGE_BACK: i64 = 500;
    let prefix = cluster.keys.table(table);
    let from = cluster.keys.entry(table, keys.start);
    let mut end = cluster.keys.entry(table, keys.end);
    while from < end {
        let options = GetOptions::new()
            .with_range(end.clone())
            .with_limit(PAGE_BACK)
            .with_sort(etcd_client::SortTarget::Key, etcd_client::SortOrder::Descend);
        let page = cluster.get_now(Patience::LONG, from.clone(), Some(options))?;
        for stored in page.kvs() {
            let entry = StoredEntry {
                key: &stored.key()[prefix.len()..],
                value: stored.value(),
                has_old_form: false,
            };
            if let ControlFlow::Break(()) = look(entry) {
                return Ok(());
            }
        }
        match page.kvs().last().filter(|_| page.more()) {
            Some(last) => end = last.key().to_vec(),
            None => break,
        }
    }
    Ok(())
}
