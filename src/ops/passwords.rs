//! Changes of passwords, and links with which users who forgot their password set a new one.

use super::attempts::{self, HashedFor};
use super::audit::{anonymous, note, note_from};
use super::authority::Authority;
use super::guess_target::Target;
use super::lockout;
use super::tokens::without_tokens;
use super::transaction::{transact_in_parts, transact_on_user};
use crate::app::App;
use crate::auth::{Actor, Origin, PasswordDigest, TokenSecret, WantedPassword};
use crate::domain::password_hash::PasswordHash;
use crate::domain::password_reset::RESET_HOURS;
use crate::domain::{
    AuditAction, DisplayName, Email, EmailKey, OwnWords, PasswordReset, Permission, RequestError, SettingId, Token,
    TokenHash, User, UserId, Username,
};
use crate::store::{Change, RECORDS_IN_CHANGE, Snapshot};

/// The tokens of a user that stay valid after a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokensToKeep {
    /// None, so that a person who knew the old password is logged out.
    None,
    /// This session and the personal access tokens.
    SessionAndPersonal(TokenHash),
}

/// The names of a user, which their password must not contain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'user> {
    pub username: &'user Username,
    pub name: Option<&'user DisplayName>,
    pub email: Option<&'user Email>,
}

impl<'user> From<&'user User> for Names<'user> {
    fn from(user: &'user User) -> Self {
        Self {
            username: &user.username,
            name: user.name.as_ref(),
            email: user.email.as_ref().map(|email| &email.address),
        }
    }
}

/// Checks a new password for a user with these names against the current policy, and returns its digest. Every
/// password that is set is checked here.
///
/// # Errors
/// [`RequestError::PasswordInvalid`], [`RequestError::PasswordPolicy`].
pub(super) async fn accept(
    app: &App,
    names: Names<'_>,
    wanted: &WantedPassword,
) -> Result<PasswordDigest, RequestError> {
    let settings = app.settings();
    let (name, email) = (names.name.map(DisplayName::as_str), names.email.map(Email::as_str));
    let own = OwnWords::new(names.username, name, email, &settings.text(SettingId::SiteName));
    app.passwords
        .accept(wanted.clone(), settings.password_policy(), own)
        .await
}

/// The rule for setting the current or an earlier password again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Refused, because the user chooses the password.
    Refused,
    /// Allowed, because an administrator sets it and does not know the earlier ones (as in Rocket.Chat).
    Allowed,
}

/// The hash of a new password that has passed all checks.
#[derive(Debug)]
pub(super) struct NewPassword(PasswordHash);

/// Checks a new password against the policy and the user's earlier ones, and hashes it.
///
/// # Errors
/// [`RequestError::PasswordInvalid`], [`RequestError::PasswordPolicy`], [`RequestError::PasswordUnchanged`],
/// [`RequestError::PasswordUsedBefore`], [`RequestError::TooManyLogins`].
pub(super) async fn prepare(
    app: &App,
    caller: &HashedFor,
    user: &User,
    wanted: &WantedPassword,
    again: Again,
) -> Result<NewPassword, RequestError> {
    let settings = app.settings();
    attempts::in_turn(app, caller, async {
        let digest = accept(app, user.into(), wanted).await?;
        if again == Again::Allowed {
            return app.passwords.hash(digest).await.map(NewPassword);
        }
        if let Some(current) = &user.password
            && app.passwords.verify(digest.clone(), Some(current.clone())).await?
        {
            return Err(RequestError::PasswordUnchanged);
        }
        for earlier in user.password_history.iter().take(settings.password_history()) {
            if app.passwords.verify(digest.clone(), Some(earlier.clone())).await? {
                return Err(RequestError::PasswordUsedBefore);
            }
        }
        app.passwords.hash(digest).await.map(NewPassword)
    })
    .await
}

/// Returns the user with the new password, and the change that ends a lockout of the user, a password link and all
/// tokens that are not in `spared`.
pub(super) fn apply(
    app: &App,
    snapshot: &Snapshot,
    user: &User,
    new: &NewPassword,
    spared: TokensToKeep,
) -> (User, Change) {
    let mut history: Vec<_> = user.password.iter().chain(&user.password_history).cloned().collect();
    history.truncate(app.settings().password_history());
    let changed = User {
        password: Some(new.0.clone()),
        password_history: history,
        require_password_change: None,
        ..user.changed(app.clock.now())
    };
    let ends = |token: &Token| match spared {
        TokensToKeep::None => true,
        // A token that was created while the password had to be changed ends with the change.
        TokensToKeep::SessionAndPersonal(_) if user.require_password_change.is_some() => true,
        TokensToKeep::SessionAndPersonal(session) => token.session().is_some() && token.hash != session,
    };
    let (change, _) = without_tokens(snapshot, &user.id, Change::new(), ends);
    // A caller who may set the password is not the one who guessed wrong.
    let mut change = lockout::forgive_all(snapshot, change, &user.id);
    if let Some(reset) = snapshot.password_reset(&user.id) {
        change = change.remove(reset);
    }
    (changed, change)
}

