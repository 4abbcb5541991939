//! A fresh proof of who the caller is, for calls that change how a user logs in.
//!
//! The proof comes with the call itself: the code of the authenticator app or a backup code, or the password
//! where no authenticator is in force. Nothing excuses it: no scope, no `bypassTwoFactor`, no young account,
//! no code that was remembered, and no setting.

use super::attempts::{self, Target};
use super::two_factor::{self, PresentedCode};
use crate::app::App;
use crate::auth::{Caller, PasswordDigest};
use crate::domain::scope::Need;
use crate::domain::{Fault, TwoFactorMethod};

/// Asks for a fresh proof: a token without scopes, and a code that came with this call.
///
/// # Errors
/// [`Fault::FullTokenNeeded`], [`Fault::CodeRequired`] with the method that counts, [`Fault::CodeInvalid`];
/// [`Fault::NothingToProveWith`] of a user who has neither a password nor an authenticator.
pub async fn require(app: &App, caller: &Caller, presented: Option<PresentedCode>) -> Result<(), Fault> {
    full_token(caller)?;
    let method = strongest(app, caller).ok_or(Fault::NothingToProveWith)?;
    two_factor::show(app, caller, method, presented).await
}

/// Asks for a fresh proof before the caller's own password or e-mail address changes. The right current
/// password is one as well, also beside an authenticator: it changes the password and the address, and leaves
/// the second factor as it is.
///
/// # Errors
/// Those of [`require`] and of [`current_password`].
pub async fn of_password_or_code(
    app: &App,
    caller: &Caller,
    current_password: Option<&str>,
    presented: Option<PresentedCode>,
) -> Result<(), Fault> {
    full_token(caller)?;
    match current_password {
        Some(digest) => self::current_password(app, caller, &PasswordDigest::presented(digest)).await,
        None => require(app, caller, presented).await,
    }
}

/// Checks the caller's current password. A wrong one counts as a failed login.
///
/// # Errors
/// [`Fault::PasswordWrong`], also while failed logins block the user.
pub async fn current_password(app: &App, caller: &Caller, digest: &PasswordDigest) -> Result<(), Fault> {
    let target = Target::proof_of(&caller.user);
    attempts::guarded_silently(app, &caller.origin, &target, Fault::PasswordWrong, async {
        let user = app.store.read().user(&caller.user.id).cloned();
        let hash = user.and_then(|user| user.password.clone());
        if app.passwords.verify(digest.clone(), hash).await? {
            Ok(())
        } else {
            Err(Fault::PasswordWrong)
        }
    })
    .await
}

/// Refuses a token with scopes: it never changes how its user logs in.
///
/// # Errors
/// [`Fault::FullTokenNeeded`].
pub fn full_token(caller: &Caller) -> Result<(), Fault> {
    match caller.token.lacks(Need::Full) {
        Some(_) => Err(Fault::FullTokenNeeded),
        None => Ok(()),
    }
}

/// Returns the strongest proof that the caller can give.
fn strongest(app: &App, caller: &Caller) -> Option<TwoFactorMethod> {
    if two_factor::is_in_force(app, &caller.user) {
        return Some(TwoFactorMethod::Totp);
    }
    caller.user.password.is_some().then_some(TwoFactorMethod::Password)
}
