//! A fresh proof of the caller's identity, for calls that change how a user logs in.
//!
//! The proof is part of the call itself: a code of the authenticator app or a backup code, or the password if the
//! user has no active authenticator. There are no exceptions: not for scopes, `bypassTwoFactor`, young accounts,
//! remembered codes or settings.

use super::attempts;
use super::guess_target::Target;
use super::two_factor::{self, PresentedCode};
use crate::app::App;
use crate::auth::{Caller, PasswordDigest};
use crate::domain::scope::RequiredScope;
use crate::domain::{RequestError, TwoFactorMethod};

/// Requires a fresh proof: a token without scopes, and a code in this call.
///
/// # Errors
/// [`RequestError::FullTokenNeeded`], [`RequestError::CodeRequired`] with the required method, [`RequestError::CodeInvalid`];
/// [`RequestError::NothingToProveWith`] if the user has neither a password nor an authenticator.
pub(crate) async fn require(app: &App, caller: &Caller, presented: Option<PresentedCode>) -> Result<(), RequestError> {
    full_token(caller)?;
    let method = strongest(app, caller).ok_or(RequestError::NothingToProveWith)?;
    two_factor::show(app, caller, method, presented).await
}

/// Requires a fresh proof before a change of the caller's own password or e-mail address. The current password is
/// enough, even if the user has an authenticator: such a change does not affect the second factor.
///
/// # Errors
/// The errors of [`require`] and of [`current_password`].
pub(crate) async fn of_password_or_code(
    app: &App,
    caller: &Caller,
    current_password: Option<&str>,
    presented: Option<PresentedCode>,
) -> Result<(), RequestError> {
    full_token(caller)?;
    match current_password {
        Some(digest) => self::current_password(app, caller, &PasswordDigest::presented(digest)).await,
        None => require(app, caller, presented).await,
    }
}

/// Checks the caller's current password. A wrong one counts as a failed login.
///
/// # Errors
/// [`RequestError::PasswordWrong`], also during a lockout of the user.
pub(crate) async fn current_password(app: &App, caller: &Caller, digest: &PasswordDigest) -> Result<(), RequestError> {
    let target = Target::proof_of(&caller.user);
    attempts::guarded_silently(app, &caller.origin, &target, RequestError::PasswordWrong, async {
        let user = app.store.read().user(&caller.user.id).cloned();
        let hash = user.and_then(|user| user.password.clone());
        if app.passwords.verify(digest.clone(), hash).await? {
            Ok(())
        } else {
            Err(RequestError::PasswordWrong)
        }
    })
    .await
}

/// Refuses a token with scopes, which never changes how its user logs in.
///
/// # Errors
/// [`RequestError::FullTokenNeeded`].
pub(crate) fn full_token(caller: &Caller) -> Result<(), RequestError> {
    caller.token.permit(RequiredScope::Full)
}

/// Returns the strongest method with which the caller can prove their identity.
fn strongest(app: &App, caller: &Caller) -> Option<TwoFactorMethod> {
    if two_factor::is_in_force(app, &caller.user) {
        return Some(TwoFactorMethod::Totp);
    }
    caller.user.password.is_some().then_some(TwoFactorMethod::Password)
}
