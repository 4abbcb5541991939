//! This process as a member of the cluster: its lease, and its marker on the lease.
//!
//! The lease ends some seconds after the process has ended or was cut off, and the marker with it. Each commit of the
//! process compares and rewrites the marker, so that a process that slept for longer can change nothing more.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::{Client, Compare, CompareOp, LeaseGrantOptions, PutOptions, Txn, TxnOp, TxnOpResponse};
use tokio::time::{sleep, timeout};
use tracing::info;

use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use super::followed::{EXCLUDED, Followed};
use super::format::{self, JoinError};
use super::format_in_use::own_announcement;
use super::freshness::{self, Freshness, LEASE_SECONDS};
use super::marker::Marker;

/// The time between two renewals of the lease.
const RENEWAL: Duration = Duration::from_secs(3);

/// The time to leave the cluster.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The time for the answer to a renewal.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause after a node has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// This process in the cluster.
pub(super) struct Membership {
    /// The random name of this process.
    pub(super) process: Arc<str>,
    pub(super) marker: Marker,
    /// True if there were other processes when this one joined.
    pub(super) has_others: bool,
}

impl Membership {
    /// Joins the cluster under a new random name.
    pub(super) async fn join(cluster: &Cluster) -> Result<Self, JoinError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(JoinError::Random)?;
        let process = hex::encode(random);
        let lease = i64::from_be_bytes(std::array::from_fn(|place| random[place])) & i64::MAX;
        match grant(cluster, Some(LeaseGrantOptions::new().with_id(lease))).await {
            // The first try came through, and its answer did not.
            Err(ClusterFailure::Refused(said)) if said.contains("already exists") => {}
            granted => granted?,
        }
        let marker = cluster.keys.marker(&process);
        let format = format::check(cluster).await?;
        let lasting = PutOptions::new().with_lease(lease);
        let begun = TxnOp::put(marker.clone(), 0_u64.to_be_bytes(), Some(lasting.clone()));
        let announcement = cluster.keys.announcement(&process);
        let announced = TxnOp::put(announcement, own_announcement(), Some(lasting));
        let absent = Compare::create_revision(marker.clone(), CompareOp::Equal, 0);
        // It may have been raised meanwhile, also to a format that this process does not know.
        let is_known = Compare::value(cluster.keys.format(), CompareOp::Equal, format::stored(format));
        let get = TxnOp::get(marker.clone(), None);
        let join = Txn::new()
            .when([absent, is_known])
            .and_then([begun, announced])
            .or_else([get]);
        let answer = cluster.repeat(join).await?;
        let revision = match answer.op_responses().into_iter().next() {
            Some(TxnOpResponse::Get(found)) => found.kvs().first().map(etcd_client::KeyValue::mod_revision),
            _ => answer.header().map(etcd_client::ResponseHeader::revision),
        };
        Ok(Self {
            process: process.into(),
            marker: Marker {
                key: marker,
                lease,
                revision: revision.ok_or(JoinError::Raised)?,
                number: 0,
            },
            has_others: cluster.count(cluster.keys.markers()).await? > 1,
        })
    }

    /// Leaves the cluster, so that the others need not wait for the end of the lease. If there are others and users are
    /// still connected here, the lease ends by itself: users who reconnect elsewhere meanwhile have never gone.
    pub(super) async fn leave(cluster: &Cluster, process: &str, lease: i64) -> Result<(), ClusterFailure> {
        let leaving = async {
            let others = cluster.count(cluster.keys.markers()).await?;
            let connected = cluster.count(cluster.keys.connections_at(process)).await?;
            if others > 1 && connected > 0 {
                return Ok(());
            }
            let revoke = |client: Client| async move { client.lease_client().revoke(lease).await };
            cluster.ask(Patience::SHORT, revoke).await.map(drop)
        };
        let silent = |_| ClusterFailure::Unreached("no answer".into());
        timeout(LEAVE_TIMEOUT, leaving).await.map_err(silent)?
    }
}

/// Grants a lease, which ends by itself if nothing renews it.
pub(super) async fn grant(cluster: &Cluster, options: Option<LeaseGrantOptions>) -> Result<(), ClusterFailure> {
    let call = |client: Client| {
        let options = options.clone();
        async move { client.lease_client().grant(LEASE_SECONDS, options).await }
    };
    cluster.ask(Patience::SHORT, call).await.map(drop)
}

/// Renews a lease until the store is closed, or until the lease has ended.
pub(super) async fn renew(cluster: Arc<Cluster>, followed: Arc<Followed>, lease: i64) {
    loop {
        let (number, client) = cluster.node().await;
        let failure = match client {
            Ok(client) => renew_at(&client, lease, &followed.freshness).await,
            Err(failure) => failure,
        };
        if matches!(failure, ClusterFailure::Refused(_)) {
            followed.lose(EXCLUDED.into());
            return;
        }
        info!(cause = failure.at_one_node(), "the lease is renewed at another node");
        cluster.leave(number);
        sleep(PAUSE).await;
    }
}

/// Renews a lease at one node until that fails.
async fn renew_at(client: &Client, lease: i64, freshness: &Freshness) -> ClusterFailure {
    let silent = || ClusterFailure::Unreached("no answer to the renewal of the lease".into());
    let ended = || ClusterFailure::Refused("the lease has ended".into());
    let mut sent = freshness::now();
    let begun = timeout(RENEWAL_TIMEOUT, client.lease_client().keep_alive(lease)).await;
    let (mut keeper, mut stream) = match begun {
        Ok(Ok(begun)) => begun,
        Ok(Err(etcd_client::Error::LeaseKeepAliveError(_))) => return ended(),
        Ok(Err(error)) => return ClusterFailure::of(&error),
        Err(_) => return silent(),
    };
    loop {
        freshness.note_renewal(sent);
        sleep(RENEWAL).await;
        sent = freshness::now();
        if let Err(error) = keeper.keep_alive().await {
            return ClusterFailure::of(&error);
        }
        match timeout(RENEWAL_TIMEOUT, stream.message()).await {
            Ok(Ok(Some(answer))) if answer.ttl() > 0 => {}
            Ok(Ok(Some(_))) => return ended(),
            Ok(Ok(None)) | Err(_) => return silent(),
            Ok(Err(error)) => return ClusterFailure::of(&error),
        }
    }
}