/// Sets a user's password and ends all their tokens.
///
/// # Errors
/// [`RequestError::ActionNotAllowed`] without `edit-other-user-password`, [`RequestError::UserNotFound`],
/// [`RequestError::BeyondAuthority`], the errors of the new password.
pub(crate) async fn set(app: &App, actor: &Actor, id: &UserId, password: &str) -> Result<(), RequestError> {
    if !actor.may(Permission::EditOtherUserPassword) {
        return Err(RequestError::ActionNotAllowed {
            words: "Edit user password is not allowed",
            action: "Update_user",
        });
    }
    let user = app.store.read().user(id).cloned().ok_or(RequestError::UserNotFound)?;
    let wanted = WantedPassword::chosen(password);
    let new = prepare(app, &actor.into(), &user, &wanted, Again::Allowed).await?;
    transact_on_user(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        let (changed, change) = apply(app, snapshot, user, &new, TokensToKeep::None);
        let noted = note(app, actor, AuditAction::PasswordChanged, Some(user.party()), "");
        Ok((change.replace(user, &changed).insert(&noted), ()))
    })
    .await
}

/// Records in the audit log that the password of an address was forgotten. The response and the work are the same for
/// every address. An administrator finds the entry and creates a link.
///
/// # Errors
/// [`RequestError::PasswordResetOff`] if passwords cannot be reset.
pub(crate) async fn forgotten(app: &App, origin: &Origin, email: &EmailKey) -> Result<(), RequestError> {
    if !app.settings().flag(SettingId::AllowPasswordReset) {
        return Err(RequestError::PasswordResetOff);
    }
    let user = app.store.read().user_at(email).cloned();
    let target = user.map(|user| user.party());
    let noted = note_from(app, origin, anonymous(), AuditAction::PasswordForgotten, target, "");
    let committed = app.store.commit(Change::new().insert(&noted)).await;
    committed.map_err(super::incident::store)
}

/// Creates a link with which its holder can set a new password for a user, once, within 24 hours. It replaces an
/// earlier link.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `edit-other-user-password`, [`RequestError::NotAllowed`] if passwords cannot be
/// reset, [`RequestError::UserNotFound`], [`RequestError::BeyondAuthority`].
pub(crate) async fn make_link(app: &App, actor: &Actor, id: &UserId) -> Result<String, RequestError> {
    actor.require(Permission::EditOtherUserPassword)?;
    refuse_where_off(app)?;
    let secret = TokenSecret::generate();
    transact_on_user(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        let reset = PasswordReset {
            user: id.clone(),
            hash: secret.hash(),
            expires_at: app.clock.now().plus_minutes(RESET_HOURS * 60),
        };
        let change = match snapshot.password_reset(id) {
            Some(before) => Change::new().replace(before, &reset),
            None => Change::new().insert(&reset),
        };
        let noted = note(app, actor, AuditAction::PasswordResetLink, Some(user.party()), "");
        Ok((change.require(user).insert(&noted), ()))
    })
    .await?;
    Ok(format!(
        "{}/reset-password#{}",
        app.public_address().url,
        secret.expose()
    ))
}

/// Sets the password of the user for whom a link was created, and ends all their tokens and the link.
///
/// # Errors
/// [`RequestError::PasswordResetInvalid`] if the link is unknown, used or expired, [`RequestError::AddressBlocked`] after too many
/// guesses, the errors of the new password.
pub(crate) async fn reset(app: &App, origin: &Origin, link: &str, password: &str) -> Result<(), RequestError> {
    let invalid = || RequestError::PasswordResetInvalid { hours: RESET_HOURS };
    refuse_where_off(app)?;
    let hash = TokenSecret::presented(link).hash();
    let target = Target::secret("password link");
    let (reset, user) = attempts::guarded(app, origin, &target, async {
        let snapshot = app.store.read();
        let now = app.clock.now();
        let reset = snapshot
            .password_reset_by_hash(&hash)
            .filter(|reset| reset.is_open(now));
        let reset = reset.cloned().ok_or_else(invalid)?;
        let user = snapshot.user(&reset.user).cloned().ok_or_else(invalid)?;
        Ok((reset, user))
    })
    .await?;
    let wanted = WantedPassword::chosen(password);
    let new = prepare(app, &origin.into(), &user, &wanted, Again::Refused).await?;
    transact_on_user(app, &user.id, |snapshot, user| {
        if snapshot.password_reset(&user.id) != Some(&reset) {
            return Err(invalid());
        }
        let (changed, change) = apply(app, snapshot, user, &new, TokensToKeep::None);
        let noted = note_from(
            app,
            origin,
            user.party(),
            AuditAction::PasswordChanged,
            Some(user.party()),
            "by link",
        );
        Ok((change.replace(user, &changed).insert(&noted), ()))
    })
    .await
}

fn refuse_where_off(app: &App) -> Result<(), RequestError> {
    if app.settings().flag(SettingId::AllowPasswordReset) {
        return Ok(());
    }
    Err(RequestError::NotAllowed {
        words: "Password reset is not allowed",
    })
}

/// Removes links that have expired.
pub(super) async fn sweep(app: &App) -> Result<(), RequestError> {
    transact_in_parts(app, |snapshot| {
        let now = app.clock.now();
        let expired = snapshot.password_resets().filter(|reset| !reset.is_open(now));
        expired.take(RECORDS_IN_CHANGE).fold(Change::new(), Change::remove)
    })
    .await
}
