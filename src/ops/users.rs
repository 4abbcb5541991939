//! Users, as the operator of the server manages them.

use std::sync::Arc;

use super::incident;
use crate::app::App;
use crate::auth::{PasswordDigest, random};
use crate::domain::user::UserEmail;
use crate::domain::{DisplayName, Email, Fault, Role, User, UserId, Username};
use crate::store::{Change, CommitError, Snapshot, Table};

/// What a new user is to be.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What it logs in with.
    pub username: Username,
    /// Its address, if it has one.
    pub email: Option<Email>,
    /// What others see, if it is to be more than the username.
    pub name: Option<DisplayName>,
    /// Its password.
    pub password: PasswordDigest,
    /// What it may do; none is `user`. While there is no administrator, the new user becomes one.
    pub roles: Vec<Role>,
}

/// Texts of a new user as they come from outside.
#[derive(Debug, Clone, Copy)]
pub struct NewUserTexts<'text> {
    /// What it logs in with.
    pub username: &'text str,
    /// Its address; blank is none.
    pub email: Option<&'text str>,
    /// What others see; blank is none.
    pub name: Option<&'text str>,
    /// Its password in the clear.
    pub password: &'text str,
    /// The words of its roles.
    pub roles: &'text [String],
}

impl NewUser {
    /// Takes the texts of a new user.
    ///
    /// # Errors
    /// The fault of the first text that is not what it should be.
    pub fn parse(texts: NewUserTexts<'_>) -> Result<Self, Fault> {
        let given = |text: Option<&'_ str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        if texts.username.trim().is_empty() {
            return Err(Fault::UserFieldRequired { field: "Username" });
        }
        let invalid = |_| Fault::UsernameInvalid {
            input: texts.username.to_owned(),
        };
        Ok(Self {
            username: Username::parse(texts.username.trim()).map_err(invalid)?,
            email: given(texts.email)
                .map(|text| Email::parse(&text).map_err(|_| Fault::EmailInvalid))
                .transpose()?,
            name: given(texts.name)
                .map(|text| DisplayName::parse(&text).map_err(|_| Fault::DisplayNameInvalid))
                .transpose()?,
            password: PasswordDigest::of_new(texts.password)?,
            roles: texts
                .roles
                .iter()
                .map(|word| word.parse().map_err(|_| Fault::RoleInvalid))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Creates a user. The first administrator's setup link ends with it.
///
/// # Errors
/// [`Fault::UserFieldTaken`] when another user has the username or address.
pub async fn create(app: &App, new: NewUser) -> Result<Arc<User>, Fault> {
    create_where(app, new, |_| Ok(())).await
}

/// Creates a user as long as a condition of the snapshot it is decided on holds.
pub(super) async fn create_where(
    app: &App,
    new: NewUser,
    permit: impl Fn(&Snapshot) -> Result<(), Fault>,
) -> Result<Arc<User>, Fault> {
    refuse_taken(&app.store.read(), &new)?;
    let password = app.passwords.hash(new.password.clone()).await?;
    loop {
        let snapshot = app.store.read();
        permit(&snapshot)?;
        refuse_taken(&snapshot, &new)?;
        let now = app.clock.now();
        let user = User {
            id: UserId::from_random(random::bytes()),
            username: new.username.clone(),
            name: new.name.clone(),
            email: new.email.clone().map(|address| UserEmail {
                address,
                verified: false,
            }),
            password: Some(password.clone()),
            roles: roles(&snapshot, &new.roles),
            active: true,
            created_at: now,
            updated_at: now,
            last_login: None,
            revision: 0,
        };
        let mut change = Change::new().insert(&user);
        if let Some(link) = snapshot.setup_link() {
            change = change.remove(link);
        }
        match app.store.commit(change).await {
            Ok(()) => return Ok(Arc::new(user)),
            Err(CommitError::Conflict(Table::UsersByUsername | Table::UsersByEmail | Table::SetupLinks)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}

/// The roles of a new user: `user` unless told, and `admin` where there is no administrator yet
/// (`api.md` §5.2).
fn roles(snapshot: &Snapshot, wanted: &[Role]) -> Vec<Role> {
    let mut roles = match wanted {
        [] => vec![Role::User],
        wanted => wanted.to_vec(),
    };
    if !snapshot.users().any(|user| user.roles.contains(&Role::Admin)) {
        roles.push(Role::Admin);
    }
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn refuse_taken(snapshot: &Snapshot, new: &NewUser) -> Result<(), Fault> {
    if snapshot.user_named(new.username.as_str()).is_some() {
        return Err(Fault::username_taken(&new.username));
    }
    match &new.email {
        Some(email) if snapshot.user_at(email.as_str()).is_some() => Err(Fault::UserFieldTaken {
            input: email.to_string(),
            field: "Email",
        }),
        _ => Ok(()),
    }
}

/// All users, by username.
#[must_use]
pub fn list(app: &App) -> Vec<Arc<User>> {
    app.store.read().users().cloned().collect()
}

/// The user that somebody means by a username, an e-mail address or an id.
///
/// # Errors
/// [`Fault::UserNotFound`] when it is none of these.
pub fn find(app: &App, text: &str) -> Result<Arc<User>, Fault> {
    let snapshot = app.store.read();
    let user = snapshot
        .user_named(text)
        .or_else(|| snapshot.user_at(text))
        .or_else(|| snapshot.user(&UserId::new(text)));
    user.cloned().ok_or(Fault::UserNotFound)
}

/// Sets a user's password and ends all its tokens.
///
/// # Errors
/// [`Fault::UserNotFound`] when the user is gone.
pub async fn set_password(app: &App, id: &UserId, password: PasswordDigest) -> Result<(), Fault> {
    let hash = app.passwords.hash(password).await?;
    change(app, id, |snapshot, user| {
        let changed = User {
            password: Some(hash.clone()),
            updated_at: app.clock.now(),
            revision: user.revision + 1,
            ..user.clone()
        };
        Ok(without_tokens(snapshot, user).replace(user, &changed))
    })
    .await
}

/// Switches an account on, or off and ends all its tokens.
///
/// # Errors
/// [`Fault::UserNotFound`] when the user is gone, [`Fault::LastAdministrator`] when nobody else
/// could administer the server.
pub async fn set_active(app: &App, id: &UserId, active: bool) -> Result<(), Fault> {
    change(app, id, |snapshot, user| {
        let changed = User {
            active,
            updated_at: app.clock.now(),
            revision: user.revision + 1,
            ..user.clone()
        };
        if active {
            return Ok(Change::new().replace(user, &changed));
        }
        Ok(keep_an_administrator(snapshot, user, without_tokens(snapshot, user))?.replace(user, &changed))
    })
    .await
}

/// Deletes a user with all its tokens.
///
/// # Errors
/// Those of [`set_active`].
pub async fn delete(app: &App, id: &UserId) -> Result<(), Fault> {
    change(app, id, |snapshot, user| {
        Ok(keep_an_administrator(snapshot, user, without_tokens(snapshot, user))?.remove(user))
    })
    .await
}

/// Decides a change to a user on the newest snapshot until it holds.
async fn change(
    app: &App,
    id: &UserId,
    decide: impl Fn(&Snapshot, &User) -> Result<Change, Fault>,
) -> Result<(), Fault> {
    loop {
        let snapshot = app.store.read();
        let user = snapshot.user(id).ok_or(Fault::UserNotFound)?;
        match app.store.commit(decide(&snapshot, user)?).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(Table::Users | Table::Tokens)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}

fn without_tokens(snapshot: &Snapshot, user: &User) -> Change {
    snapshot
        .tokens_of(&user.id)
        .fold(Change::new(), |change, token| change.remove(&**token))
}

/// Refuses to lose the last active administrator. The change depends on the one who stays, so that
/// two administrators cannot switch each other off at once.
fn keep_an_administrator(snapshot: &Snapshot, leaving: &User, change: Change) -> Result<Change, Fault> {
    if !leaving.is_active_administrator() {
        return Ok(change);
    }
    let stays = |user: &&Arc<User>| user.id != leaving.id && user.is_active_administrator();
    let staying = snapshot.users().find(stays).ok_or(Fault::LastAdministrator)?;
    Ok(change.require(&**staying))
}
