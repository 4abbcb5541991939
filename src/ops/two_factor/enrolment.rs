//! Enables and disables the second factor of a user, and manages its backup codes.

use super::attempt::{Attempt, can_be_enabled, current, spend};
use crate::app::App;
use crate::auth::{Actor, Caller, random, totp};
use crate::domain::two_factor::Salt;
use crate::domain::{
    AuditAction, BackupCodes, Permission, RequestError, SettingId, StoredSecret, Token, TwoFactor, User, UserId,
};
use crate::ops::attempts;
use crate::ops::audit::note;
use crate::ops::authority::Authority;
use crate::ops::guess_target::Target;
use crate::ops::tokens::without_tokens;
use crate::ops::transaction::transact_on_user;
use crate::store::Change;

/// A new secret for an authenticator app.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    /// The secret in the form that users type.
    pub secret: String,
    /// The link that apps read from a QR code.
    pub url: String,
}

/// Returns new backup codes in plain text, and their stored form.
async fn new_backup_codes(app: &App) -> Result<(Vec<String>, BackupCodes), RequestError> {
    let codes = totp::backup_codes();
    let salt: Salt = random::bytes();
    let fast: Vec<_> = codes.iter().map(|code| totp::hash(code)).collect();
    let stored = BackupCodes {
        salt: Some(salt),
        digests: app.passwords.slow_digests(&fast, salt).await?,
    };
    Ok((codes, stored))
}

/// Creates a pending secret. It takes effect when [`validate`] gets a code of it.
///
/// # Errors
/// [`RequestError::TwoFactorDisabled`] if the server does not allow it, [`RequestError::TotpState`] if it is enabled already.
pub(crate) async fn begin(app: &App, caller: &Caller) -> Result<Enrolment, RequestError> {
    let settings = app.settings();
    if !can_be_enabled(app) {
        return Err(RequestError::TwoFactorDisabled);
    }
    let secret = totp::generate();
    transact_on_user(app, &caller.user.id, |_, user| {
        if user.two_factor.secret.is_some() {
            return Err(RequestError::TotpState {
                reason: "TOTP is already enabled: disable it first",
            });
        }
        let begun = with(
            app,
            user,
            TwoFactor {
                pending: Some(app.key.seal(&user.id, &secret)),
                ..TwoFactor::clone(&user.two_factor)
            },
        );
        Ok((Change::new().replace(user, &begun), ()))
    })
    .await?;
    let issuer = settings.text(SettingId::SiteName);
    Ok(Enrolment {
        secret: totp::typed(&secret),
        url: totp::url(&secret, &issuer, caller.user.username.as_str()),
    })
}

/// Enables the second factor, and ends the user's other sessions. If a role requires the second factor, the caller's
/// session ends too, because it began without one. Returns the backup codes.
///
/// # Errors
/// [`RequestError::TotpState`] if there is no pending secret, [`RequestError::TotpCodeInvalid`].
pub(crate) async fn validate(app: &App, caller: &Caller, code: &str) -> Result<Vec<String>, RequestError> {
    let pending = |user: &User| {
        user.two_factor.pending.clone().ok_or(RequestError::TotpState {
            reason: "TOTP was not begun: call users.enableTotp first",
        })
    };
    refuse_guesses(app, caller, async {
        let user = current(app, &caller.user.id)?;
        let attempt = Attempt::of(app, &user, code).await?;
        // The code is checked before the backup codes are hashed, since that is expensive.
        spend(app, &user, &pending(&user)?, &attempt)?.ok_or(RequestError::TotpCodeInvalid)?;
        let (codes, stored) = new_backup_codes(app).await?;
        transact_on_user(app, &caller.user.id, |snapshot, user| {
            let pending = pending(user)?;
            let spent = spend(app, user, &pending, &attempt)?.ok_or(RequestError::TotpCodeInvalid)?;
            let on = with(
                app,
                user,
                TwoFactor {
                    secret: Some(pending),
                    pending: None,
                    backup_codes: stored.clone(),
                    ..spent
                },
            );
            let due = caller.duty.is_some();
            let ends = |token: &Token| token.session().is_some() && (due || token.hash != caller.token.hash);
            let (change, _) = without_tokens(snapshot, &user.id, Change::new().replace(user, &on), ends);
            Ok((change.insert(&own(app, caller, AuditAction::TwoFactorEnabled)), ()))
        })
        .await?;
        Ok(codes)
    })
    .await
}

