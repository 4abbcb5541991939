//! Asks each node of a cluster for its state.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::StatusResponse;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::cluster::Cluster;
use super::failure::ClusterFailure;
use super::format_in_use::FormatInUse;
use crate::store::survey::{ClusterSurvey, NodeState, SurveyedNode};

/// The time for the answer of a node.
const NODE_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks all nodes at once, and waits on this thread.
///
/// # Errors
/// [`ClusterFailure::Unreached`] if the store is closed.
pub(super) fn survey(cluster: &Arc<Cluster>) -> Result<ClusterSurvey, ClusterFailure> {
    let asked = Arc::clone(cluster);
    cluster.wait(async move {
        let nodes = join_all((0..asked.node_count()).map(|number| surveyed(&asked, number))).await;
        let has_leader = |node: &SurveyedNode| node.state.as_ref().is_ok_and(|state| state.has_leader);
        let (mut servers, mut format) = (None, None);
        if nodes.iter().any(has_leader) {
            servers = asked.count(asked.keys.markers()).await.ok();
            let in_use = FormatInUse::read(&asked).await.ok();
            format = in_use.and_then(|in_use| in_use.surveyed());
        }
        Ok(ClusterSurvey { nodes, servers, format })
    })
}

async fn surveyed(cluster: &Cluster, number: usize) -> SurveyedNode {
    let (endpoint, client) = cluster.node_at(number).await;
    let state = match client {
        Ok(client) => match timeout(NODE_TIMEOUT, client.maintenance_client().status()).await {
            Ok(Ok(status)) => Ok(state(&status)),
            Ok(Err(error)) => Err(ClusterFailure::of(&error).to_string()),
            Err(_) => Err(format!("it has not answered for {} seconds", NODE_TIMEOUT.as_secs())),
        },
        Err(failure) => Err(failure.to_string()),
    };
    SurveyedNode { endpoint, state }
}

fn state(status: &StatusResponse) -> NodeState {
    let own = status.header().map_or(0, etcd_client::ResponseHeader::member_id);
    let bytes = |number: i64| u64::try_from(number).unwrap_or_default();
    NodeState {
        version: status.version().to_owned(),
        is_leader: status.leader() == own,
        has_leader: status.leader() != 0,
        database_bytes: bytes(status.db_size()),
        used_bytes: bytes(status.raft_used_db_size()),
        quota_bytes: Some(bytes(status.db_size_quota())).filter(|bytes| *bytes > 0),
        complaints: status.errors().to_vec(),
    }
}
