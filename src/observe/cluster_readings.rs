//! The gauges of the cluster with the store. Without a cluster, none of them has a value.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{GaugeVec, IntGaugeVec};

use super::instrument::{gauges, optional};

/// The gauges of the cluster.
#[derive(Debug)]
pub struct ClusterReadings {
    servers: GaugeVec,
    revision: GaugeVec,
    lease_age: GaugeVec,
    watch_age: GaugeVec,
    nodes: IntGaugeVec,
    leaders: IntGaugeVec,
    database: IntGaugeVec,
    quota: IntGaugeVec,
}

impl ClusterReadings {
    pub(super) fn new() -> Self {
        let by_node = |name, help| gauges(name, help, &["node"]);
        Self {
            servers: optional(
                "rollcall_cluster_servers",
                "Servers that use the store, as this one knows them; absent without a cluster.",
            ),
            revision: optional(
                "rollcall_cluster_revision",
                "The last revision that this server shows; absent without a cluster.",
            ),
            lease_age: optional(
                "rollcall_cluster_lease_age_seconds",
                "Seconds since the lease was renewed; the server answers 503 from 8 on; absent without a cluster.",
            ),
            watch_age: optional(
                "rollcall_cluster_watch_age_seconds",
                "Seconds since the cluster sent something; the server answers 503 from 8 on; absent without a cluster.",
            ),
            nodes: by_node("rollcall_cluster_node_up", "1 if the node answers, by node."),
            leaders: by_node(
                "rollcall_cluster_node_leader",
                "1 if the node leads the others, by node.",
            ),
            database: by_node(
                "rollcall_cluster_node_database_bytes",
                "Bytes of the node's database, with what a defragmentation would free, by node.",
            ),
            quota: by_node(
                "rollcall_cluster_node_quota_bytes",
                "Bytes at which the node's database counts as full, by node; absent for versions before 3.6.",
            ),
        }
    }

    pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.servers.clone()),
            Box::new(self.revision.clone()),
            Box::new(self.lease_age.clone()),
            Box::new(self.watch_age.clone()),
            Box::new(self.nodes.clone()),
            Box::new(self.leaders.clone()),
            Box::new(self.database.clone()),
            Box::new(self.quota.clone()),
        ]
    }

    /// Sets what this server knows: the number of servers, its revision, and the ages of its lease and of its watch.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a reading need not be exact beyond 2 to the power of 53"
    )]
    pub fn set_own(&self, servers: usize, revision: u64, lease: Duration, watch: Duration) {
        let none: [&str; 0] = [];
        for (gauge, value) in [
            (&self.servers, servers as f64),
            (&self.revision, revision as f64),
            (&self.lease_age, lease.as_secs_f64()),
            (&self.watch_age, watch.as_secs_f64()),
        ] {
            gauge.with_label_values(&none).set(value);
        }
    }

    /// Sets the state of a node, which has answered, and whether it leads the others.
    pub fn set_node(&self, endpoint: &str, is_up: bool, is_leader: bool) {
        self.nodes.with_label_values(&[endpoint]).set(is_up.into());
        self.leaders.with_label_values(&[endpoint]).set(is_leader.into());
    }

    /// Sets the bytes of the database of a node, and the bytes at which it counts as full.
    pub fn set_database(&self, endpoint: &str, bytes: u64, quota: Option<u64>) {
        let set = |gauge: &IntGaugeVec, bytes: u64| {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            gauge.with_label_values(&[endpoint]).set(bytes);
        };
        set(&self.database, bytes);
        if let Some(quota) = quota {
            set(&self.quota, quota);
        }
    }
}
