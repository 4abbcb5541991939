//! Removes expired data.

use std::time::Duration;

use tracing::warn;

use super::{audit, invitations, lockout, passwords, tokens};
use crate::app::App;
use crate::domain::Fault;

/// The interval of the sweep.
pub const EVERY: Duration = Duration::from_hours(1);

/// Removes expired tokens and links, old login failures, and old audit entries. A failure is logged, and the next
/// sweep tries again.
pub async fn sweep(app: &App) {
    let told = |what: &str, outcome: Result<(), Fault>| {
        if let Err(fault) = outcome {
            warn!(%fault, "{what} were not swept");
        }
    };
    told("expired tokens", tokens::sweep(app).await);
    told("expired password links", passwords::sweep(app).await);
    told("ended invitations", invitations::sweep(app).await);
    told("failed logins", lockout::sweep(app).await);
    told("old audit entries", audit::sweep(app).await);
}
