//! The check of a code of a second factor.

use std::sync::Arc;

use crate::app::App;
use crate::auth::totp;
use crate::domain::two_factor::Salt;
use crate::domain::{BackupCodes, RequestError, SettingId, StoredSecret, TwoFactor, User, UserId};
use crate::ops::incident;

/// Returns whether users of this server can enable an authenticator app.
#[must_use]
pub(crate) fn can_be_enabled(app: &App) -> bool {
    let settings = app.settings();
    settings.flag(SettingId::TwoFactorEnabled) && settings.flag(SettingId::TwoFactorByTotp)
}

/// Returns the secret with which the user's codes are checked, if they have one and the settings allow it.
pub(super) fn secret_in_force<'user>(app: &App, user: &'user User) -> Option<&'user StoredSecret> {
    user.two_factor.secret.as_ref().filter(|_| can_be_enabled(app))
}

/// A code that a user entered, with its slow hash if it may be a backup code.
#[derive(Debug)]
pub(in crate::ops) struct Attempt {
    code: String,
    /// The salt of the user's backup codes, and the argon2id digest of the code with it.
    slow: Option<(Salt, [u8; 32])>,
}

impl Attempt {
    /// Prepares the check of a code of this user. The slow hash is computed here, on another thread, because the
    /// closure of a transaction cannot wait.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if too many hashes wait already.
    pub(in crate::ops) async fn of(app: &App, user: &User, code: &str) -> Result<Self, RequestError> {
        let code = code.trim().to_owned();
        let codes = &user.two_factor.backup_codes;
        let salt = codes
            .salt
            .filter(|_| !codes.digests.is_empty() && totp::is_backup_code(&code));
        let mut slow = None;
        if let Some(salt) = salt {
            let digests = app.passwords.slow_digests(&[totp::hash(&code)], salt).await?;
            slow = digests.first().map(|digest| (salt, *digest));
        }
        Ok(Self { code, slow })
    }

    /// Returns the index of this code among the backup codes, if it is one of them.
    ///
    /// # Errors
    /// [`RequestError::Overloaded`] if the codes got another salt since the attempt was prepared. The client may retry at
    /// once.
    fn place_in(&self, codes: &BackupCodes) -> Result<Option<usize>, RequestError> {
        if codes.digests.is_empty() || !totp::is_backup_code(&self.code) {
            return Ok(None);
        }
        match (codes.salt, self.slow) {
            (None, _) => Ok(totp::find(&codes.digests, &totp::hash(&self.code))),
            (Some(salt), Some((of, digest))) if salt == of => Ok(totp::find(&codes.digests, &digest)),
            (Some(_), _) => Err(RequestError::Overloaded { retry_after: 1 }),
        }
    }
}

/// Checks the code of a login. Returns the user's second factor with the code marked as used: no code can be used
/// again.
///
/// # Errors
/// [`RequestError::LoginCodeRequired`], [`RequestError::LoginCodeInvalid`].
pub(in crate::ops) fn spend_login_code(
    app: &App,
    user: &User,
    attempt: Option<&Attempt>,
) -> Result<TwoFactor, RequestError> {
    let Some(secret) = secret_in_force(app, user) else {
        return Ok(TwoFactor::clone(&user.two_factor));
    };
    let attempt = attempt.ok_or(RequestError::LoginCodeRequired)?;
    spend(app, user, secret, attempt)?.ok_or(RequestError::LoginCodeInvalid)
}

/// Prepares the check of a login's code, if there is one and the user needs one.
///
/// # Errors
/// [`RequestError::Overloaded`] if too many hashes wait already.
pub(in crate::ops) async fn login_attempt(
    app: &App,
    user: &User,
    code: Option<&str>,
) -> Result<Option<Attempt>, RequestError> {
    match code.filter(|code| !code.is_empty() && secret_in_force(app, user).is_some()) {
        Some(code) => Attempt::of(app, user, code).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the second factor with this code marked as used; `None` if the code is wrong or was used before. The
/// caller stores the result in the change that the code allows: of two uses at the same time, one conflicts on the
/// user's record and is checked again.
pub(super) fn spend(
    app: &App,
    user: &User,
    secret: &StoredSecret,
    attempt: &Attempt,
) -> Result<Option<TwoFactor>, RequestError> {
    let delta = u16::try_from(app.settings().number(SettingId::TwoFactorMaxDelta)).unwrap_or(u16::MAX);
    let secret = app.key.open(&user.id, secret).map_err(incident::internal)?;
    // The user's device has codes by the true time, which the machine's clock is nearer to than the store's.
    let now = app.clock.wall();
    if let Some(step) = totp::check(&secret, &attempt.code, now, delta) {
        // A step ahead of all valid codes was used while the clock was wrong, and must not lock the user out.
        let ahead = totp::step_at(now).saturating_add(delta.into());
        let was_used = user
            .two_factor
            .last_step
            .is_some_and(|last| step <= last && last <= ahead);
        return Ok((!was_used).then(|| TwoFactor {
            last_step: Some(step),
            ..TwoFactor::clone(&user.two_factor)
        }));
    }
    let Some(place) = attempt.place_in(&user.two_factor.backup_codes)? else {
        return Ok(None);
    };
    let mut rest = TwoFactor::clone(&user.two_factor);
    rest.backup_codes.digests.remove(place);
    Ok(Some(rest))
}

/// Returns the current record of the user.
pub(super) fn current(app: &App, id: &UserId) -> Result<Arc<User>, RequestError> {
    app.store.read().user(id).cloned().ok_or(RequestError::UserNotFound)
}
