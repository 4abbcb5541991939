//! The check of a call's second factor (`api.md` §4).

mod enrolment;

use std::sync::Arc;

pub use enrolment::{Enrolment, begin, codes_remaining, disable, regenerate_codes, reset, validate};

use super::attempts::{self, Target};
use super::decide::decide_on;
use super::incident;
use crate::app::App;
use crate::auth::{Caller, PasswordDigest, totp};
use crate::domain::token::SecondFactorPass;
use crate::domain::two_factor::Salt;
use crate::domain::{
    BackupCodes, Fault, Session, SettingId, StoredSecret, Token, TokenKind, TwoFactor, TwoFactorMethod, User, UserId,
};
use crate::store::{Change, CommitError};

/// A second factor that came with a call.
#[derive(Debug, Clone)]
pub struct PresentedCode {
    /// The code, or the digest of the password.
    pub code: String,
    /// The kind of code as the client declares it.
    pub method: Option<TwoFactorMethod>,
}

/// Returns whether this user has an authenticator app whose codes are accepted.
pub(super) fn is_in_force(app: &App, user: &User) -> bool {
    secret_in_force(app, user).is_some()
}

/// Returns whether users of this server can enable an authenticator app.
#[must_use]
pub fn can_be_enabled(app: &App) -> bool {
    let settings = app.settings();
    settings.flag(SettingId::TwoFactorEnabled) && settings.flag(SettingId::TwoFactorByTotp)
}

fn is_on(app: &App) -> bool {
    app.settings().flag(SettingId::TwoFactorEnabled)
}

/// Returns the secret with which the user's codes are checked, if they have one and the settings allow it.
fn secret_in_force<'user>(app: &App, user: &'user User) -> Option<&'user StoredSecret> {
    user.two_factor.secret.as_ref().filter(|_| can_be_enabled(app))
}

/// Returns the second factor that a user can give: a code of the app, or else the password again.
fn available(app: &App, user: &User) -> Option<TwoFactorMethod> {
    if secret_in_force(app, user).is_some() {
        return Some(TwoFactorMethod::Totp);
    }
    let fallback = app.settings().flag(SettingId::TwoFactorPasswordFallback);
    (fallback && user.password.is_some()).then_some(TwoFactorMethod::Password)
}

/// A code that a user entered, with its slow hash if it may be a backup code.
#[derive(Debug)]
pub(super) struct Attempt {
    code: String,
    /// The salt of the user's backup codes, and the argon2id digest of the code with it.
    slow: Option<(Salt, [u8; 32])>,
}

