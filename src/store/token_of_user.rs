//! The order in which the tokens of users are found.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::domain::{Session, Timestamp, Token, TokenHash, TokenKind, UserId};

/// A pointer to a token of the snapshot, ordered by its user, then by its age.
#[derive(Debug, Clone)]
pub(super) struct TokenOfUser(pub(super) Arc<Token>);

impl TokenOfUser {
    /// Returns what comes before all tokens of a user.
    pub(super) fn before_all(user: &UserId) -> Self {
        Self(Arc::new(Token {
            hash: TokenHash::new([0; 32]),
            user: user.clone(),
            created_at: Timestamp::from_millis(i64::MIN),
            expires_at: None,
            last_used_at: None,
            kind: TokenKind::Session(Session::default()),
        }))
    }

    fn place(&self) -> (&UserId, Timestamp, &TokenHash) {
        (&self.0.user, self.0.created_at, &self.0.hash)
    }
}

impl PartialEq for TokenOfUser {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for TokenOfUser {}

impl PartialOrd for TokenOfUser {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TokenOfUser {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}
