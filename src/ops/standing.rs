//! Statuses that stand without a connection: they end with the last token of their user, and with a deactivation.
//!
//! Every decided change passes here, so that no way to end tokens can forget them.

use super::status;
use crate::domain::{Timestamp, Token, TokenHash, User, UserId, UserStatus};
use crate::store::{Change, Outcome, Snapshot};

/// Adds to a change the end of the statuses that it ends.
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
            // Else two last tokens that end at once would each leave the end to the other.
            Some(token) if stands(snapshot, &user) => change = change.require(token),
            Some(_) => {}
            None => ended.push(user),
        }
    }
    ended
        .iter()
        .fold(change, |change, user| end(snapshot, change, user, now))
}

/// Returns a live token of a user. A change after which a status of the user stands requires it, so that a last token
/// that ends at the same time ends the status too.
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
    snapshot.user_status(user).is_some_and(|kept| kept.claims.stand())
}

/// Returns the owners of those of the tokens that are alive, each owner once.
fn owners(snapshot: &Snapshot, tokens: &[TokenHash], now: Timestamp) -> Vec<UserId> {
    let tokens = tokens.iter().filter_map(|hash| snapshot.token(hash));
    let live = tokens.filter(|token| token.is_live(now));
    let mut owners: Vec<_> = live.map(|token| token.user.clone()).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

/// Adds the end of the statuses of one user that stand, unless the change takes away all that is kept of the user.
fn end(snapshot: &Snapshot, change: Change, user: &UserId, now: Timestamp) -> Change {
    match change.outcome::<UserStatus>(user.as_str().as_bytes()) {
        Some(Outcome::Removed) => change,
        Some(Outcome::Put(mut kept)) => {
            if !kept.claims.end_standing() {
                return change;
            }
            let last_login = snapshot.user(user).and_then(|user| user.last_login);
            kept.follow_hiding(last_login, now);
            change.amend(&kept)
        }
        None => {
            let mut kept = status::kept(snapshot, user);
            if kept.claims.end_standing() {
                status::keep(snapshot, change, kept, now)
            } else {
                change
            }
        }
    }
}
