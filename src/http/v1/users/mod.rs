//! The endpoints of users (`api.md` §5).

mod activity;
mod avatar;
mod create;
mod edit;
mod lines;
mod names;
mod passwords;
mod preferences;
mod read;
mod register;

use std::sync::Arc;

pub(super) use register::Registered;

use crate::app::App;
use crate::domain::{RequestError, User};
use crate::http::request::UserRequest;
use crate::http::route::Route;
use crate::ops::users::{self, UserIdentifier};

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
fn target(
    app: &App,
    id: Option<String>,
    username: Option<String>,
    user: Option<String>,
) -> Result<Option<Arc<User>>, RequestError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let identifier = match (given(id), given(username).or_else(|| given(user))) {
        (Some(id), _) => UserIdentifier::id(&id),
        (None, Some(name)) => UserIdentifier::username(&name),
        (None, None) => return Ok(None),
    };
    let found = users::find(app, &[identifier]);
    found.map(Some).ok_or(RequestError::TargetUnknown)
}

/// Returns the user whom a request names, or the caller if it names none.
///
/// # Errors
/// [`RequestError::TargetUnknown`].
pub(super) fn target_or_caller(
    call: &UserRequest,
    id: Option<String>,
    username: Option<String>,
    user: Option<String>,
) -> Result<Arc<User>, RequestError> {
    let found = target(&call.app, id, username, user)?;
    Ok(found.unwrap_or_else(|| Arc::clone(&call.caller.user)))
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
