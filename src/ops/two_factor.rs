//! The second factor (`api.md` §4).

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

/// A code that came with a call.
#[derive(Debug, Clone)]
pub struct PresentedCode {
    /// The code.
    pub code: String,
    /// What kind of code the client says it is.
    pub method: Option<TwoFactorMethod>,
}

/// Whether codes of an authenticator app count for this user.
pub(super) fn is_in_force(app: &App, user: &User) -> bool {
    secret_in_force(app, user).is_some()
}

/// Whether users of this server can enable an authenticator app.
#[must_use]
pub fn can_be_enabled(app: &App) -> bool {
    let settings = app.settings();
    settings.flag(SettingId::TwoFactorEnabled) && settings.flag(SettingId::TwoFactorByTotp)
}

fn is_on(app: &App) -> bool {
    app.settings().flag(SettingId::TwoFactorEnabled)
}

/// The secret of a user whose codes count now.
fn secret_in_force<'user>(app: &App, user: &'user User) -> Option<&'user StoredSecret> {
    user.two_factor.secret.as_ref().filter(|_| can_be_enabled(app))
}

/// What a user can show beside the password: the app's code, else the password once more.
fn available(app: &App, user: &User) -> Option<TwoFactorMethod> {
    if secret_in_force(app, user).is_some() {
        return Some(TwoFactorMethod::Totp);
    }
    let fallback = app.settings().flag(SettingId::TwoFactorPasswordFallback);
    (fallback && user.password.is_some()).then_some(TwoFactorMethod::Password)
}

/// A code that a user presented, with its slow hash where it may be a backup code.
#[derive(Debug)]
pub(super) struct Attempt {
    code: String,
    /// The argon2id digest of the code with the salt of the user's backup codes.
    slow: Option<(Salt, [u8; 32])>,
}

impl Attempt {
    /// Takes a code of this user. The slow hash is computed here, off the async threads, because decisions can't
    /// wait.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] when too many hashes wait already.
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

    /// The place of this code among backup codes, if it is one of them.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] when the codes have got another salt since the attempt was made: the client may try
    /// again at once.
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

/// Checks the code of a login, and returns the user's second factor as it is after that: a backup
/// code is good once.
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

/// Takes the code of a login, if there is one.
///
/// # Errors
/// [`Fault::Overloaded`] when too many hashes wait already.
pub(super) async fn login_attempt(app: &App, user: &User, code: Option<&str>) -> Result<Option<Attempt>, Fault> {
    match code.filter(|code| !code.is_empty() && secret_in_force(app, user).is_some()) {
        Some(code) => Attempt::of(app, user, code).await.map(Some),
        None => Ok(None),
    }
}

/// The second factor after this code was shown; none when the code is wrong, or was used before. The caller stores it in
/// the change that the code allows: of two uses at once, one loses the race for the user's record, and is decided again.
fn spend(app: &App, user: &User, secret: &StoredSecret, attempt: &Attempt) -> Result<Option<TwoFactor>, Fault> {
    let delta = u16::try_from(app.settings().number(SettingId::TwoFactorMaxDelta)).unwrap_or(u16::MAX);
    let secret = app.key.open(&user.id, secret).map_err(incident::internal)?;
    let now = app.clock.now();
    if let Some(step) = totp::check(&secret, &attempt.code, now, delta) {
        // A step that lies ahead of all codes was spent while the clock was wrong, and must not lock the user out.
        let ahead = totp::step_at(now).saturating_add(delta.into());
        let used = user
            .two_factor
            .last_step
            .is_some_and(|last| step <= last && last <= ahead);
        return Ok((!used).then(|| TwoFactor {
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

/// The user as the store has it now.
fn current(app: &App, id: &UserId) -> Result<Arc<User>, Fault> {
    app.store.read().user(id).cloned().ok_or(Fault::UserNotFound)
}

/// Asks for the second factor of a call that changes who gets in.
///
/// It is not asked for where the server has none, of personal tokens that were made to bypass it, of
/// a session that showed it a short while ago from the same place, and of an account younger than
/// that while which has no authenticator. What changes how a user logs in asks for a fresh proof
/// instead, which has no excuse: see [`super::proof`].
///
/// # Errors
/// [`Fault::CodeRequired`], [`Fault::CodeInvalid`]; the latter too while failed logins block the
/// user.
pub async fn require(app: &App, caller: &Caller, presented: Option<PresentedCode>) -> Result<(), Fault> {
    let asked = |method: &TwoFactorMethod| is_on(app) && !is_excused(app, caller, *method);
    match available(app, &caller.user).filter(asked) {
        Some(method) => show(app, caller, method, presented).await,
        None => Ok(()),
    }
}

/// Asks for the second factor of another user's account that the caller acts on; of the caller's own
/// account it is not asked for.
///
/// # Errors
/// Those of [`require`].
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

/// Checks the code that came with a call, and remembers it when it is right.
///
/// # Errors
/// [`Fault::CodeRequired`], [`Fault::CodeInvalid`]; the latter too while failed logins block the
/// user.
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

/// Keeps that the session showed its second factor.
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
        // Whoever changed the token meanwhile did so in the same session: it will be asked again.
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(error) => Err(super::incident::store(error)),
    }
}
