//! Creation of the first administrator.

use std::sync::Arc;

use super::attempts;
use super::audit::note_from;
use super::guess_target::Target;
use super::users::{self, NewUser};
use super::{incident, settings};
use crate::app::App;
use crate::auth::{Actor, Origin, TokenSecret};
use crate::domain::setting::RegistrationForm;
use crate::domain::{AuditAction, RequestError, RoleId, SettingId, SettingValue, SetupLink, User};
use crate::store::{Change, CommitError, Snapshot, Table};

/// Returns the secret of the setup link, and creates it if there is none; `None` once a user exists.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn link(app: &App) -> Result<Option<String>, RequestError> {
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

/// The settings that the first administrator may choose. Other settings are unchanged.
#[derive(Debug, Clone, Default)]
pub(crate) struct FirstSettings {
    /// The rule for registration from now on.
    pub registration: Option<RegistrationForm>,
    /// The name of the server, which is the team's name.
    pub site_name: Option<String>,
}

impl FirstSettings {
    /// Returns the values to store, without those that are already in force, even if they were fixed at the start.
    ///
    /// # Errors
    /// [`RequestError::SettingFixed`], [`RequestError::SettingInvalid`].
    fn values(self, app: &App) -> Result<Vec<(SettingId, SettingValue)>, RequestError> {
        let registration = self.registration.map(RegistrationForm::value);
        let chosen = [
            (SettingId::RegistrationForm, registration),
            (SettingId::SiteName, self.site_name.map(SettingValue::Text)),
        ];
        let mut values = Vec::new();
        for (id, value) in chosen {
            let Some(value) = value.filter(|value| *value != app.settings().value(id)) else {
                continue;
            };
            settings::refuse_fixed(app, id)?;
            values.push((id, id.accept(value).map_err(|problem| id.invalid(problem))?));
        }
        Ok(values)
    }
}

/// Creates the first administrator for a caller with the setup link, and removes the link. The same change stores the
/// settings that the caller chose.
///
/// # Errors
/// [`RequestError::SetupLinkInvalid`] if the link is wrong or was used; [`RequestError::AddressBlocked`] after too many guesses;
/// [`RequestError::SettingFixed`] for a setting that was fixed at the start; [`RequestError::SettingInvalid`]; the errors of the new
/// user.
pub(crate) async fn with_link(
    app: &App,
    origin: &Origin,
    secret: &str,
    mut new: NewUser,
    first: FirstSettings,
) -> Result<Arc<User>, RequestError> {
    // The hashes are compared, so that the time does not reveal how much of the secret was right.
    let hash = |secret: &str| TokenSecret::presented(secret).hash();
    let presented = hash(secret);
    let valid = |link: &SetupLink| hash(&link.secret) == presented;
    attempts::guarded(app, origin, &Target::secret("setup link"), async {
        let found = app.store.read().setup_link().is_some_and(valid);
        if found {
            Ok(())
        } else {
            Err(RequestError::SetupLinkInvalid)
        }
    })
    .await?;
    new.roles = first_roles();
    let linked = |snapshot: &Snapshot| match snapshot.setup_link() {
        Some(link) if valid(link) => Ok(()),
        _ => Err(RequestError::SetupLinkInvalid),
    };
    let values = first.values(app)?;
    users::create_where(app, &origin.into(), new, linked, |snapshot, user, change| {
        let noted = |action, target, detail: String| note_from(app, origin, user.party(), action, Some(target), detail);
        let detail = "by the setup link".to_owned();
        let change = change.insert(&noted(AuditAction::UserCreated, user.party(), detail));
        values.iter().fold(change, |change, (id, value)| {
            let change = settings::store(app, snapshot, change, *id, value.clone());
            let target = settings::party(*id);
            change.insert(&noted(AuditAction::SettingChanged, target, value.to_string()))
        })
    })
    .await
}

fn first_roles() -> Vec<RoleId> {
    vec![RoleId::admin(), RoleId::user()]
}

/// Creates the administrator named in the configuration, if there is no user yet.
///
/// # Errors
/// The errors of [`users::create`].
pub(crate) async fn from_settings(app: &App, mut new: NewUser) -> Result<Option<Arc<User>>, RequestError> {
    if app.store.read().user_count() > 0 {
        return Ok(None);
    }
    new.roles = first_roles();
    users::create(app, &Actor::Operator, new).await.map(Some)
}
