//! Personal access tokens, and sessions that a program creates for other users (`api.md` §3.5).

use std::sync::Arc;

use super::attempts;
use super::audit::note;
use super::authority::Authority;
use super::guess_target::Target;
use super::login;
use super::transaction::{transact, transact_on_user};
use crate::app::App;
use crate::auth::{Actor, Caller, TokenSecret};
use crate::domain::{
    AuditAction, Permission, PersonalToken, RequestError, Scope, Timestamp, Token, TokenName, User, UserId,
};
use crate::store::{Change, Snapshot};

/// Maximum personal access tokens per user.
pub(super) const TOKENS_PER_USER: usize = 200;

/// A personal access token to create.
#[derive(Debug, Clone)]
pub(crate) struct NewPersonalToken {
    /// The name that the owner gives it, unique among their tokens.
    pub name: TokenName,
    /// True if calls with the token need no second factor.
    pub bypass_two_factor: bool,
    /// The time when the token expires; `None` if it never does.
    pub expires_at: Option<Timestamp>,
    /// The scopes to which the token is limited; `None` means no limit.
    pub scopes: Option<Vec<Scope>>,
}

/// Creates a personal access token.
///
/// # Errors
/// [`RequestError::PersonalTokenNotAuthorized`] without `create-personal-access-tokens`, [`RequestError::PersonalTokenTaken`] if
/// the caller has one with this name, [`RequestError::InvalidParams`] for an expiry that has passed, or too many tokens.
pub(crate) async fn generate(app: &App, caller: &Caller, new: NewPersonalToken) -> Result<TokenSecret, RequestError> {
    permit(caller)?;
    let name = &new.name;
    if new.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return Err(RequestError::invalid("must be a future date", "expiresAt"));
    }
    let secret = TokenSecret::generate();
    transact_on_user(app, &caller.user.id, |snapshot, user| {
        if named(snapshot, &user.id, name).is_some() {
            return Err(RequestError::PersonalTokenTaken);
        }
        if of(snapshot, &user.id).count() >= TOKENS_PER_USER {
            let words = format!("must NOT be more than {TOKENS_PER_USER} tokens: remove one first");
            return Err(RequestError::invalid(words, "tokenName"));
        }
        let token = Token {
            hash: secret.hash(),
            user: user.id.clone(),
            created_at: app.clock.now(),
            expires_at: new.expires_at,
            last_used_at: None,
            kind: PersonalToken {
                name: name.as_str().into(),
                last_part: secret.last_part().into(),
                bypass_two_factor: new.bypass_two_factor,
                scopes: new.scopes.clone(),
            }
            .into(),
        };
        let noted = own(app, caller, AuditAction::PersonalTokenCreated, name);
        Ok((depending_on(user).insert(&token).insert(&noted), ()))
    })
    .await?;
    Ok(secret)
}

/// Replaces the secret of a token. Its name, expiry and scopes stay the same.
///
/// # Errors
/// [`RequestError::PersonalTokenNotAuthorized`], [`RequestError::PersonalTokenNotFound`].
pub(crate) async fn regenerate(app: &App, caller: &Caller, name: &TokenName) -> Result<TokenSecret, RequestError> {
    permit(caller)?;
    let secret = TokenSecret::generate();
    transact_on_user(app, &caller.user.id, |snapshot, user| {
        let old = named(snapshot, &user.id, name).ok_or(RequestError::PersonalTokenNotFound)?;
        let Some(personal) = old.personal() else {
            return Err(RequestError::PersonalTokenNotFound);
        };
        let token = Token {
            hash: secret.hash(),
            created_at: app.clock.now(),
            last_used_at: None,
            kind: PersonalToken {
                last_part: secret.last_part().into(),
                ..personal.clone()
            }
            .into(),
            ..Token::clone(old)
        };
        let noted = own(app, caller, AuditAction::PersonalTokenCreated, name);
        Ok((depending_on(user).exchange(&**old, &token).insert(&noted), ()))
    })
    .await?;
    Ok(secret)
}

