//! A doubtful clock: what the log says of it, how the operator confirms the clock, and what happens when the doubt ends.

use tracing::{error, info, warn};

use super::audit::note;
use super::{expiry, incident, sweep};
use crate::app::App;
use crate::auth::Actor;
use crate::clock::{Doubt, Trust};
use crate::domain::{AuditAction, AuditParty, RequestError, Timestamp};
use crate::store::Change;

/// The state of the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockState {
    /// The time of the machine's clock.
    pub wall: Timestamp,
    /// The time that the server uses.
    pub now: Timestamp,
    /// The last time that a commit stored, if it is known. A commit stores no time while the clock is ahead.
    pub last_commit: Option<Timestamp>,
    /// How far the time can be relied on.
    pub trust: Trust,
}

/// Returns the state of the clock.
#[must_use]
pub(crate) fn state(app: &App) -> ClockState {
    ClockState {
        wall: app.clock.wall(),
        now: app.clock.now(),
        last_commit: app.store.read().believed_at(),
        trust: app.clock.trust(),
    }
}

/// Returns what is wrong with the machine's clock, in words.
#[must_use]
pub(crate) fn words(doubt: Doubt, wall: Timestamp) -> String {
    match doubt {
        Doubt::Ahead { expected } => format!("the machine's clock says {wall}, and {expected} was expected"),
        Doubt::Behind { expected } => {
            format!("the machine's clock says {wall}, and {expected} was expected, which is used instead")
        }
        Doubt::BeforeBuild { built } => {
            format!("the machine's clock says {wall}, and this program was built later, on {built}")
        }
    }
}

/// Logs a doubt about the clock, and its end. When the doubt ends, shows the statuses as of the right time and erases what
/// has ended. Never ends.
pub(crate) async fn watch(app: &App) {
    let mut before = app.clock.trust();
    if let Some(doubt) = before.doubt {
        warn_of(app, doubt);
    }
    loop {
        let now = app.clock.other_trust(before).await;
        match (before.doubt, now.doubt) {
            (None, Some(doubt)) => warn_of(app, doubt),
            (Some(_), None) => info!("the clock is no longer doubtful"),
            _ => {}
        }
        app.show_again();
        if let Err(error) = expiry::settle(app).await {
            warn!(%error, "claims that have ended still show");
        }
        sweep::sweep(app).await;
        before = now;
    }
}

fn warn_of(app: &App, doubt: Doubt) {
    let clock = words(doubt, app.clock.wall());
    error!(
        "the clock is doubtful: {clock}. What ends by it counts as ended, and nothing is erased for a day of uptime. If the \
         clock is right, run `rollcall doctor --clock-is-right`"
    );
}

/// Believes the machine's clock, because the operator says that it is right. The change with the audit entry stores the
/// time.
///
/// # Errors
/// [`RequestError::PermissionRequired`] for other callers than the operator; errors of the store.
pub(crate) async fn confirm(app: &App, actor: &Actor) -> Result<ClockState, RequestError> {
    if !matches!(actor, Actor::Operator) {
        return Err(RequestError::PermissionRequired);
    }
    let before = state(app);
    app.clock.confirm();
    let detail = before.trust.doubt.map(|doubt| words(doubt, before.wall));
    let target = AuditParty::new("clock", "", "clock");
    let noted = note(
        app,
        actor,
        AuditAction::ClockConfirmed,
        Some(target),
        detail.unwrap_or_default(),
    );
    app.store
        .commit(Change::new().insert(&noted))
        .await
        .map_err(incident::store)?;
    Ok(state(app))
}
