//! The stored format of a store, and the formats that its servers know.

use std::collections::HashMap;

use etcd_client::{GetOptions, KeyValue};

use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use crate::store::format::Format;
use crate::store::survey::StoreFormat;

/// The version of a server that does not say which formats it knows.
const UNNAMED: &str = "0.1.0 or older";

/// Returns what a process stores about itself: the newest format that it writes, and its version.
pub(super) fn own_announcement() -> String {
    format!("{} {}", Format::NEWEST.number(), env!("CARGO_PKG_VERSION"))
}

/// What is found about the format and the servers, at one revision.
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
        let mut found = cluster.get(Patience::SHORT, keys.format(), None).await?;
        let revision = found.header().map_or(0, etcd_client::ResponseHeader::revision);
        let all = GetOptions::new().with_prefix().with_revision(revision);
        let markers = cluster
            .get(Patience::SHORT, keys.markers(), Some(all.clone().with_keys_only()))
            .await?;
        let announced = cluster.get(Patience::SHORT, keys.announcements(), Some(all)).await?;
        let announced: HashMap<_, _> = announced
            .kvs()
            .iter()
            .filter_map(|stored| {
                let (format, version) = stored.value_str().ok()?.split_once(' ')?;
                let process = keys.parse_announcement(stored.key())?;
                Some((process, (format.parse().ok()?, version.to_owned())))
            })
            .collect();
        let processes = markers
            .kvs()
            .iter()
            .filter_map(|marker| keys.parse_marker(marker.key()));
        Ok(Self {
            revision,
            servers: processes.map(|process| announced.get(process).cloned()).collect(),
            format: found.take_kvs().into_iter().next(),
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

    /// Returns the same for administrators; `None` if there is no store.
    pub(super) fn surveyed(&self) -> Option<StoreFormat> {
        let format = self.format.as_ref()?;
        Some(StoreFormat {
            stored: format.value_str().ok().and_then(|text| text.parse().ok()),
            newest: Format::NEWEST.number(),
            older_servers: self.older_servers(),
        })
    }
}
