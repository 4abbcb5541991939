//! Ends claims when they expire.

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info, warn};

use super::transaction::transact;
use super::{turn, user_status};
use crate::app::App;
use crate::domain::{RequestError, UserId, UserStatus};
use crate::store::{Change, RECORDS_IN_CHANGE, Room};

/// The pause after the store refused a write, or while nothing may be erased or stored.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Waits for claims to expire and ends them, for ever.
pub async fn end_in_time(app: &App) {
    loop {
        app.hub.claim_ended().await;
        turn::wait(app).await;
        match settle(app).await {
            Ok(()) if app.clock.trust().may_erase && app.store.room() == Room::Enough => continue,
            Ok(()) => {}
            Err(error) => warn!(%error, "claims that have ended still show"),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// Ends all expired claims, and the claims of users whose last token has expired and that last only as long as a
/// token. While the clock is doubtful or the disk has no room, they are no longer shown, and stay in the store.
///
/// # Errors
/// Errors of the store.
pub async fn settle(app: &App) -> Result<(), RequestError> {
    if !app.clock.trust().may_erase {
        hide(app);
        return Ok(());
    }
    let mut count = 0;
    loop {
        let ids = app.hub.ended(RECORDS_IN_CHANGE);
        if ids.is_empty() {
            break;
        }
        match transact(app, |snapshot| Ok((ending(app, snapshot, &ids), ()))).await {
            Err(error) if error.is_of_disk() => {
                hide(app);
                return Ok(());
            }
            outcome => outcome?,
        }
        for id in &ids {
            debug!(user = %id, "claims have ended");
        }
        count += ids.len();
    }
    if count > 0 {
        info!(users = count, "claims have ended");
    }
    Ok(())
}

/// Shows the users whose claims have ended without these claims. The store keeps them.
fn hide(app: &App) {
    let mut last = Vec::new();
    loop {
        let ids = app.hub.ended(RECORDS_IN_CHANGE);
        if ids.is_empty() || ids == last {
            return;
        }
        for id in &ids {
            let now = app.clock.now();
            let has_login = !app.hub.logins_ended(id) || app.store.read().tokens_of(id).any(|token| token.is_live(now));
            app.hub.refresh(|| {
                let snapshot = app.store.read();
                let mut shown = UserStatus::clone(snapshot.user_status(id)?);
                shown.claims.settle(now);
                if !has_login {
                    shown.claims.end_standing();
                }
                Some((Arc::clone(snapshot.user(id)?), Some(Arc::new(shown))))
            });
        }
        last = ids;
    }
}

fn ending(app: &App, snapshot: &crate::store::Snapshot, ids: &[UserId]) -> Change {
    let now = app.clock.now();
    let ended = ids.iter().filter_map(|id| {
        let mut stored = UserStatus::clone(snapshot.user_status(id)?);
        let ended = stored.claims.settle(now);
        let no_login = app.hub.logins_ended(id) && !snapshot.tokens_of(id).any(|token| token.is_live(now));
        let stood = no_login && stored.claims.end_standing();
        (ended || stood).then_some(stored)
    });
    ended.fold(Change::new(), |change, stored| {
        user_status::save(snapshot, change, stored, now)
    })
}
