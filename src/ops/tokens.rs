//! Login tokens: authentication, and their end.

use std::sync::Arc;

use tracing::debug;

use super::audit::note;
use super::authority::Authority;
use super::transaction::transact;
use super::{incident, two_factor, user_status};
use crate::app::App;
use crate::auth::{Actor, Caller, Origin, TokenSecret};
use crate::domain::{AuditAction, Duty, Permission, RequestError, Timestamp, Token, TokenHash, User, UserId};
use crate::observe::RequestId;
use crate::store::{Change, RECORDS_IN_CHANGE, Snapshot};

/// The interval at which the last use of a token is stored, in milliseconds.
const LAST_USE_MILLIS: i64 = 60_000;

/// Returns the caller for a user id and a token. `None` if the token is not live, belongs to another user, or the
/// account is not active.
#[must_use]
pub(crate) fn authenticate(app: &App, id: &UserId, token: &TokenSecret, origin: &Origin) -> Option<Caller> {
    let caller = look_up(app, id, token, origin)?;
    note_use(app, &caller.token, app.clock.now());
    Some(caller)
}

/// Returns the same caller as [`authenticate`], but does not store that the token was used. An open stream does not
/// show that its user is active.
#[must_use]
pub(crate) fn look_up(app: &App, id: &UserId, token: &TokenSecret, origin: &Origin) -> Option<Caller> {
    let snapshot = app.store.read();
    let stored = snapshot.token(&token.hash())?;
    if stored.user != *id || !stored.is_live(app.clock.now()) {
        return None;
    }
    let user = snapshot.user(id).filter(|user| user.is_active())?;
    Some(Caller {
        user: Arc::clone(user),
        permissions: stored.narrow(snapshot.access().of(&user.roles)),
        duty: Duty::of(user, snapshot.access(), || two_factor::can_be_enabled(app)),
        token: Arc::clone(stored),
        presented: token.clone(),
        origin: origin.clone(),
    })
}

/// Waits until this server knows a token that another server has made a moment ago. Returns false if there is none, so that
/// nothing has changed. The caller must have been counted, because each question costs the cluster work.
pub(crate) async fn learn(app: &App, token: &TokenSecret) -> bool {
    let hash = token.hash();
    app.store.has_others() && app.store.read().token(&hash).is_none() && app.store.learn_token(&hash).await
}

/// Stores the time at which a token, and for a session also its user, was last seen. It runs in the background: a
/// failure only loses up to a minute of the time.
fn note_use(app: &App, token: &Token, now: Timestamp) {
    let last = token.last_used_at.map_or(0, Timestamp::as_millis);
    if now.as_millis() - last < LAST_USE_MILLIS {
        return;
    }
    let (app, hash) = (app.clone(), token.hash);
    tokio::spawn(RequestId::carry(async move {
        let noted = transact(&app, |snapshot| {
            let Some(token) = snapshot.token(&hash).filter(|token| token.last_used_at < Some(now)) else {
                return Ok((Change::new(), ()));
            };
            let used = Token {
                last_used_at: Some(now),
                ..Token::clone(token)
            };
            let change = Change::new().replace(&**token, &used);
            if token.session().is_none() {
                return Ok((change, ()));
            }
            let mut stored = user_status::stored(snapshot, &token.user);
            stored.last_seen = stored.last_seen.max(Some(now));
            Ok((user_status::save(snapshot, change, stored, now), ()))
        });
        if let Err(error) = noted.await {
            debug!(%error, "the last use of a token is not noted");
        }
    }));
}

/// Stores the time at which a caller's socket was closed as the last use of their token.
pub(crate) fn note_end(app: &App, caller: &Caller) {
    note_use(app, &caller.token, app.clock.now());
}

/// Ends only the session of this call.
///
/// # Errors
/// Errors of the store. A session that has already ended is not an error.
pub(crate) async fn logout(app: &App, caller: &Caller) -> Result<(), RequestError> {
    let actor = Actor::User(caller.clone());
    end(
        app,
        &actor,
        &caller.user,
        |token| token.hash == caller.token.hash,
        AuditAction::Logout,
    )
    .await?;
    Ok(())
}

/// Ends all tokens of a user, including personal access tokens. Returns their number.
///
/// # Errors
/// [`RequestError::NotPermitted`] for another user without `logout-other-user`, then [`RequestError::UserIdInvalid`] for an unknown
/// user, [`RequestError::BeyondAuthority`].
pub(crate) async fn logout_user(app: &App, actor: &Actor, id: &UserId) -> Result<usize, RequestError> {
    if !actor.may_on(id, Permission::LogoutOtherUser) {
        return Err(RequestError::NotPermitted);
    }
    let user = app.store.read().user(id).cloned().ok_or(RequestError::UserIdInvalid)?;
    end(app, actor, &user, |_| true, AuditAction::TokensEnded).await
}

