//! The stored format of a store, and the formats that its servers know.

use std::collections::HashMap;

use etcd_client::{GetOptions, KeyValue, ResponseHeader, Txn, TxnOp, TxnOpResponse};

use super::cluster::Cluster;
use super::failure::ClusterFailure;
use crate::store::format::Format;
use crate::store::survey::StoreFormat;

/// The version of a server that does not say which formats it knows.
const UNNAMED: &str = "0.1.0 or older";

/// Returns what a process stores about itself: the newest format that it writes, and its version.
pub(super) fn own_announcement() -> String {
    format!("{} {}", Format::NEWEST.number(), env!("CARGO_PKG_VERSION"))
}

/// The stored format, and the formats that the servers know, at one revision.
pub(super) struct FormatInUse {
    pub(super) revision: i64,
    pub(super) format: Option<KeyValue>,
    /// The newest format and the version of each server; `None` if it does not say.
    servers: Vec<Option<(u32, String)>>,
}

impl FormatInUse {
    /// Reads both at one revision.
    pub(super) async fn read(cluster: &Cluster) -> Result<Self, ClusterFailure> {
        let keys = &cluster.keys;
        let all = |prefix: Vec<u8>| TxnOp::get(prefix, Some(GetOptions::new().with_prefix()));
        let format = TxnOp::get(keys.format(), None);
        let read = Txn::new().and_then([format, all(keys.markers()), all(keys.announcements())]);
        let answer = cluster.repeat(read).await?;
        let mut found = answer.op_responses().into_iter().map(|response| match response {
            TxnOpResponse::Get(mut found) => found.take_kvs(),
            _ => Vec::new(),
        });
        let mut next = || found.next().unwrap_or_default();
        let (format, markers, announced) = (next(), next(), next());
        let announced: HashMap<_, _> = announced
            .iter()
            .filter_map(|stored| {
                let (format, version) = stored.value_str().ok()?.split_once(' ')?;
                let process = keys.parse_announcement(stored.key())?;
                Some((process, (format.parse().ok()?, version.to_owned())))
            })
            .collect();
        let processes = markers.iter().filter_map(|marker| keys.parse_marker(marker.key()));
        Ok(Self {
            revision: answer.header().map_or(0, ResponseHeader::revision),
            servers: processes.map(|process| announced.get(process).cloned()).collect(),
            format: format.into_iter().next(),
        })
    }

    /// Returns the versions of the servers that do not know the newest format.
    pub(super) fn older_servers(&self) -> Vec<String> {
        let older = self.servers.iter().filter_map(|server| match server {
            Some((format, _)) if *format >= Format::NEWEST.number() => None,
            Some((_, version)) => Some(version.clone()),
            None => Some(UNNAMED.to_owned()),
        });
        let mut older: Vec<_> = older.collect();
        older.sort_unstable();
        older
    }

    /// Returns this state for administrators; `None` if there is no store.
    pub(super) fn surveyed(&self) -> Option<StoreFormat> {
        let format = self.format.as_ref()?;
        Some(StoreFormat {
            stored: format.value_str().ok().and_then(|text| text.parse().ok()),
            newest: Format::NEWEST.number(),
            older_servers: self.older_servers(),
        })
    }
}
