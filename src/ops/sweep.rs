//! Removes expired data.

use std::time::Duration;

use tracing::{debug, warn};

use super::{audit, invitations, lockout, passwords, tokens, turn};
use crate::app::App;
use crate::domain::RequestError;

/// The interval of the sweep.
const EVERY: Duration = Duration::from_hours(1);

/// Sweeps at the start and then at regular times. Never ends.
pub async fn now_and_then(app: App) {
    let mut timer = tokio::time::interval(EVERY);
    loop {
        timer.tick().await;
        turn::wait(&app).await;
        sweep(&app).await;
    }
}

/// Removes expired tokens and links, old login failures, and old audit entries. A failure is logged, and the next
/// sweep tries again. Removes nothing while the clock is doubtful: a wrong clock would destroy everything for ever.
pub async fn sweep(app: &App) {
    if !app.clock.trust().may_erase {
        // Ended data is refused as such. It is erased as soon as `Trust::may_erase` is true.
        debug!("nothing is swept, because the clock is doubtful");
        return;
    }
    let told = |what: &str, outcome: Result<(), RequestError>| {
        if let Err(error) = outcome {
            warn!(%error, "{what} were not swept");
        }
    };
    told("expired tokens", tokens::sweep(app).await);
    told("expired password links", passwords::sweep(app).await);
    told("ended invitations", invitations::sweep(app).await);
    told("failed logins", lockout::sweep(app).await);
    told("old audit entries", audit::sweep(app).await);
}
