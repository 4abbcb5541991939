//! Deciding on what is, again whenever it is no longer so.

use super::{incident, standing};
use crate::app::App;
use crate::domain::{Fault, User, UserId};
use crate::store::{Change, CommitError, Snapshot};

/// How often a change may lose against others before that is taken for a defect.
const ATTEMPTS: usize = 10_000;

/// Decides a change on the newest snapshot and commits it. When another change came between, the
/// decision is made anew: it then sees what the other one did, and may refuse because of it.
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

/// The same for a change to one user.
///
/// # Errors
/// [`Fault::UserNotFound`] when the user is gone.
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
