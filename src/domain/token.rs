//! Stored data of login tokens. The token itself is never stored, only its hash.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::scope::RequiredScope;
use super::{Permission, PermissionSet, RequestError, Scope, Timestamp, UserId};

/// The SHA-256 of a login token. It is stored instead of the token, and is the key of lookups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Creates a hash from the 32 bytes of a SHA-256.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns a short public label of the token for lists: the first 12 hexadecimal digits of the hash. It neither
    /// logs in nor reveals the token.
    #[must_use]
    pub fn label(&self) -> String {
        let mut head = [0; 8];
        head[2..].copy_from_slice(&self.0[..6]);
        format!("{:012x}", u64::from_be_bytes(head))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TokenHash({}…)", self.label())
    }
}

/// A login token. It is valid until it expires or is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The hash that finds the token.
    pub hash: TokenHash,
    /// The user that the token logs in.
    pub user: UserId,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time at which it expires; `None` if it never expires.
    pub expires_at: Option<Timestamp>,
    /// The time of its last use, to the minute; `None` if it was never used.
    pub last_used_at: Option<Timestamp>,
    /// The type of the token, with its own data.
    pub kind: TokenKind,
}

/// The type of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// The token of a login session.
    Session(Session),
    /// A personal access token for a program.
    Personal(Box<PersonalToken>),
}

/// The data of a login session.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Session {
    /// The client's address at the login.
    pub address: Option<IpAddr>,
    /// The name of the client, from its `User-Agent` header.
    pub client: Box<str>,
    /// The pass that replaces further second factors for a while.
    pub second_factor: Option<Box<SecondFactorPass>>,
}

/// A proof that a second factor was sent, which is valid for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorPass {
    /// The time at which the pass expires.
    pub until: Timestamp,
    /// The address from which the pass is valid.
    pub address: Option<IpAddr>,
    /// The client for which the pass is valid.
    pub client: String,
}

/// A token that its owner created for a program (`api.md` §3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalToken {
    /// The name that its owner chose; unique among the owner's tokens.
    pub name: Arc<str>,
    /// The last characters of the token, so that its owner recognizes it in lists.
    pub last_part: Arc<str>,
    /// `true` if calls with this token need no second factor.
    pub bypass_two_factor: bool,
    /// The scopes of the token; `None` means all rights of its owner.
    pub scopes: Option<Vec<Scope>>,
}

impl From<PersonalToken> for TokenKind {
    fn from(personal: PersonalToken) -> Self {
        Self::Personal(Box::new(personal))
    }
}

impl Token {
    /// Returns whether the token has not expired at this time. A token from the future was created while the clock was
    /// wrong; it would live longer than its own length.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at
            .is_none_or(|end| now < end && !self.created_at.is_of_future(now))
    }

    /// Returns the data of a personal access token; `None` for a session.
    #[must_use]
    pub fn personal(&self) -> Option<&PersonalToken> {
        match &self.kind {
            TokenKind::Personal(personal) => Some(personal),
            TokenKind::Session(_) => None,
        }
    }

    /// Returns the data of a session; `None` for a personal access token.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.kind {
            TokenKind::Session(session) => Some(session),
            TokenKind::Personal(_) => None,
        }
    }

    fn scopes(&self) -> Option<&[Scope]> {
        self.personal()?.scopes.as_deref()
    }

    /// Returns the permissions of `held` that the token may use.
    #[must_use]
    pub fn narrow(&self, held: PermissionSet) -> PermissionSet {
        self.scopes()
            .map_or(held, |scopes| held & Permission::usable_with(scopes))
    }

    /// Returns whether the token may read its owner's own record. A token with scopes needs `users:read` for that.
    #[must_use]
    pub fn shows_own_record(&self) -> bool {
        self.permit(RequiredScope::Scope(Scope::UsersRead)).is_ok()
    }

    /// Checks that the token may be used for a call with this need.
    ///
    /// # Errors
    /// [`RequestError::ScopeMissing`]; [`RequestError::FullTokenNeeded`] if the call needs a token without scopes.
    pub fn permit(&self, need: RequiredScope) -> Result<(), RequestError> {
        let Some(scopes) = self.scopes() else {
            return Ok(());
        };
        match need {
            RequiredScope::Scope(scope) if !scopes.contains(&scope) => Err(RequestError::ScopeMissing { scope }),
            RequiredScope::Full => Err(RequestError::FullTokenNeeded),
            RequiredScope::Any | RequiredScope::Scope(_) => Ok(()),
        }
    }
}
