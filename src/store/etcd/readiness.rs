//! Waits for a cluster that takes no writes yet: after a power cut, all machines start at once.

use std::time::Duration;

use etcd_client::Client;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::cluster::{Cluster, Patience};
use super::failure::ClusterFailure;
use super::freshness::LEASE_SECONDS;
use super::open::reach;
use crate::config::ClusterAddress;
use crate::store::open_error::OpenError;

/// The time after which a start no longer waits. Service managers give up after several failed starts within some minutes;
/// failed starts that take so long do not count for them.
const LIMIT: Duration = Duration::from_mins(5);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The time between two messages in the log.
const MESSAGE_PAUSE: Duration = Duration::from_mins(1);

/// Waits until a cluster takes writes, or for [`LIMIT`]. Other reasons why the store cannot be opened are left to its opening.
///
/// # Errors
/// [`OpenError`] if the address cannot be used at all.
pub(in crate::store) async fn wait_until_writable(address: &ClusterAddress) -> Result<(), OpenError> {
    let cluster = reach(address)?;
    let began = Instant::now();
    let mut next_message = began;
    while let Err(failure) = write(&cluster).await {
        let may_pass = failure.is_of_node() || failure == ClusterFailure::Full;
        if !may_pass || began.elapsed() >= LIMIT {
            return Ok(());
        }
        if Instant::now() >= next_message {
            warn!(%failure, cluster = %address, "waiting until the cluster takes writes");
            next_message += MESSAGE_PAUSE;
        }
        sleep(PAUSE).await;
    }
    if next_message > began {
        info!(cluster = %address, "the cluster takes writes");
    }
    Ok(())
}

/// Makes the smallest write: a lease without keys, which ends by itself.
///
/// The type of the future is hidden: it is large, and would be a part of those of all starts of a server.
fn write(cluster: &Cluster) -> BoxFuture<'_, Result<(), ClusterFailure>> {
    let grant = |client: Client| async move { client.lease_client().grant(LEASE_SECONDS, None).await };
    async move { cluster.ask(Patience::SHORT, grant).await.map(drop) }.boxed()
}
