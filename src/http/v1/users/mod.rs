//! The endpoints of users (`api.md` §5).

mod activity;
mod avatar;
mod create;
mod edit;
mod names;
mod passwords;
mod preferences;
mod read;
mod register;

use std::sync::Arc;

pub(super) use register::Registered;

use crate::app::App;
use crate::domain::{RequestError, User, UserId, UsernameKey};
use crate::http::route::Route;

pub(super) fn routes() -> Vec<Route> {
    [
        create::routes(),
        register::routes(),
        read::routes(),
        edit::routes(),
        activity::routes(),
        names::routes(),
        preferences::routes(),
        avatar::routes(),
        passwords::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the user whom a request names by `userId`, else by `username`, else by `user`; `None` if it has none of
/// these (`api.md` §5.1).
///
/// # Errors
/// [`RequestError::TargetUnknown`] if that user does not exist.
pub(super) fn target(
    app: &App,
    id: Option<String>,
    username: Option<String>,
    user: Option<String>,
) -> Result<Option<Arc<User>>, RequestError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let snapshot = app.store.read();
    let found = match (given(id), given(username).or_else(|| given(user))) {
        (Some(id), _) => snapshot.user(&UserId::new(&id)),
        (None, Some(name)) => snapshot.user_named(&UsernameKey::of(&name)),
        (None, None) => return Ok(None),
    };
    found.cloned().map(Some).ok_or(RequestError::TargetUnknown)
}

/// Returns the user whom a request must name.
///
/// # Errors
/// [`RequestError::TargetMissing`], [`RequestError::TargetUnknown`].
pub(super) fn required_target(
    app: &App,
    id: Option<String>,
    username: Option<String>,
    user: Option<String>,
) -> Result<Arc<User>, RequestError> {
    target(app, id, username, user)?.ok_or(RequestError::TargetMissing)
}
