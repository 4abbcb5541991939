//! The stored form of login tokens, and the snapshot's look-ups for them.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Record, Table};
use crate::domain::token::SecondFactorPass;
use crate::domain::{PersonalToken, Scope, Session, Timestamp, Token, TokenHash, TokenKind, UserId};
use crate::store::codec::{self, Damage};
use crate::store::snapshot::Snapshot;
use crate::store::token_of_user::TokenOfUser;

/// Version 1 of a stored token. Never changes.
#[derive(Serialize, Deserialize)]
struct TokenV1 {
    hash: [u8; 32],
    user: UserId,
    created_at: i64,
    expires_at: i64,
}

/// Version 2 of a stored token. Never changes.
#[derive(Serialize, Deserialize)]
struct TokenV2 {
    hash: [u8; 32],
    user: UserId,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    kind: KindV2,
}

#[derive(Serialize, Deserialize)]
enum KindV2 {
    Session {
        address: Option<IpAddr>,
        client: String,
        second_factor: Option<(i64, Option<IpAddr>, String)>,
    },
    Personal {
        name: String,
        last_part: String,
        bypass_two_factor: bool,
        /// One bit for each scope ([`bit_of`]).
        scopes: Option<u8>,
    },
}

/// Returns the stored bit of a scope. It never changes.
const fn bit_of(scope: Scope) -> u8 {
    match scope {
        Scope::StatusRead => 1,
        Scope::StatusWrite => 1 << 1,
        Scope::PresenceRead => 1 << 2,
        Scope::UsersRead => 1 << 3,
        Scope::UsersWrite => 1 << 4,
        Scope::Admin => 1 << 5,
    }
}

impl From<TokenV1> for TokenV2 {
    fn from(old: TokenV1) -> Self {
        Self {
            hash: old.hash,
            user: old.user,
            created_at: old.created_at,
            expires_at: Some(old.expires_at),
            last_used_at: None,
            kind: KindV2::Session {
                address: None,
                client: String::new(),
                second_factor: None,
            },
        }
    }
}

impl Record for Token {
    const TABLE: Table = Table::Tokens;
    const INDEXES: &'static [Table] = &[Table::TokensByUser, Table::TokensByName];
    const VERSION: u8 = 2;

    fn key(&self) -> Vec<u8> {
        self.hash.as_bytes().into()
    }

    fn index_keys(&self) -> Vec<(Table, Vec<u8>)> {
        let of_user = |rest: &[u8]| [self.user.as_str().as_bytes(), b"\0", rest].concat();
        let mut keys = vec![(Table::TokensByUser, of_user(self.hash.as_bytes()))];
        if let Some(personal) = self.personal() {
            keys.push((Table::TokensByName, of_user(personal.name.as_bytes())));
        }
        keys
    }

    fn encode(&self) -> Vec<u8> {
        let stored = TokenV2 {
            hash: *self.hash.as_bytes(),
            user: self.user.clone(),
            created_at: self.created_at.as_millis(),
            expires_at: self.expires_at.map(Timestamp::as_millis),
            last_used_at: self.last_used_at.map(Timestamp::as_millis),
            kind: KindV2::of(&self.kind),
        };
        codec::seal(Self::TABLE, self.hash.as_bytes(), Self::VERSION, &stored)
    }

    fn decode_body(version: u8, body: &[u8]) -> Result<Self, Damage> {
        match version {
            1 => Ok(TokenV2::from(codec::decode::<TokenV1>(body)?).into_token()),
            2 => Ok(codec::decode::<TokenV2>(body)?.into_token()),
            found => Err(Damage::Version {
                found,
                known: Self::VERSION,
            }),
        }
    }
}

impl TokenV2 {
    fn into_token(self) -> Token {
        Token {
            hash: TokenHash::new(self.hash),
            user: self.user,
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: self.expires_at.map(Timestamp::from_millis),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
            kind: self.kind.into_kind(),
        }
    }
}

