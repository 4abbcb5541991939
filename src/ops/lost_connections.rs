//! A restart without a storm: who was here when the server ended is here when it begins, for as long as a
//! lost connection counts. Whoever comes back within that time was never away, and nobody is told anything.

use std::collections::BTreeMap;
use std::iter::repeat_with;

use super::{incident, presence};
use crate::app::App;
use crate::domain::{Fault, LostConnections, StatusType, Timestamp, TokenHash};
use crate::hub::Connection;
use crate::store::Change;

/// How many one change keeps, or settles.
const AT_ONCE: usize = 1024;

/// Keeps the connections that are lost now, for the server that comes next.
///
/// # Errors
/// Only what the store answers.
pub async fn keep(app: &App) -> Result<(), Fault> {
    let lost = gathered(app, app.clock.now());
    for some in lost.chunks(AT_ONCE) {
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

/// Takes in the connections that the server before this one kept, each as lost just now. They are taken
/// from the store first: whatever happens next, nobody is taken for present twice.
///
/// # Errors
/// Only what the store answers.
pub async fn take_in(app: &App) -> Result<(), Fault> {
    let kept: Vec<_> = app.store.read().lost_connections().cloned().collect();
    for some in kept.chunks(AT_ONCE) {
        let change = some.iter().fold(Change::new(), Change::remove);
        app.store.commit(change).await.map_err(incident::store)?;
    }
    let now = app.clock.now();
    for lost in kept.iter().filter(|lost| lost.are_recent(now)) {
        for (count, away) in [(lost.online, false), (lost.away, true)] {
            for connection in repeat_with(|| connect(app, lost, now)).take(count as usize).flatten() {
                if away {
                    connection.set_away(true);
                }
                connection.lose(lost.token);
            }
        }
    }
    Ok(())
}

fn connect(app: &App, lost: &LostConnections, now: Timestamp) -> Option<Connection> {
    app.hub.connect(&lost.user, || {
        let snapshot = app.store.read();
        snapshot.token(&lost.token).filter(|token| token.is_live(now))?;
        presence::kept(&snapshot, &lost.user)
    })
}
