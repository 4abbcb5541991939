//! Sends a transaction until its outcome is known.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::{Txn, TxnOpResponse, TxnResponse};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::cluster::{Cluster, kv};
use super::failure::ClusterFailure;
use super::followed::Followed;

/// The time for the answer of one node.
const NODE_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause after all nodes have failed.
const PAUSE: Duration = Duration::from_millis(100);

/// The time after which a transaction is given up if the store shall be closed.
const PATIENCE_WHEN_CLOSING: Duration = Duration::from_secs(3);

/// The outcome of a transaction.
#[derive(Debug)]
pub(super) enum SendOutcome {
    /// A transaction was made: the one with this number, and this revision is its result. It is an earlier one, of which a
    /// late try came through, if the number is not the one that was sent.
    Made { number: u64, revision: i64 },
    /// The transaction was not made, because a comparison does not hold. The marker is as before.
    Refused,
    /// The marker is gone, because the other processes count this one as gone; or the store was closed before the outcome was
    /// known.
    Fenced,
    /// The cluster refused the request, which had no effect.
    Failed(ClusterFailure),
}

/// A transaction of which the outcome becomes known, however often it is sent: it writes `number` into the marker, and
/// compares the marker.
#[derive(Clone)]
pub(super) struct Settled {
    pub(super) request: Txn,
    pub(super) number: u64,
    /// The revision of the marker before.
    pub(super) before: i64,
}

impl Settled {
    /// Sends the transaction to one node after the other until its outcome is known, or until this process must end.
    pub(super) async fn send(self, cluster: Arc<Cluster>, followed: Arc<Followed>) -> SendOutcome {
        let began = Instant::now();
        let mut is_unknown = false;
        loop {
            let (number, client) = cluster.node().await;
            let failure = match client {
                Ok(client) => match timeout(NODE_TIMEOUT, kv(&client).txn(self.request.clone())).await {
                    Ok(Ok(answer)) => return self.outcome(&answer),
                    Ok(Err(error)) => ClusterFailure::of(&error),
                    Err(_) => ClusterFailure::Unreached(format!("no answer in {} s", NODE_TIMEOUT.as_secs())),
                },
                Err(failure) => failure,
            };
            if failure.is_of_node() {
                is_unknown = true;
            } else if !is_unknown {
                return SendOutcome::Failed(failure);
            }
            warn!(cause = failure.at_one_node(), "a commit is sent to another node");
            let is_given_up = cluster.is_closing() && began.elapsed() >= PATIENCE_WHEN_CLOSING;
            if is_given_up || followed.check().is_err() {
                return SendOutcome::Fenced;
            }
            if cluster.leave(number) {
                sleep(PAUSE).await;
            }
        }
    }

    fn outcome(&self, answer: &TxnResponse) -> SendOutcome {
        if answer.succeeded() {
            return SendOutcome::Made {
                number: self.number,
                revision: answer.header().map_or(0, etcd_client::ResponseHeader::revision),
            };
        }
        let Some(TxnOpResponse::Get(found)) = answer.op_responses().into_iter().next() else {
            return SendOutcome::Fenced;
        };
        let Some(marker) = found.kvs().first() else {
            return SendOutcome::Fenced;
        };
        let number = <[u8; 8]>::try_from(marker.value()).map(u64::from_be_bytes);
        match number {
            _ if marker.mod_revision() == self.before => SendOutcome::Refused,
            // An earlier try came through, and its answer did not. Only this process writes the marker.
            Ok(number) => SendOutcome::Made {
                number,
                revision: marker.mod_revision(),
            },
            Err(_) => SendOutcome::Fenced,
        }
    }
}
