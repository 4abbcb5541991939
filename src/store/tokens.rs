//! How login tokens are stored, and where the snapshot has them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::codec::{self, Damage};
use super::record::Record;
use super::snapshot::Snapshot;
use super::table::Table;
use crate::domain::{Timestamp, Token, TokenHash, UserId};

/// Version 1 of a stored token. Never changes.
#[derive(Serialize, Deserialize)]
struct TokenV1 {
    hash: [u8; 32],
    user: UserId,
    created_at: i64,
    expires_at: i64,
}

impl Record for Token {
    const TABLE: Table = Table::Tokens;
    const INDEXES: &'static [Table] = &[Table::TokensByUser];

    fn key(&self) -> Vec<u8> {
        self.hash.as_bytes().into()
    }

    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        let key = [self.user.as_str().as_bytes(), b"\0", self.hash.as_bytes()].concat();
        vec![(Table::TokensByUser, key)]
    }

    fn encode(&self) -> Vec<u8> {
        let stored = TokenV1 {
            hash: *self.hash.as_bytes(),
            user: self.user.clone(),
            created_at: self.created_at.as_millis(),
            expires_at: self.expires_at.as_millis(),
        };
        codec::seal(Self::TABLE, self.hash.as_bytes(), 1, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => {
                let stored: TokenV1 = codec::decode(body)?;
                Ok(Self {
                    hash: TokenHash::new(stored.hash),
                    user: stored.user,
                    created_at: Timestamp::from_millis(stored.created_at),
                    expires_at: Timestamp::from_millis(stored.expires_at),
                })
            }
            found => Err(Damage::Version { found, known: 1 }),
        }
    }
}

impl Snapshot {
    /// The token with this hash, live or expired.
    #[must_use]
    pub fn token(&self, hash: &TokenHash) -> Option<&Arc<Token>> {
        self.tokens.get(hash)
    }

    /// A user's tokens, live and expired, the oldest first.
    pub fn tokens_of(&self, user: &UserId) -> impl Iterator<Item = &Arc<Token>> {
        let oldest = (user.clone(), Timestamp::from_millis(i64::MIN), TokenHash::new([0; 32]));
        self.tokens_by_user
            .range(oldest..)
            .take_while(move |(owner, ..)| owner == user)
            .filter_map(|(_, _, hash)| self.tokens.get(hash))
    }

    /// All tokens, live and expired, those of one user together.
    pub fn tokens(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.tokens_by_user
            .iter()
            .filter_map(|(_, _, hash)| self.tokens.get(hash))
    }

    pub(super) fn put_token(&mut self, token: Token) {
        self.take_token(&token.hash);
        self.tokens_by_user
            .insert((token.user.clone(), token.created_at, token.hash));
        self.tokens.insert(token.hash, Arc::new(token));
    }

    pub(super) fn take_token(&mut self, hash: &TokenHash) {
        if let Some(before) = self.tokens.remove(hash) {
            self.tokens_by_user
                .remove(&(before.user.clone(), before.created_at, before.hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(user: &str, created_at: i64, byte: u8) -> Token {
        Token {
            hash: TokenHash::new([byte; 32]),
            user: UserId::new(user),
            created_at: Timestamp::from_millis(created_at),
            expires_at: Timestamp::from_millis(created_at + 1),
        }
    }

    #[test]
    fn a_token_is_found_again_as_it_was_stored() {
        let token = token("ada", 1, 7);
        assert_eq!(Token::decode(&token.key(), &token.encode()), Ok(token));
    }

    #[test]
    fn the_tokens_of_a_user_come_oldest_first_and_no_others() {
        let mut snapshot = Snapshot::default();
        for token in [
            token("ada", 2, 1),
            token("bob", 1, 2),
            token("ada", 1, 3),
            token("adam", 1, 4),
        ] {
            snapshot.put_token(token);
        }
        let of_ada: Vec<_> = snapshot
            .tokens_of(&UserId::new("ada"))
            .map(|token| token.created_at.as_millis())
            .collect();
        assert_eq!(of_ada, [1, 2]);
        snapshot.take_token(&TokenHash::new([3; 32]));
        assert_eq!(snapshot.tokens_of(&UserId::new("ada")).count(), 1);
    }
}
