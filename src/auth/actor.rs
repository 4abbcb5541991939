//! Who does something, and from where.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Origin, TokenSecret};
use crate::domain::audit::AuditParty;
use crate::domain::scope::Need;
use crate::domain::{Duty, Permission, PermissionSet, Scope, Token, User, UserId};

/// Who asks for an operation.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A user, logged in by a token.
    User(Caller),
    /// Whoever may read the data folder: they could change the files as well.
    Operator,
}

/// A user who is logged in.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub user: Arc<User>,
    /// By which token.
    pub token: Arc<Token>,
    /// The token itself, as they presented it.
    pub presented: TokenSecret,
    /// What the user may do, as far as the token reaches.
    pub permissions: PermissionSet,
    /// The duty that the user has to fulfil before any other call, if there is one.
    pub duty: Option<Duty>,
    /// From where.
    pub origin: Origin,
}

impl Caller {
    /// Whether they hold a permission that their token reaches.
    #[must_use]
    pub const fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// Whether a live connection of the caller counts for the user's presence. A token with scopes needs
    /// `status:write` for that, and the user must have no duty.
    #[must_use]
    pub fn counts_as_present(&self) -> bool {
        self.duty.is_none() && self.token.lacks(Need::Scope(Scope::StatusWrite)).is_none()
    }
}

impl Actor {
    /// Whether the actor holds a permission.
    #[must_use]
    pub const fn may(&self, permission: Permission) -> bool {
        match self {
            Self::User(caller) => caller.may(permission),
            Self::Operator => true,
        }
    }

    /// Whether the actor is this user.
    #[must_use]
    pub fn is(&self, id: &UserId) -> bool {
        match self {
            Self::User(caller) => caller.user.id == *id,
            Self::Operator => false,
        }
    }

    /// From where they act.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::User(caller) => caller.origin.address,
            Self::Operator => None,
        }
    }

    /// How the audit log names them.
    #[must_use]
    pub fn party(&self) -> AuditParty {
        match self {
            Self::User(caller) => caller.user.party(),
            Self::Operator => AuditParty::new("operator", "", "operator"),
        }
    }
}
