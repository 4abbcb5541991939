//! Waits for a cluster that takes no writes yet: after a power cut, all machines start at once.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::failure::ClusterFailure;
use super::membership::grant;
use super::open::reach;
use crate::config::ClusterAddress;
use crate::store::open_error::OpenError;

/// The time after which a start no longer waits. A service manager gives up after several failed starts within a few minutes,
/// but not if each of them takes this long.
const LIMIT: Duration = Duration::from_mins(5);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The time between two messages in the log.
const MESSAGE_PAUSE: Duration = Duration::from_mins(1);

/// Waits until a cluster takes writes, or for [`LIMIT`]. Does not wait if the cluster refuses this server for another reason:
/// the opening of the store gives that.
///
/// # Errors
/// [`OpenError`] if the address cannot be used at all.
pub(in crate::store) async fn wait_until_writable(address: &ClusterAddress) -> Result<(), OpenError> {
    let cluster = reach(address)?;
    let began = Instant::now();
    let mut next_message = began;
    // The smallest write is a lease without keys. Its future is large. The box keeps it out of the future of the start.
    while let Err(failure) = grant(&cluster, None).boxed().await {
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
