//! Lost connections, which a client with the same token may resume for a short time.

use std::collections::BTreeMap;

use crate::domain::{Timestamp, TokenHash, UserId};

/// The time in milliseconds for which a lost connection still counts. If the same token reconnects within it, the
/// connection continues and no event is sent.
pub const GRACE_MILLIS: i64 = 5_000;

/// The lost connections that still count.
#[derive(Default)]
pub(super) struct Resumable {
    /// The connections, ordered by the time at which they stop counting.
    by_end: BTreeMap<(Timestamp, u64), (UserId, TokenHash)>,
    /// The same connections by user and token, with the time at which they stop counting.
    by_token: BTreeMap<(UserId, TokenHash, u64), Timestamp>,
}

impl Resumable {
    /// Adds a connection that counts until this time.
    pub(super) fn add(&mut self, until: Timestamp, user: UserId, token: TokenHash, connection: u64) {
        self.by_end.insert((until, connection), (user.clone(), token));
        self.by_token.insert((user, token, connection), until);
    }

    /// Returns all connections: user, token and number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(UserId, TokenHash, u64)> {
        self.by_token.keys()
    }

    /// Returns the tokens of the connections of this user, with what `look` returns for their numbers.
    pub(super) fn of<T>(&self, user: &UserId, look: impl Fn(u64) -> Option<T>) -> Vec<(TokenHash, T)> {
        let first = (user.clone(), TokenHash::new([0; 32]), 0);
        let own = self
            .by_token
            .range(first..)
            .take_while(|((owner, ..), _)| owner == user);
        own.filter_map(|((_, token, connection), _)| Some((*token, look(*connection)?)))
            .collect()
    }

    /// Returns the number of a connection of this user with this token.
    pub(super) fn find(&self, user: &UserId, token: &TokenHash) -> Option<u64> {
        let (key, _) = self.by_token.range((user.clone(), *token, 0)..).next()?;
        let (owner, by, connection) = key;
        (owner == user && by == token).then_some(*connection)
    }

    /// Removes a connection of this user with this token, and returns its number.
    pub(super) fn take(&mut self, user: &UserId, token: &TokenHash) -> Option<u64> {
        let connection = self.find(user, token)?;
        let until = self.by_token.remove(&(user.clone(), *token, connection))?;
        self.by_end.remove(&(until, connection));
        Some(connection)
    }

    /// Returns the time at which the next connection stops counting.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.by_end.first_key_value().map(|((until, _), _)| *until)
    }

    /// Removes a connection that no longer counts, and returns its user and number.
    pub(super) fn take_ended(&mut self, now: Timestamp) -> Option<(UserId, u64)> {
        let first = self.by_end.first_entry().filter(|first| first.key().0 <= now)?;
        let ((_, connection), (user, token)) = first.remove_entry();
        self.by_token.remove(&(user.clone(), token, connection));
        Some((user, connection))
    }
}
