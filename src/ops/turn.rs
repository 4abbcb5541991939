//! The order in which the servers of a cluster do work that one of them has to do.

use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;

/// The time that each server leaves to the one before it.
const TURN: Duration = Duration::from_secs(2);

/// Waits for the turn of this server. The first server does not wait. When it is the turn of a later one, the
/// work is done already, unless all servers before it have ended.
pub(crate) async fn wait(app: &App) {
    let before = u32::try_from(app.store.place().before).unwrap_or(u32::MAX);
    if before > 0 {
        sleep(TURN.saturating_mul(before)).await;
    }
}