/// Ends all sessions of the caller except the current one, and returns their number. Personal access tokens stay.
///
/// # Errors
/// Errors of the store.
pub(crate) async fn logout_others(app: &App, caller: &Caller) -> Result<usize, RequestError> {
    let actor = Actor::User(caller.clone());
    let other = |token: &Token| token.session().is_some() && token.hash != caller.token.hash;
    end(app, &actor, &caller.user, other, AuditAction::TokensEnded).await
}

/// Returns the live tokens of one user or of all users, grouped by user, the oldest first.
#[must_use]
pub(crate) fn list(app: &App, user: Option<&UserId>) -> Vec<Arc<Token>> {
    let snapshot = app.store.read();
    let now = app.clock.now();
    let live = |token: &&Arc<Token>| token.is_live(now);
    match user {
        Some(user) => snapshot.tokens_of(user).filter(live).cloned().collect(),
        None => snapshot.tokens().filter(live).cloned().collect(),
    }
}

/// Ends the live token with this label (see [`TokenHash::label`]) of one user, or of any user. In the second case all
/// tokens are searched: labels have no index, since only administrators and the command line do this.
///
/// # Errors
/// [`RequestError::TokenNotFound`] if there is no such token, or if it belongs to another user and the actor may not log
/// other users out; [`RequestError::BeyondAuthority`].
pub(crate) async fn revoke(app: &App, actor: &Actor, user: Option<&UserId>, label: &str) -> Result<(), RequestError> {
    let may = |token: &&Arc<Token>| actor.may_on(&token.user, Permission::LogoutOtherUser);
    let tokens = list(app, user);
    let token = tokens.iter().filter(may).find(|token| token.hash.label() == label);
    let unknown = || RequestError::TokenNotFound { label: label.into() };
    let token = token.ok_or_else(unknown)?;
    let owner = app.store.read().user(&token.user).cloned().ok_or_else(unknown)?;
    end(
        app,
        actor,
        &owner,
        |other| other.hash == token.hash,
        AuditAction::TokensEnded,
    )
    .await?;
    Ok(())
}

/// Ends those tokens of a user for which `which` is true, and returns their number, which may be 0.
async fn end(
    app: &App,
    actor: &Actor,
    user: &User,
    which: impl Fn(&Token) -> bool,
    action: AuditAction,
) -> Result<usize, RequestError> {
    transact(app, |snapshot| {
        if let Some(user) = snapshot.user(&user.id) {
            Authority::of(app, snapshot, actor).over(user)?;
        }
        let (change, ended) = without_tokens(snapshot, &user.id, Change::new(), &which);
        if ended == 0 {
            return Ok((change, 0));
        }
        let detail = if action == AuditAction::TokensEnded {
            format!("{ended} tokens")
        } else {
            String::new()
        };
        Ok((
            change.insert(&note(app, actor, action, Some(user.party()), detail)),
            ended,
        ))
    })
    .await
}

/// Adds to a change the end of those tokens of a user for which `which` is true. Returns their number.
pub(super) fn without_tokens(
    snapshot: &Snapshot,
    user: &UserId,
    change: Change,
    which: impl Fn(&Token) -> bool,
) -> (Change, usize) {
    let mut ended = 0;
    let change = snapshot
        .tokens_of(user)
        .filter(|token| which(token))
        .fold(change, |change, token| {
            ended += 1;
            change.remove(&**token)
        });
    (change, ended)
}

/// Returns the live token with this hash.
#[must_use]
pub(crate) fn find(app: &App, hash: &TokenHash) -> Option<Arc<Token>> {
    let now = app.clock.now();
    app.store.read().token(hash).filter(|token| token.is_live(now)).cloned()
}

/// Removes the tokens that have expired.
pub(super) async fn sweep(app: &App) -> Result<(), RequestError> {
    let now = app.clock.now();
    let is_expired = |token: &&Arc<Token>| !token.is_live(now);
    let expired: Vec<_> = app.store.read().tokens().filter(is_expired).cloned().collect();
    for tokens in expired.chunks(RECORDS_IN_CHANGE) {
        let change = tokens
            .iter()
            .fold(Change::new(), |change, token| change.remove(&**token));
        match app.store.commit(change).await {
            // Tokens that changed meanwhile are left to the next sweep.
            Ok(()) | Err(crate::store::CommitError::Conflict(_)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
    Ok(())
}
