//! Taking away what time has made useless.

use std::time::Duration;

use tracing::warn;

use super::{audit, lockout, passwords, tokens};
use crate::app::App;
use crate::domain::Fault;

/// How often that is done.
pub const EVERY: Duration = Duration::from_hours(1);

/// Removes expired tokens and links, forgotten failures, and old lines of the audit log. What fails
/// is told in the log and done the next time.
pub async fn sweep(app: &App) {
    let told = |what: &str, outcome: Result<(), Fault>| {
        if let Err(fault) = outcome {
            warn!(%fault, "{what} were not swept");
        }
    };
    told("expired tokens", tokens::sweep(app).await);
    told("expired password links", passwords::sweep(app).await);
    told("failed logins", lockout::sweep(app).await);
    told("old audit entries", audit::sweep(app).await);
}
