//! The first administrator of a new server.

use std::sync::Arc;

use super::incident;
use super::users::{self, NewUser};
use crate::app::App;
use crate::auth::TokenSecret;
use crate::domain::{Fault, Role, User};
use crate::store::{Change, CommitError, SetupLink, Table};

/// The secret of the setup link, made where there is none yet; none once a user exists.
///
/// # Errors
/// Only what the store answers.
pub async fn link(app: &App) -> Result<Option<String>, Fault> {
    loop {
        let snapshot = app.store.read();
        if snapshot.users().len() > 0 {
            return Ok(None);
        }
        if let Some(link) = snapshot.setup_link() {
            return Ok(Some(link.secret.clone()));
        }
        let link = SetupLink {
            secret: TokenSecret::generate().expose().to_owned(),
        };
        match app.store.commit(Change::new().insert(&link)).await {
            Ok(()) | Err(CommitError::Conflict(Table::SetupLinks)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}

/// Creates the first administrator for whoever has the setup link, and ends the link.
///
/// # Errors
/// [`Fault::SetupLinkInvalid`] when the link is not the one, or was used.
pub async fn with_link(app: &App, secret: &str, mut new: NewUser) -> Result<Arc<User>, Fault> {
    // Compared as hashes, so that the time taken tells nothing of how much was right.
    let hash = |secret: &str| TokenSecret::presented(secret).hash();
    let presented = hash(secret);
    let valid = |link: &SetupLink| hash(&link.secret) == presented;
    if !app.store.read().setup_link().is_some_and(valid) {
        return Err(Fault::SetupLinkInvalid);
    }
    new.roles = vec![Role::Admin, Role::User];
    users::create_where(app, new, |snapshot| {
        if snapshot.setup_link().is_some_and(valid) {
            Ok(())
        } else {
            Err(Fault::SetupLinkInvalid)
        }
    })
    .await
}

/// Creates the administrator that the settings name, if there is no user yet.
///
/// # Errors
/// Those of [`users::create`].
pub async fn from_settings(app: &App, mut new: NewUser) -> Result<Option<Arc<User>>, Fault> {
    if app.store.read().users().len() > 0 {
        return Ok(None);
    }
    new.roles = vec![Role::Admin, Role::User];
    users::create(app, new).await.map(Some)
}
