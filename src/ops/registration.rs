//! Registration of a new user by themselves (`api.md` §5.3).

use std::sync::Arc;

use super::attempts;
use super::audit::note_from;
use super::guess_target::Target;
use super::profile_rules::refuse_domain;
use super::users::{self, NewUser};
use crate::app::App;
use crate::app::rates::{Counted, Left, REGISTRATIONS, Rate, RateKey};
use crate::auth::{Origin, TokenSecret, WantedPassword};
use crate::domain::user::Activity;
use crate::domain::{
    AuditAction, CustomFieldChanges, DisplayName, Email, Profile, RequestError, RoleId, SettingId, StatusText, User,
    Username, text,
};
use crate::store::{Change, Snapshot};

/// The texts of a registration, not validated yet.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// The username to log in with.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The name that others see; if absent, they see the username.
    pub name: Option<String>,
    /// The password in plain text.
    pub password: String,
    /// The registration secret, if the settings require one.
    pub secret: Option<String>,
    /// The other profile fields, without custom fields.
    pub profile: Profile,
    /// The custom fields.
    pub custom_fields: CustomFieldChanges,
}

/// Counts a registration by a method. Registrations over the HTTP endpoint are counted before its handler, against the
/// same limit.
///
/// # Errors
/// [`RequestError::TooManyRequests`].
pub(crate) fn admit(app: &App, origin: &Origin) -> Result<(), RequestError> {
    let Some(rate) = Rate::of_registrations(&app.settings()) else {
        return Ok(());
    };
    let counted = Counted {
        what: REGISTRATIONS.into(),
        who: RateKey::Address(origin.source()),
    };
    let counted = app.rates.count(&app.clock, rate, &counted);
    counted.map(drop).map_err(Left::refusal)
}

/// Creates an account for a caller who registers.
///
/// # Errors
/// [`RequestError::RegistrationDisabled`], also while there is no administrator yet; [`RequestError::RegistrationSecretNeeded`];
/// [`RequestError::DisplayNameInvalid`], [`RequestError::RegistrationUsernameInvalid`], [`RequestError::EmailInvalid`],
/// [`RequestError::DomainNotAllowed`], [`RequestError::UsernameBlocked`], the errors of the password,
/// [`RequestError::CustomFieldInvalid`], [`RequestError::RegistrationUsernameTaken`], [`RequestError::RegistrationEmailTaken`].
pub(crate) async fn register(app: &App, origin: &Origin, new: Registration) -> Result<Arc<User>, RequestError> {
    let settings = app.settings();
    match settings.text(SettingId::RegistrationForm).as_str() {
        "Public" => {}
        "Secret URL" => {
            let expected = settings.text(SettingId::RegistrationSecret);
            let presented = new.secret.as_deref().ok_or(RequestError::RegistrationSecretNeeded)?;
            let target = Target::secret("registration secret");
            attempts::guarded(app, origin, &target, async { check_secret(&expected, presented) }).await?;
        }
        _ => return Err(RequestError::RegistrationDisabled),
    }
    let approve = settings.flag(SettingId::ManuallyApproveNewUsers);
    let terms = Terms {
        roles: Vec::new(),
        activity: if approve {
            Activity::PendingApproval
        } else {
            Activity::Active
        },
        detail: String::new(),
    };
    create(app, origin, new, terms, |_| Ok(()), |_, change| change).await
}

/// The terms on which a person registers.
pub(super) struct Terms {
    /// The roles of the new user. An empty list means the default roles.
    pub roles: Vec<RoleId>,
    /// Says if the new user may log in at once.
    pub activity: Activity,
    /// The detail of the audit entry.
    pub detail: String,
}

/// Creates an account for a person who registers, if `permit` accepts the snapshot that the change is decided on. `with`
/// adds to the same change.
///
/// # Errors
/// [`RequestError::RegistrationDisabled`] while there is no administrator; the errors of `permit` and of [`register`] that
/// concern the account.
pub(super) async fn create(
    app: &App,
    origin: &Origin,
    new: Registration,
    terms: Terms,
    permit: impl Fn(&Snapshot) -> Result<(), RequestError>,
    with: impl Fn(&Snapshot, Change) -> Change,
) -> Result<Arc<User>, RequestError> {
    let name = new.name.as_deref().filter(|name| !text::is_blank(name));
    let name = name.map(|name| DisplayName::parse(name).map_err(RequestError::from));
    let username =
        Username::parse(&new.username).map_err(|error| error.or(RequestError::RegistrationUsernameInvalid))?;
    let email = Email::parse(&new.email).map_err(|_| RequestError::EmailInvalid)?;
    refuse_domain(&app.settings(), &email)?;
    users::refuse_blocked(app, &username)?;
    let new = NewUser {
        username,
        email: Some(email),
        verified: false,
        name: name.transpose()?,
        password: Some(WantedPassword::chosen(new.password)),
        require_password_change: None,
        roles: terms.roles,
        activity: terms.activity,
        profile: new.profile,
        custom_fields: Some(new.custom_fields),
        status_text: StatusText::EMPTY,
    };
    let permit = |snapshot: &Snapshot| has_administrator(snapshot).and_then(|()| permit(snapshot));
    let caller = origin.into();
    let created = users::create_where(app, &caller, new, permit, |snapshot, user, change| {
        let registered = AuditAction::UserRegistered;
        let (party, target) = (user.party(), Some(user.party()));
        let noted = note_from(app, origin, party, registered, target, terms.detail.clone());
        with(snapshot, change.insert(&noted))
    });
    created.await.map_err(|error| match error {
        RequestError::UsernameInvalid { .. } => RequestError::RegistrationUsernameInvalid,
        RequestError::UserFieldTaken { field: "Username", .. } => RequestError::RegistrationUsernameTaken,
        RequestError::UserFieldTaken { .. } => RequestError::RegistrationEmailTaken,
        other => other,
    })
}

/// Refuses a registration while there is no administrator: the new user would become one.
fn has_administrator(snapshot: &Snapshot) -> Result<(), RequestError> {
    if snapshot.has_administrator() {
        Ok(())
    } else {
        Err(RequestError::RegistrationDisabled)
    }
}

fn check_secret(expected: &str, presented: &str) -> Result<(), RequestError> {
    if !expected.is_empty() && TokenSecret::presented(expected).is(presented) {
        Ok(())
    } else {
        Err(RequestError::RegistrationSecretNeeded)
    }
}