/// Disables the second factor of the caller.
///
/// # Errors
/// [`RequestError::TotpState`] if it is disabled, [`RequestError::TotpCodeInvalid`].
pub(crate) async fn disable(app: &App, caller: &Caller, code: &str) -> Result<(), RequestError> {
    refuse_guesses(app, caller, async {
        let attempt = Attempt::of(app, &*current(app, &caller.user.id)?, code).await?;
        transact_on_user(app, &caller.user.id, |_, user| {
            spend(app, user, enabled(user)?, &attempt)?.ok_or(RequestError::TotpCodeInvalid)?;
            let off = with(app, user, TwoFactor::default());
            let noted = own(app, caller, AuditAction::TwoFactorDisabled);
            Ok((Change::new().replace(user, &off).insert(&noted), ()))
        })
        .await
    })
    .await
}

/// Replaces the backup codes with new ones.
///
/// # Errors
/// [`RequestError::TotpState`] if the second factor is disabled, [`RequestError::TotpCodeInvalid`].
pub(crate) async fn regenerate_codes(app: &App, caller: &Caller, code: &str) -> Result<Vec<String>, RequestError> {
    refuse_guesses(app, caller, async {
        let user = current(app, &caller.user.id)?;
        let attempt = Attempt::of(app, &user, code).await?;
        // The code is checked before the backup codes are hashed, since that is expensive.
        spend(app, &user, enabled(&user)?, &attempt)?.ok_or(RequestError::TotpCodeInvalid)?;
        let (codes, stored) = new_backup_codes(app).await?;
        transact_on_user(app, &caller.user.id, |_, user| {
            let spent = spend(app, user, enabled(user)?, &attempt)?.ok_or(RequestError::TotpCodeInvalid)?;
            let renewed = with(
                app,
                user,
                TwoFactor {
                    backup_codes: stored.clone(),
                    ..spent
                },
            );
            let noted = own(app, caller, AuditAction::BackupCodesMade);
            Ok((Change::new().replace(user, &renewed).insert(&noted), ()))
        })
        .await?;
        Ok(codes)
    })
    .await
}

/// Returns the number of unused backup codes.
///
/// # Errors
/// [`RequestError::TotpState`] if the second factor is disabled.
pub(crate) fn codes_remaining(caller: &Caller) -> Result<usize, RequestError> {
    enabled(&caller.user).map(|_| caller.user.two_factor.backup_codes.digests.len())
}

/// Disables a user's second factor without a code, because it is lost, and ends their sessions.
///
/// # Errors
/// [`RequestError::NotAllowed`] for another user without `edit-other-user-totp`, [`RequestError::BeyondAuthority`].
pub(crate) async fn reset(app: &App, actor: &Actor, id: &UserId) -> Result<(), RequestError> {
    if !actor.may_on(id, Permission::EditOtherUserTotp) {
        return Err(RequestError::NotAllowed { words: "Not allowed" });
    }
    transact_on_user(app, id, |snapshot, user| {
        Authority::of(app, snapshot, actor).over(user)?;
        let off = with(app, user, TwoFactor::default());
        let session = |token: &Token| token.session().is_some();
        let (change, _) = without_tokens(snapshot, id, Change::new().replace(user, &off), session);
        let noted = note(app, actor, AuditAction::TwoFactorDisabled, Some(user.party()), "reset");
        Ok((change.insert(&noted), ()))
    })
    .await
}

/// Counts wrong codes as failed logins, so that codes cannot be guessed.
async fn refuse_guesses<T>(
    app: &App,
    caller: &Caller,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    let target = Target::proof_of(&caller.user);
    attempts::guarded_silently(app, &caller.origin, &target, RequestError::TotpCodeInvalid, work).await
}

fn enabled(user: &User) -> Result<&StoredSecret, RequestError> {
    user.two_factor.secret.as_ref().ok_or(RequestError::TotpState {
        reason: "TOTP is not enabled",
    })
}

fn with(app: &App, user: &User, two_factor: TwoFactor) -> User {
    User {
        two_factor: two_factor.into(),
        ..user.changed(app.clock.now())
    }
}

fn own(app: &App, caller: &Caller, action: AuditAction) -> crate::domain::AuditEntry {
    note(app, &Actor::User(caller.clone()), action, Some(caller.user.party()), "")
}
