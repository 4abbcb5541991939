//! Waiting for what no event announces.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The maximum time until something must be true: far more than any lease, election or start needs.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is a value, and returns it.
///
/// # Panics
/// With these words if there is none for [`PATIENCE`].
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE + PAUSE, "waited in vain: {what}");
        sleep(PAUSE).await;
    }
}

/// Looks until what is found is right.
///
/// # Panics
/// With these words and what was found last, if it is not right for [`PATIENCE`].
pub async fn until_right<T: std::fmt::Debug>(
    what: &str,
    mut look: impl AsyncFnMut() -> T,
    is_right: impl Fn(&T) -> bool,
) {
    let began = Instant::now();
    loop {
        let found = look().await;
        if is_right(&found) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}, found {found:?}");
        sleep(PAUSE).await;
    }
}

/// Looks until the condition is true.
pub async fn until_true(what: &str, mut look: impl AsyncFnMut() -> bool) {
    until(what, async || look().await.then_some(())).await;
}
