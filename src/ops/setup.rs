//! The first administrator of a new server.

use std::sync::Arc;

use super::attempts::{self, Target};
use super::audit::note_from;
use super::users::{self, NewUser};
use super::{incident, settings};
use crate::app::App;
use crate::auth::{Actor, Origin, TokenSecret};
use crate::domain::role::built_in;
use crate::domain::setting::RegistrationForm;
use crate::domain::{AuditAction, Fault, RoleId, SettingId, User};
use crate::store::{Change, CommitError, SetupLink, Snapshot, Table};

/// The secret of the setup link, made where there is none yet; none once a user exists.
///
/// # Errors
/// Only what the store answers.
pub async fn link(app: &App) -> Result<Option<String>, Fault> {
    loop {
        let snapshot = app.store.read();
        if snapshot.user_count() > 0 {
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

/// Creates the first administrator for the caller who has the setup link, and ends the link. The
/// same change stores who may register, if the caller chose that.
///
/// # Errors
/// [`Fault::SetupLinkInvalid`] when the link is not the one, or was used; [`Fault::AddressBlocked`] after too many
/// guesses; [`Fault::SettingFixed`] when who may register was fixed at the start; those of the new user.
pub async fn with_link(
    app: &App,
    origin: &Origin,
    secret: &str,
    mut new: NewUser,
    registration: Option<RegistrationForm>,
) -> Result<Arc<User>, Fault> {
    // Compared as hashes, so that the time taken tells nothing of how much was right.
    let hash = |secret: &str| TokenSecret::presented(secret).hash();
    let presented = hash(secret);
    let valid = |link: &SetupLink| hash(&link.secret) == presented;
    attempts::guarded(app, origin, &Target::secret("setup link"), async {
        let found = app.store.read().setup_link().is_some_and(valid);
        if found { Ok(()) } else { Err(Fault::SetupLinkInvalid) }
    })
    .await?;
    new.roles = first_roles();
    let linked = |snapshot: &Snapshot| match snapshot.setup_link() {
        Some(link) if valid(link) => Ok(()),
        _ => Err(Fault::SetupLinkInvalid),
    };
    let id = SettingId::RegistrationForm;
    // Nothing needs to be stored where the choice is in force already, be it fixed at the start.
    let in_force = app.settings().value(id);
    let choice = registration
        .map(RegistrationForm::value)
        .filter(|value| *value != in_force);
    if choice.is_some() {
        settings::refuse_fixed(app, id)?;
    }
    users::create_where(app, &origin.into(), new, linked, |snapshot, user, change| {
        let noted = |action, target, detail: String| note_from(app, origin, user.party(), action, Some(target), detail);
        let detail = "by the setup link".to_owned();
        let change = change.insert(&noted(AuditAction::UserCreated, user.party(), detail));
        match &choice {
            None => change,
            Some(value) => {
                let change = settings::store(app, snapshot, change, id, value.clone());
                let target = settings::party(id);
                change.insert(&noted(AuditAction::SettingChanged, target, value.to_string()))
            }
        }
    })
    .await
}

fn first_roles() -> Vec<RoleId> {
    [built_in::ADMIN, built_in::USER].map(RoleId::new).into()
}

/// Creates the administrator that the settings name, if there is no user yet.
///
/// # Errors
/// Those of [`users::create`].
pub async fn from_settings(app: &App, mut new: NewUser) -> Result<Option<Arc<User>>, Fault> {
    if app.store.read().user_count() > 0 {
        return Ok(None);
    }
    new.roles = first_roles();
    users::create(app, &Actor::Operator, new).await.map(Some)
}