impl Attempt {
    /// Prepares the check of a code of this user. The slow hash is computed here, on another thread, because the
    /// closure of a transaction cannot wait.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if too many hashes wait already.
    pub(super) async fn of(app: &App, user: &User, code: &str) -> Result<Self, Fault> {
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
    /// [`Fault::Overloaded`] if the codes got another salt since the attempt was prepared. The client may retry at
    /// once.
    fn place_in(&self, codes: &BackupCodes) -> Result<Option<usize>, Fault> {
        if codes.digests.is_empty() || !totp::is_backup_code(&self.code) {
            return Ok(None);
        }
        match (codes.salt, self.slow) {
            (None, _) => Ok(totp::find(&codes.digests, &totp::hash(&self.code))),
            (Some(salt), Some((of, digest))) if salt == of => Ok(totp::find(&codes.digests, &digest)),
            (Some(_), _) => Err(Fault::Overloaded { retry_after: 1 }),
        }
    }
}

/// Checks the code of a login. Returns the user's second factor with the code marked as used: no code can be used
/// again.
///
/// # Errors
/// [`Fault::LoginCodeRequired`], [`Fault::LoginCodeInvalid`].
pub(super) fn spend_login_code(app: &App, user: &User, attempt: Option<&Attempt>) -> Result<TwoFactor, Fault> {
    let Some(secret) = secret_in_force(app, user) else {
        return Ok(user.two_factor.clone());
    };
    let attempt = attempt.ok_or(Fault::LoginCodeRequired)?;
    spend(app, user, secret, attempt)?.ok_or(Fault::LoginCodeInvalid)
}

/// Prepares the check of a login's code, if there is one and the user needs one.
///
/// # Errors
/// [`Fault::Overloaded`] if too many hashes wait already.
pub(super) async fn login_attempt(app: &App, user: &User, code: Option<&str>) -> Result<Option<Attempt>, Fault> {
    match code.filter(|code| !code.is_empty() && secret_in_force(app, user).is_some()) {
        Some(code) => Attempt::of(app, user, code).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the second factor with this code marked as used; `None` if the code is wrong or was used before. The
/// caller stores the result in the change that the code allows: of two uses at the same time, one conflicts on the
/// user's record and is checked again.
fn spend(app: &App, user: &User, secret: &StoredSecret, attempt: &Attempt) -> Result<Option<TwoFactor>, Fault> {
    let delta = u16::try_from(app.settings().number(SettingId::TwoFactorMaxDelta)).unwrap_or(u16::MAX);
    let secret = app.key.open(&user.id, secret).map_err(incident::internal)?;
    let now = app.clock.now();
    if let Some(step) = totp::check(&secret, &attempt.code, now, delta) {
        // A step ahead of all valid codes was used while the clock was wrong, and must not lock the user out.
        let ahead = totp::step_at(now).saturating_add(delta.into());
        let was_used = user
            .two_factor
            .last_step
            .is_some_and(|last| step <= last && last <= ahead);
        return Ok((!was_used).then(|| TwoFactor {
            last_step: Some(step),
            ..user.two_factor.clone()
        }));
    }
    let Some(place) = attempt.place_in(&user.two_factor.backup_codes)? else {
        return Ok(None);
    };
    let mut rest = user.two_factor.clone();
    rest.backup_codes.digests.remove(place);
    Ok(Some(rest))
}

/// Returns the current record of the user.
fn current(app: &App, id: &UserId) -> Result<Arc<User>, Fault> {
    app.store.read().user(id).cloned().ok_or(Fault::UserNotFound)
}

/// Requires the second factor for a call that changes who can log in.
///
/// Not required if the server has two-factor off, for personal tokens created with bypass, within
/// `TwoFactorRememberFor` seconds of the session's last code from the same address and client, and, for users without
/// an authenticator, within that time after the account was created. Calls that change how a user logs in require a
/// fresh proof instead, without exceptions: see [`super::proof`].
///
/// # Errors
/// [`Fault::CodeRequired`], [`Fault::CodeInvalid`]; also the latter during a lockout of the user.
pub async fn require(app: &App, caller: &Caller, presented: Option<PresentedCode>) -> Result<(), Fault> {
    let asked = |method: &TwoFactorMethod| is_on(app) && !is_excused(app, caller, *method);
    match available(app, &caller.user).filter(asked) {
        Some(method) => show(app, caller, method, presented).await,
        None => Ok(()),
    }
}

/// Requires the second factor if the caller acts on another user's account, but not for the caller's own account.
///
/// # Errors
/// The errors of [`require`].
pub async fn require_for_other(
    app: &App,
    caller: &Caller,
    id: &UserId,
    presented: Option<PresentedCode>,
) -> Result<(), Fault> {
    if caller.user.id == *id {
        return Ok(());
    }
    require(app, caller, presented).await
}

/// Checks the code that came with a call. If it is right, the session need not send another one for a while.
///
/// # Errors
/// [`Fault::CodeRequired`], [`Fault::CodeInvalid`]; also the latter during a lockout of the user.
pub(super) async fn show(
    app: &App,
    caller: &Caller,
    method: TwoFactorMethod,
    presented: Option<PresentedCode>,
) -> Result<(), Fault> {
    let required = Fault::CodeRequired {
        method,
        available: vec![method],
    };
    let Some(presented) = presented.filter(|presented| !presented.code.is_empty()) else {
        return Err(required);
    };
    if presented.method.is_some_and(|named| named != method) {
        return Err(required);
    }
    let invalid = Fault::CodeInvalid { method };
    attempts::guarded_silently(
        app,
        &caller.origin,
        &Target::proof_of(&caller.user),
        invalid.clone(),
        async {
            let right = match method {
                TwoFactorMethod::Password => {
                    let digest = PasswordDigest::presented(&presented.code);
                    let user = app.store.read().user(&caller.user.id).cloned();
                    let hash = user.and_then(|user| user.password.clone());
                    app.passwords.verify(digest, hash).await?
                }
                TwoFactorMethod::Totp => spend_code(app, &caller.user.id, &presented.code).await?,
            };
            if right { Ok(()) } else { Err(invalid) }
        },
    )
    .await?;
    remember(app, caller).await
}

fn is_excused(app: &App, caller: &Caller, method: TwoFactorMethod) -> bool {
    let (now, settings) = (app.clock.now(), app.settings());
    let while_ = i64::from(settings.number(SettingId::TwoFactorRememberFor));
    if method == TwoFactorMethod::Password && now < caller.user.created_at.plus_seconds(while_) {
        return true;
    }
    match &caller.token.kind {
        TokenKind::Personal(personal) => personal.bypass_two_factor,
        TokenKind::Session(session) => session.second_factor.as_ref().is_some_and(|pass| {
            now < pass.until && pass.address == caller.origin.address && *pass.client == *caller.origin.client
        }),
    }
}

async fn spend_code(app: &App, id: &UserId, code: &str) -> Result<bool, Fault> {
    let attempt = Attempt::of(app, &*current(app, id)?, code).await?;
    decide_on(app, id, |_, user| {
        let spent = secret_in_force(app, user).map(|secret| spend(app, user, secret, &attempt));
        let Some(rest) = spent.transpose()?.flatten() else {
            return Ok((Change::new(), false));
        };
        let spent = User {
            two_factor: rest,
            revision: user.revision + 1,
            ..user.clone()
        };
        Ok((Change::new().replace(user, &spent), true))
    })
    .await
}

/// Stores in the session that its second factor was right.
async fn remember(app: &App, caller: &Caller) -> Result<(), Fault> {
    let TokenKind::Session(session) = &caller.token.kind else {
        return Ok(());
    };
    let while_ = i64::from(app.settings().number(SettingId::TwoFactorRememberFor));
    let passed = Token {
        kind: TokenKind::Session(Session {
            second_factor: Some(SecondFactorPass {
                until: app.clock.now().plus_seconds(while_),
                address: caller.origin.address,
                client: caller.origin.client.to_string(),
            }),
            ..session.clone()
        }),
        ..Token::clone(&caller.token)
    };
    match app.store.commit(Change::new().replace(&*caller.token, &passed)).await {
        // On a conflict, the token was changed at the same time. Then the session is asked for a code again.
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(error) => Err(super::incident::store(error)),
    }
}