/// Ends a personal access token.
///
/// # Errors
/// [`RequestError::PersonalTokenNotAuthorized`], [`RequestError::PersonalTokenNotFound`].
pub(crate) async fn remove(app: &App, caller: &Caller, name: &TokenName) -> Result<(), RequestError> {
    permit(caller)?;
    transact(app, |snapshot| {
        let old = named(snapshot, &caller.user.id, name).ok_or(RequestError::PersonalTokenNotFound)?;
        let noted = own(app, caller, AuditAction::PersonalTokenRemoved, name);
        Ok((Change::new().remove(&**old).insert(&noted), ()))
    })
    .await
}

/// Lists the caller's personal access tokens, the oldest first.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `create-personal-access-tokens`.
pub(crate) fn list(app: &App, caller: &Caller) -> Result<Vec<Arc<Token>>, RequestError> {
    caller.require(Permission::CreatePersonalAccessTokens)?;
    Ok(of(&app.store.read(), &caller.user.id).cloned().collect())
}

/// Creates a session for a user without their password, for programs of the server's administrators.
///
/// # Errors
/// [`RequestError::CreateTokenNotAuthorized`] if the secret is not the configured one, if the user is unknown or may not log
/// in, or if it is another user and the caller does not have `user-generate-access-token`;
/// [`RequestError::BeyondAuthority`].
pub(crate) async fn create_for(
    app: &App,
    caller: &Caller,
    id: &UserId,
    secret: &str,
) -> Result<TokenSecret, RequestError> {
    let refused = || RequestError::CreateTokenNotAuthorized;
    let expected = app.fixed.create_tokens_secret.as_ref().ok_or_else(refused)?;
    let target = Target::secret("secret for tokens");
    attempts::guarded_silently(app, &caller.origin, &target, refused(), async {
        if expected.is(secret) { Ok(()) } else { Err(refused()) }
    })
    .await?;
    let actor = Actor::User(caller.clone());
    if !actor.may_on(id, Permission::UserGenerateAccessToken) {
        return Err(refused());
    }
    let token = TokenSecret::generate();
    let outcome = transact_on_user(app, id, |snapshot, user| {
        if !user.is_active() {
            return Err(refused());
        }
        let session = login::session(app, &caller.origin, user, &token);
        Authority::of(app, snapshot, &actor).over(user)?;
        let noted = note(app, &actor, AuditAction::TokenCreated, Some(user.party()), "");
        let change = login::end_surplus(app, snapshot, user, depending_on(user));
        Ok((change.insert(&session).insert(&noted), ()))
    });
    match outcome.await {
        Err(RequestError::UserNotFound) => Err(refused()),
        outcome => outcome.map(|()| token),
    }
}

fn permit(caller: &Caller) -> Result<(), RequestError> {
    if caller.may(Permission::CreatePersonalAccessTokens) {
        Ok(())
    } else {
        Err(RequestError::PersonalTokenNotAuthorized)
    }
}

/// Returns a change that depends on the user's record and changes it, so that no token is created if the password
/// changes or the account is deactivated at the same time.
pub(super) fn depending_on(user: &User) -> Change {
    let counted = User {
        revision: user.revision + 1,
        ..user.clone()
    };
    Change::new().replace(user, &counted)
}

fn of<'snapshot>(snapshot: &'snapshot Snapshot, user: &UserId) -> impl Iterator<Item = &'snapshot Arc<Token>> {
    snapshot.tokens_of(user).filter(|token| token.personal().is_some())
}

fn named<'snapshot>(snapshot: &'snapshot Snapshot, user: &UserId, name: &TokenName) -> Option<&'snapshot Arc<Token>> {
    of(snapshot, user).find(|token| token.personal().is_some_and(|personal| name.is(&personal.name)))
}

fn own(app: &App, caller: &Caller, action: AuditAction, name: &TokenName) -> crate::domain::AuditEntry {
    let actor = Actor::User(caller.clone());
    note(app, &actor, action, Some(caller.user.party()), name.as_str())
}
