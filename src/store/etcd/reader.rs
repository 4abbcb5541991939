//! Reads from the cluster while the writer works.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::at_revision::{AtRevision, read_back};
use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use crate::store::engine_space::EngineSpace;
use crate::store::findings::Findings;
use crate::store::records::Table;
use crate::store::stored::{EngineReader, LookAtEntry, StoredRecords};
use crate::store::verify::verify;

/// A reader of the newest records.
pub(super) struct EtcdReader {
    pub(super) cluster: Arc<Cluster>,
}

impl EtcdReader {
    fn newest(&self) -> Result<AtRevision, ClusterFailure> {
        let revision = AtRevision::newest(&self.cluster)?.revision;
        Ok(AtRevision::all(Arc::clone(&self.cluster), revision))
    }
}

impl StoredRecords for EtcdReader {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let key = self.cluster.keys.entry(table, key);
        let found = self.cluster.get_now(Patience::SHORT, key, None);
        let found = found.map_err(|failure| failure.to_string())?;
        Ok(found.kvs().first().map(|stored| stored.value().to_vec()))
    }

    fn scan(&self, table: Table, look: LookAtEntry<'_>) -> Result<(), String> {
        let read = self.newest().and_then(|records| records.read(table, look));
        read.map_err(|failure| failure.to_string())
    }
}

impl EngineReader for EtcdReader {
    fn scan_back(&self, table: Table, keys: Range<&[u8]>, look: LookAtEntry<'_>) -> Result<(), String> {
        read_back(&self.cluster, table, keys, look).map_err(|failure| failure.to_string())
    }

    fn verify(&self, is_closing: &AtomicBool) -> Findings {
        match self.newest() {
            Ok(records) => verify(&records, is_closing),
            Err(failure) => {
                let mut found = Findings::default();
                found.unreadable(Table::Users, &failure);
                found
            }
        }
    }

    fn space(&self) -> Result<EngineSpace, String> {
        let cluster = Arc::clone(&self.cluster);
        let status = self.cluster.wait(async move {
            let call = |client: etcd_client::Client| async move { client.maintenance_client().status().await };
            cluster.ask(Patience::SHORT, call).await
        });
        let status = status.map_err(|failure| failure.to_string())?;
        Ok(EngineSpace {
            file_bytes: status.db_size().unsigned_abs(),
            free_bytes: None,
        })
    }
}
