//! The check of a call's second factor (`api.md` §4).

mod attempt;
mod enrolment;

pub(crate) use attempt::can_be_enabled;
pub(super) use attempt::{login_attempt, spend_login_code};
pub(crate) use enrolment::{Enrolment, begin, codes_remaining, disable, regenerate_codes, reset, validate};

use self::attempt::{Attempt, current, secret_in_force, spend};
use super::attempts;
use super::guess_target::Target;
use super::transaction::transact_on_user;
use crate::app::App;
use crate::auth::{Caller, PasswordDigest};
use crate::domain::token::SecondFactorPass;
use crate::domain::{RequestError, Session, SettingId, Token, TokenKind, TwoFactorMethod, User, UserId};
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

fn is_on(app: &App) -> bool {
    app.settings().flag(SettingId::TwoFactorEnabled)
}

/// Returns the second factor that a user can give: a code of the app, or else the password again.
fn available(app: &App, user: &User) -> Option<TwoFactorMethod> {
    if secret_in_force(app, user).is_some() {
        return Some(TwoFactorMethod::Totp);
    }
    let fallback = app.settings().flag(SettingId::TwoFactorPasswordFallback);
    (fallback && user.password.is_some()).then_some(TwoFactorMethod::Password)
}

/// Requires the second factor for a call that changes who can log in.
///
/// Not required if the server has two-factor off, for personal tokens created with bypass, within
/// `TwoFactorRememberFor` seconds of the session's last code from the same address and client, and, for users without
/// an authenticator, within that time after the account was created. Calls that change how a user logs in require a
/// fresh proof instead, without exceptions: see [`super::proof`].
///
/// # Errors
/// [`RequestError::CodeRequired`], [`RequestError::CodeInvalid`]; also the latter during a lockout of the user.
pub(crate) async fn require(app: &App, caller: &Caller, presented: Option<PresentedCode>) -> Result<(), RequestError> {
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
pub(crate) async fn require_for_other(
    app: &App,
    caller: &Caller,
    id: &UserId,
    presented: Option<PresentedCode>,
) -> Result<(), RequestError> {
    if caller.user.id == *id {
        return Ok(());
    }
    require(app, caller, presented).await
}

/// Checks the code that came with a call. If it is right, the session need not send another one for a while.
///
/// # Errors
/// [`RequestError::CodeRequired`], [`RequestError::CodeInvalid`]; also the latter during a lockout of the user.
pub(super) async fn show(
    app: &App,
    caller: &Caller,
    method: TwoFactorMethod,
    presented: Option<PresentedCode>,
) -> Result<(), RequestError> {
    let required = RequestError::CodeRequired {
        method,
        available: vec![method],
    };
    let Some(presented) = presented.filter(|presented| !presented.code.is_empty()) else {
        return Err(required);
    };
    if presented.method.is_some_and(|named| named != method) {
        return Err(required);
    }
    let invalid = RequestError::CodeInvalid { method };
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

async fn spend_code(app: &App, id: &UserId, code: &str) -> Result<bool, RequestError> {
    let attempt = Attempt::of(app, &*current(app, id)?, code).await?;
    transact_on_user(app, id, |_, user| {
        let spent = secret_in_force(app, user).map(|secret| spend(app, user, secret, &attempt));
        let Some(rest) = spent.transpose()?.flatten() else {
            return Ok((Change::new(), false));
        };
        let spent = User {
            two_factor: rest.into(),
            revision: user.revision + 1,
            ..user.clone()
        };
        Ok((Change::new().replace(user, &spent), true))
    })
    .await
}

/// Stores in the session that its second factor was right.
async fn remember(app: &App, caller: &Caller) -> Result<(), RequestError> {
    let TokenKind::Session(session) = &caller.token.kind else {
        return Ok(());
    };
    let while_ = i64::from(app.settings().number(SettingId::TwoFactorRememberFor));
    let passed = Token {
        kind: TokenKind::Session(Session {
            second_factor: Some(Box::new(SecondFactorPass {
                until: app.clock.now().plus_seconds(while_),
                address: caller.origin.address,
                client: caller.origin.client.to_string(),
            })),
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
