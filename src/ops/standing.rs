//! Ends statuses that are visible without a connection when their user's last token ends or the account is
//! deactivated.
//!
//! Every change made by `decide` is extended here, so that no operation that ends tokens can forget these statuses.

use super::user_status;
use crate::domain::{Timestamp, Token, TokenHash, User, UserId, UserStatus};
use crate::store::{Change, RecordEffect, Snapshot};

/// Adds to a change the end of the statuses that it causes.
pub(super) fn settle(snapshot: &Snapshot, mut change: Change, now: Timestamp) -> Change {
    let removed: Vec<_> = change.removed::<Token>().filter_map(token_hash).collect();
    let deactivated = change.puts::<User>().filter(|user| !user.is_active());
    let mut ended: Vec<UserId> = deactivated.map(|user| user.id).collect();
    for user in owners(snapshot, &removed, now) {
        if change.puts::<Token>().any(|token| token.user == user) {
            continue;
        }
        let remaining = live(snapshot, &user, now).find(|token| !removed.contains(&token.hash));
        match remaining {
            // Without this, two changes that each end one of the last two tokens would both leave the status.
            Some(token) if stands(snapshot, &user) => change = change.require(token),
            Some(_) => {}
            None => ended.push(user),
        }
    }
    ended
        .iter()
        .fold(change, |change, user| end(snapshot, change, user, now))
}

/// Returns a live token of a user. A change that sets such a status requires this token, so that it conflicts with a
/// change that ends the last token at the same time.
pub(super) fn live_token<'snapshot>(
    snapshot: &'snapshot Snapshot,
    user: &UserId,
    now: Timestamp,
) -> Option<&'snapshot Token> {
    live(snapshot, user, now).next()
}

fn token_hash(key: &[u8]) -> Option<TokenHash> {
    key.try_into().ok().map(TokenHash::new)
}

fn live<'snapshot>(
    snapshot: &'snapshot Snapshot,
    user: &UserId,
    now: Timestamp,
) -> impl Iterator<Item = &'snapshot Token> {
    let tokens = snapshot.tokens_of(user).filter(move |token| token.is_live(now));
    tokens.map(|token| &**token)
}

fn stands(snapshot: &Snapshot, user: &UserId) -> bool {
    snapshot.user_status(user).is_some_and(|stored| stored.claims.stand())
}

/// Returns the owners of the live ones of these tokens, each owner once.
fn owners(snapshot: &Snapshot, tokens: &[TokenHash], now: Timestamp) -> Vec<UserId> {
    let tokens = tokens.iter().filter_map(|hash| snapshot.token(hash));
    let live = tokens.filter(|token| token.is_live(now));
    let mut owners: Vec<_> = live.map(|token| token.user.clone()).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

/// Adds the end of these statuses of one user, unless the change removes the user's whole stored status.
fn end(snapshot: &Snapshot, change: Change, user: &UserId, now: Timestamp) -> Change {
    match change.outcome::<UserStatus>(user.as_str().as_bytes()) {
        Some(RecordEffect::Removed) => change,
        Some(RecordEffect::Put(mut stored)) => {
            if !stored.claims.end_standing() {
                return change;
            }
            let last_login = snapshot.user(user).and_then(|user| user.last_login);
            stored.follow_hiding(last_login, now);
            change.amend(&stored)
        }
        None => {
            let mut stored = user_status::stored(snapshot, user);
            if stored.claims.end_standing() {
                user_status::save(snapshot, change, stored, now)
            } else {
                change
            }
        }
    }
}
