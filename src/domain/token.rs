//! Login tokens, as far as they are kept: never the token itself.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::scope::Need;
use super::{PermissionSet, Scope, Timestamp, UserId};

/// The SHA-256 of a login token. What is stored of it, and what finds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Takes the 32 bytes of a SHA-256.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A short public name of the token for lists: the first 12 hexadecimal digits. It neither is
    /// nor yields the token.
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

/// A login token that is alive until it expires or is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What finds it.
    pub hash: TokenHash,
    /// Whom it logs in.
    pub user: UserId,
    /// When it was given out.
    pub created_at: Timestamp,
    /// From when on it is dead; none is never.
    pub expires_at: Option<Timestamp>,
    /// When it was last seen, to the minute; none when never.
    pub last_used_at: Option<Timestamp>,
    /// What it was made for.
    pub kind: TokenKind,
}

/// What a token was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// A login.
    Session(Session),
    /// A program that its owner trusts.
    Personal(PersonalToken),
}

/// What is known of a login.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub client: String,
    /// Until when no second factor is asked for, and of whom.
    pub second_factor: Option<SecondFactorPass>,
}

/// A second factor that was shown, and counts for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorPass {
    /// Until when.
    pub until: Timestamp,
    /// From which address.
    pub address: Option<IpAddr>,
    /// By which client.
    pub client: String,
}

/// A token that its owner made for a program (`api.md` §3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalToken {
    /// What its owner calls it; unique among the owner's.
    pub name: Arc<str>,
    /// The last characters of the token, by which its owner knows it again.
    pub last_part: Arc<str>,
    /// Whether it needs no second factor.
    pub bypass_two_factor: bool,
    /// What it is narrowed to; none is not at all.
    pub scopes: Option<Vec<Scope>>,
}

impl Token {
    /// Whether it still logs its user in.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// What it is, if it is a personal one.
    #[must_use]
    pub fn personal(&self) -> Option<&PersonalToken> {
        match &self.kind {
            TokenKind::Personal(personal) => Some(personal),
            TokenKind::Session(_) => None,
        }
    }

    /// What it is, if it is a login.
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

    /// Which of its owner's permissions it may use.
    #[must_use]
    pub fn narrow(&self, held: PermissionSet) -> PermissionSet {
        self.scopes().map_or(held, |scopes| held.within(scopes))
    }

    /// Whether it shows its owner's own record. A token with scopes needs `users:read` for that.
    #[must_use]
    pub fn shows_own_record(&self) -> bool {
        self.lacks(Need::Scope(Scope::UsersRead)).is_none()
    }

    /// What it lacks for a call that needs this: nothing, a scope, or (with `Some(None)`) being a
    /// token without scopes.
    #[must_use]
    pub fn lacks(&self, need: Need) -> Option<Option<Scope>> {
        let scopes = self.scopes()?;
        match need {
            Need::Any => None,
            Need::Scope(scope) => (!scopes.contains(&scope)).then_some(Some(scope)),
            Need::Full => Some(None),
        }
    }
}