impl KindV2 {
    fn of(kind: &TokenKind) -> Self {
        match kind {
            TokenKind::Session(session) => Self::Session {
                address: session.address,
                client: session.client.to_string(),
                second_factor: session
                    .second_factor
                    .as_ref()
                    .map(|pass| (pass.until.as_millis(), pass.address, pass.client.clone())),
            },
            TokenKind::Personal(personal) => Self::Personal {
                name: personal.name.to_string(),
                last_part: personal.last_part.to_string(),
                bypass_two_factor: personal.bypass_two_factor,
                scopes: personal.scopes.as_ref().map(|scopes| {
                    let bit = |scope: &Scope| bit_of(*scope);
                    scopes.iter().map(bit).fold(0, std::ops::BitOr::bitor)
                }),
            },
        }
    }

    fn into_kind(self) -> TokenKind {
        match self {
            Self::Session {
                address,
                client,
                second_factor,
            } => TokenKind::Session(Session {
                address,
                client: client.into(),
                second_factor: second_factor.map(|(until, address, client)| {
                    Box::new(SecondFactorPass {
                        until: Timestamp::from_millis(until),
                        address,
                        client,
                    })
                }),
            }),
            Self::Personal {
                name,
                last_part,
                bypass_two_factor,
                scopes,
            } => PersonalToken {
                name: name.into(),
                last_part: last_part.into(),
                bypass_two_factor,
                scopes: scopes.map(|bits| {
                    let set = |scope: &Scope| bits & bit_of(*scope) != 0;
                    Scope::ALL.iter().copied().filter(set).collect()
                }),
            }
            .into(),
        }
    }
}

impl Snapshot {
    /// Returns the token with this hash, live or expired.
    #[must_use]
    pub fn token(&self, hash: &TokenHash) -> Option<&Arc<Token>> {
        self.tokens.get(hash)
    }

    /// Returns a user's tokens, live and expired, the oldest first.
    pub fn tokens_of(&self, user: &UserId) -> impl Iterator<Item = &Arc<Token>> {
        let of_user = TokenOfUser::before_all(user);
        let tokens = self.tokens_by_user.range(of_user..).map(|TokenOfUser(token)| token);
        tokens.take_while(move |token| token.user == *user)
    }

    /// Returns all tokens, live and expired, grouped by user.
    pub fn tokens(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.tokens_by_user.iter().map(|TokenOfUser(token)| token)
    }

    pub(in crate::store) fn put_token(&mut self, mut token: Token) {
        self.share_id(&mut token.user);
        let token = Arc::new(token);
        if let Some(before) = self.tokens.insert(token.hash, Arc::clone(&token)) {
            self.tokens_by_user.remove(&TokenOfUser(before));
        }
        self.tokens_by_user.insert(TokenOfUser(token));
    }

    pub(in crate::store) fn take_token(&mut self, hash: &TokenHash) {
        if let Some(before) = self.tokens.remove(hash) {
            self.tokens_by_user.remove(&TokenOfUser(before));
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
            expires_at: Some(Timestamp::from_millis(created_at + 1)),
            last_used_at: None,
            kind: TokenKind::Session(Session::default()),
        }
    }

    #[test]
    fn a_token_is_found_again_as_it_was_stored() {
        let session = Token {
            kind: TokenKind::Session(Session {
                address: Some([192, 0, 2, 1].into()),
                client: "curl".into(),
                second_factor: Some(Box::new(SecondFactorPass {
                    until: Timestamp::from_millis(9),
                    address: None,
                    client: String::new(),
                })),
            }),
            ..token("ada", 1, 7)
        };
        let personal = Token {
            expires_at: None,
            last_used_at: Some(Timestamp::from_millis(5)),
            kind: PersonalToken {
                name: "phone".into(),
                last_part: "abc123".into(),
                bypass_two_factor: true,
                scopes: Some(vec![Scope::StatusRead, Scope::Admin]),
            }
            .into(),
            ..token("ada", 1, 8)
        };
        for token in [session, personal] {
            assert_eq!(Token::decode(&token.key(), &token.encode()), Ok(token));
        }
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
        snapshot.put_token(token("bob", 2, 1));
        assert_eq!(snapshot.tokens_of(&UserId::new("ada")).count(), 0);
        assert_eq!(snapshot.tokens_of(&UserId::new("bob")).count(), 2);
    }
}
