//! Creation of the first administrator.

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

/// Returns the secret of the setup link, and creates it if there is none; `None` once a user exists.
///
/// # Errors
/// Errors of the store.
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

/// Creates the first administrator for a caller with the setup link, and removes the link. The same change stores the
/// registration rule, if the caller chose one.
///
/// # Errors
/// [`Fault::SetupLinkInvalid`] if the link is wrong or was used; [`Fault::AddressBlocked`] after too many guesses;
/// [`Fault::SettingFixed`] if the registration rule was fixed at the start; the errors of the new user.
pub async fn with_link(
    app: &App,
    origin: &Origin,
    secret: &str,
    mut new: NewUser,
    registration: Option<RegistrationForm>,
) -> Result<Arc<User>, Fault> {
    // The hashes are compared, so that the time does not reveal how much of the secret was right.
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
    // A choice that is already in force is not stored, so it is accepted even if it was fixed at the start.
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

/// Creates the administrator named in the configuration, if there is no user yet.
///
/// # Errors
/// The errors of [`users::create`].
pub async fn from_settings(app: &App, mut new: NewUser) -> Result<Option<Arc<User>>, Fault> {
    if app.store.read().user_count() > 0 {
        return Ok(None);
    }
    new.roles = first_roles();
    users::create(app, &Actor::Operator, new).await.map(Some)
}
