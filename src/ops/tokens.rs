//! Login tokens: whom they name, and how they end.

use std::sync::Arc;

use super::incident;
use crate::app::App;
use crate::auth::{Actor, TokenSecret};
use crate::domain::{Fault, Token, UserId};
use crate::store::{Change, CommitError, Table};

/// Tokens that one change of the sweep removes.
const SWEPT_AT_ONCE: usize = 256;

/// Who presents this pair of user id and token; nobody when the token is not alive, belongs to
/// somebody else or to an account that is switched off.
#[must_use]
pub fn authenticate(app: &App, id: &UserId, token: &TokenSecret) -> Option<Actor> {
    let snapshot = app.store.read();
    let stored = snapshot.token(&token.hash())?;
    if stored.user != *id || !stored.is_live(app.clock.now()) {
        return None;
    }
    let user = snapshot.user(id).filter(|user| user.active)?;
    Some(Actor::User {
        user: Arc::clone(user),
        token: stored.hash,
    })
}

/// Ends the session that the actor came with, and no other.
///
/// # Errors
/// Only what the store answers: a session that ended meanwhile is ended.
pub async fn logout(app: &App, actor: &Actor) -> Result<(), Fault> {
    let Actor::User { token, .. } = actor else {
        return Ok(());
    };
    let snapshot = app.store.read();
    match snapshot.token(token) {
        Some(token) => remove(app, &[token]).await,
        None => Ok(()),
    }
}

/// Live tokens, of one user or of all, those of one user together and oldest first.
#[must_use]
pub fn list(app: &App, user: Option<&UserId>) -> Vec<Arc<Token>> {
    let snapshot = app.store.read();
    let now = app.clock.now();
    let live = |token: &&Arc<Token>| token.is_live(now);
    match user {
        Some(user) => snapshot.tokens_of(user).filter(live).cloned().collect(),
        None => snapshot.tokens().filter(live).cloned().collect(),
    }
}

/// Ends the live token with this label (see [`crate::domain::TokenHash::label`]).
///
/// # Errors
/// [`Fault::TokenNotFound`] when no live token has it.
pub async fn revoke(app: &App, label: &str) -> Result<(), Fault> {
    let tokens = list(app, None);
    let token = tokens.iter().find(|token| token.hash.label() == label);
    let unknown = || Fault::TokenNotFound { label: label.into() };
    remove(app, &[token.ok_or_else(unknown)?]).await
}

/// Ends all tokens of a user and says how many they were.
///
/// # Errors
/// Only what the store answers.
pub async fn revoke_all(app: &App, user: &UserId) -> Result<usize, Fault> {
    let snapshot = app.store.read();
    let tokens: Vec<_> = snapshot.tokens_of(user).collect();
    remove(app, &tokens).await?;
    Ok(tokens.len())
}

/// Removes the tokens that have expired.
///
/// # Errors
/// Only what the store answers.
pub async fn sweep(app: &App) -> Result<(), Fault> {
    let snapshot = app.store.read();
    let now = app.clock.now();
    let expired: Vec<_> = snapshot.tokens().filter(|token| !token.is_live(now)).collect();
    for some in expired.chunks(SWEPT_AT_ONCE) {
        remove(app, some).await?;
    }
    Ok(())
}

/// Removes these tokens; those that are gone already are no hindrance.
async fn remove(app: &App, tokens: &[&Arc<Token>]) -> Result<(), Fault> {
    loop {
        let snapshot = app.store.read();
        let mut change = Change::new();
        for token in tokens {
            if let Some(token) = snapshot.token(&token.hash) {
                change = change.remove(&**token);
            }
        }
        match app.store.commit(change).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(Table::Tokens)) => {}
            Err(error) => return Err(incident::store(error)),
        }
    }
}
