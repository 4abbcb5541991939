//! Waiting for what no event announces.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Maximum time until it must be true: far more than any machine needs.
const LIMIT: Duration = Duration::from_mins(1);

/// The pause between two looks, so that the server has the processor meanwhile.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks until something is true. Fails if it does not become true.
///
/// # Panics
/// If `LIMIT` passes.
pub async fn eventually(mut is_true: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_true().await {
            sleep(PAUSE).await;
        }
    };
    timeout(LIMIT, looking).await.expect("it becomes true in time");
}
