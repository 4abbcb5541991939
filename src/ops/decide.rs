//! Transactions with retry: decides on a snapshot, and again if another change came first.

use super::{incident, standing};
use crate::app::App;
use crate::domain::{Fault, User, UserId};
use crate::store::{Change, CommitError, Snapshot};

/// Maximum attempts of a change; more conflicts in a row are treated as a bug.
const ATTEMPTS: usize = 10_000;

/// Computes a change from the newest snapshot and commits it. On a conflict with another change, `decision` runs
/// again on the new snapshot, and may then refuse.
pub(super) async fn decide<T>(
    app: &App,
    decision: impl Fn(&Snapshot) -> Result<(Change, T), Fault>,
) -> Result<T, Fault> {
    let mut lost = CommitError::Unavailable;
    for _ in 0..ATTEMPTS {
        let snapshot = app.store.read();
        let (change, outcome) = decision(&snapshot)?;
        let change = standing::settle(&snapshot, change, app.clock.now());
        match app.store.commit(change).await {
            Ok(()) => return Ok(outcome),
            Err(error @ CommitError::Conflict(_)) => lost = error,
            Err(error) => return Err(incident::store(error)),
        }
    }
    Err(incident::store(lost))
}

/// Runs [`decide`] for a change of one user.
///
/// # Errors
/// [`Fault::UserNotFound`] if the user does not exist.
pub(super) async fn decide_on<T>(
    app: &App,
    id: &UserId,
    decision: impl Fn(&Snapshot, &User) -> Result<(Change, T), Fault>,
) -> Result<T, Fault> {
    decide(app, |snapshot| {
        decision(snapshot, snapshot.user(id).ok_or(Fault::UserNotFound)?)
    })
    .await
}
