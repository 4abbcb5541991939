//! Keeps connections across a restart. A user who was online when the server ended stays online after the start for
//! as long as a lost connection counts. If the user reconnects within that time, no event is sent.

use std::collections::BTreeMap;
use std::iter::repeat_with;

use super::{incident, presence};
use crate::app::App;
use crate::domain::{LostConnections, RequestError, StatusType, Timestamp, TokenHash};
use crate::hub::Connection;
use crate::store::{Change, CommitError, RECORDS_IN_CHANGE};

/// Stores the current lost connections for the next server process.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn keep(app: &App) -> Result<(), RequestError> {
    let lost = gathered(app, app.clock.now());
    for some in lost.chunks(RECORDS_IN_CHANGE) {
        let change = some.iter().fold(Change::new(), Change::insert);
        app.store.commit(change).await.map_err(incident::store)?;
    }
    Ok(())
}

fn gathered(app: &App, at: Timestamp) -> Vec<LostConnections> {
    let mut by_token: BTreeMap<TokenHash, LostConnections> = BTreeMap::new();
    for (user, token, status) in app.hub.lost() {
        let lost = by_token.entry(token).or_insert(LostConnections {
            token,
            user,
            online: 0,
            away: 0,
            at,
        });
        let count = if status == StatusType::Away {
            &mut lost.away
        } else {
            &mut lost.online
        };
        *count += 1;
    }
    by_token.into_values().collect()
}

/// Restores the connections that the previous server process stored, each as lost just now. They are removed from the
/// store first, so that a crash cannot restore them twice. If the disk takes no writes, they stay there; they are recent for
/// a minute only.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn take_in(app: &App) -> Result<(), RequestError> {
    let kept: Vec<_> = app.store.read().lost_connections().cloned().collect();
    for some in kept.chunks(RECORDS_IN_CHANGE) {
        let change = some.iter().fold(Change::new(), Change::remove);
        match app.store.commit(change).await {
            Ok(()) | Err(CommitError::Full | CommitError::ReadOnly) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
    let now = app.clock.now();
    for lost in kept.iter().filter(|lost| lost.are_recent(now)) {
        for (count, status) in [(lost.online, StatusType::Online), (lost.away, StatusType::Away)] {
            for connection in repeat_with(|| connect(app, lost, status, now))
                .take(count as usize)
                .flatten()
            {
                connection.lose(lost.token);
            }
        }
    }
    Ok(())
}

fn connect(app: &App, lost: &LostConnections, status: StatusType, now: Timestamp) -> Option<Connection> {
    app.hub.connect(&lost.user, status, || {
        let snapshot = app.store.read();
        snapshot.token(&lost.token).filter(|token| token.is_live(now))?;
        presence::recorded(&snapshot, &lost.user)
    })
}
