//! Transactions with retry: decides on a snapshot, and again if another change came first.

use super::{incident, standing};
use crate::app::App;
use crate::domain::{Avatar, RequestError, User, UserId};
use crate::store::{Change, CommitError, Snapshot};

/// Maximum attempts of a change; more conflicts in a row are treated as a bug.
const ATTEMPTS: usize = 10_000;

/// Computes a change from the newest snapshot and commits it. On a conflict with another change, `decision` runs
/// again on the new snapshot, and may then refuse.
pub(super) async fn transact<T>(
    app: &App,
    decision: impl Fn(&Snapshot) -> Result<(Change, T), RequestError>,
) -> Result<T, RequestError> {
    let mut lost = CommitError::Unavailable;
    for _ in 0..ATTEMPTS {
        let snapshot = app.store.read();
        let (change, outcome) = decision(&snapshot)?;
        match commit(app, &snapshot, change).await? {
            Ok(()) => return Ok(outcome),
            Err(conflict) => lost = conflict,
        }
    }
    Err(incident::store(lost))
}

/// Commits work on many records in parts. `part` returns the change of at most [`crate::store::RECORDS_IN_CHANGE`] records
/// that are left, and an empty one when none are.
pub(super) async fn transact_in_parts(app: &App, part: impl Fn(&Snapshot) -> Change) -> Result<(), RequestError> {
    loop {
        let decide = |snapshot: &Snapshot| {
            let change = part(snapshot);
            let is_done = change.is_empty();
            Ok((change, is_done))
        };
        if transact(app, decide).await? {
            return Ok(());
        }
    }
}

/// Commits a change that is based on this snapshot. The inner error is a conflict with another change.
async fn commit(app: &App, snapshot: &Snapshot, change: Change) -> Result<Result<(), CommitError>, RequestError> {
    let change = standing::settle(snapshot, change, app.clock.now());
    match app.store.commit(change).await {
        Ok(()) => Ok(Ok(())),
        Err(conflict @ CommitError::Conflict(_)) => Ok(Err(conflict)),
        Err(error) => Err(incident::store(error)),
    }
}

/// Runs [`transact_on_user`] for a change that replaces or removes the user's avatar, which is read from the disk.
///
/// # Errors
/// The errors of [`transact_on_user`] and of the store.
pub(super) async fn transact_on_avatar<T>(
    app: &App,
    id: &UserId,
    decision: impl Fn(&Snapshot, &User, Option<&Avatar>) -> Result<(Change, T), RequestError>,
) -> Result<T, RequestError> {
    let mut lost = CommitError::Unavailable;
    for _ in 0..ATTEMPTS {
        let snapshot = app.store.read();
        let picture = app.store.avatar(id).await.map_err(incident::internal)?;
        let user = snapshot.user(id).ok_or(RequestError::UserNotFound)?;
        let (change, outcome) = decision(&snapshot, user, picture.as_ref())?;
        match commit(app, &snapshot, change).await? {
            Ok(()) => return Ok(outcome),
            Err(conflict) => lost = conflict,
        }
    }
    Err(incident::store(lost))
}

/// Runs [`transact`] for a change of one user.
///
/// # Errors
/// [`RequestError::UserNotFound`] if the user does not exist.
pub(super) async fn transact_on_user<T>(
    app: &App,
    id: &UserId,
    decision: impl Fn(&Snapshot, &User) -> Result<(Change, T), RequestError>,
) -> Result<T, RequestError> {
    transact(app, |snapshot| {
        decision(snapshot, snapshot.user(id).ok_or(RequestError::UserNotFound)?)
    })
    .await
}
