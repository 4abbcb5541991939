//! Reading and saving the stored status of a user, inside a change.

use crate::domain::{Timestamp, UserId, UserStatus};
use crate::store::{Change, Snapshot};

/// Returns the stored status of a user, or an empty one.
pub(super) fn stored(snapshot: &Snapshot, id: &UserId) -> UserStatus {
    snapshot
        .user_status(id)
        .map_or_else(|| UserStatus::of(id), |stored| UserStatus::clone(stored))
}

/// Adds to a change the new status of a user. Every change of a status passes here, so that each begin and end of
/// hiding is recorded.
pub(super) fn save(snapshot: &Snapshot, change: Change, mut new: UserStatus, now: Timestamp) -> Change {
    let last_login = snapshot.user(&new.user).and_then(|user| user.last_login);
    new.follow_hiding(last_login, now);
    match snapshot.user_status(&new.user) {
        Some(old) if **old == new => change,
        Some(old) if new == UserStatus::of(&new.user) => change.remove(&**old),
        Some(old) => change.replace(&**old, &new),
        None if new == UserStatus::of(&new.user) => change,
        None => change.insert(&new),
    }
}
