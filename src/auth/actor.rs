//! The actor of an operation: a logged-in user or the operator of the server.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Origin, TokenSecret};
use crate::domain::audit::AuditParty;
use crate::domain::scope::RequiredScope;
use crate::domain::{Duty, Permission, PermissionSet, RequestError, Scope, Token, User, UserId};

/// The user or operator that requests an operation.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A user who is logged in with a token.
    User(Caller),
    /// The operator, who can access the data folder and could change the files directly.
    Operator,
}

/// A logged-in user with the token of the request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user, as stored at the time of the request.
    pub user: Arc<User>,
    /// The stored data of the token.
    pub token: Arc<Token>,
    /// The token itself, as the client sent it.
    pub presented: TokenSecret,
    /// The user's permissions, as far as the token allows them.
    pub permissions: PermissionSet,
    /// The duty that the user has to fulfil before any other call, if there is one.
    pub duty: Option<Duty>,
    /// The address and name of the client.
    pub origin: Origin,
}

impl Caller {
    /// Returns whether the caller has a permission that the token allows.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Returns the id of the user that a request names, or the caller's own id if it names none.
    #[must_use]
    pub(crate) fn own_or(&self, id: Option<String>) -> UserId {
        id.map_or_else(|| self.user.id.clone(), |id| UserId::new(&id))
    }

    /// Checks that the caller has a permission that the token allows.
    ///
    /// # Errors
    /// [`RequestError::PermissionRequired`].
    pub fn require(&self, permission: Permission) -> Result<(), RequestError> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(RequestError::PermissionRequired)
        }
    }

    /// Checks that the caller's token and duty allow a call with this need, which serves these duties.
    ///
    /// # Errors
    /// The errors of [`Token::permit`], then those of [`Duty::permit`].
    pub fn admit(&self, need: RequiredScope, serves: &[Duty]) -> Result<(), RequestError> {
        self.token.permit(need)?;
        self.duty.map_or(Ok(()), |duty| duty.permit(serves))
    }

    /// Returns whether a live connection of the caller counts for the user's presence. A token with scopes needs
    /// `status:write` for that, and the user must have no duty.
    #[must_use]
    pub fn counts_as_present(&self) -> bool {
        self.duty.is_none() && self.token.permit(RequiredScope::Scope(Scope::StatusWrite)).is_ok()
    }
}

impl Actor {
    /// Returns whether the actor has a permission; the operator has all.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::User(caller) => caller.may(permission),
            Self::Operator => true,
        }
    }

    /// Checks that the actor has a permission; the operator has all.
    ///
    /// # Errors
    /// [`RequestError::PermissionRequired`].
    pub fn require(&self, permission: Permission) -> Result<(), RequestError> {
        match self {
            Self::User(caller) => caller.require(permission),
            Self::Operator => Ok(()),
        }
    }

    /// Returns whether the actor is this user.
    #[must_use]
    pub fn is(&self, id: &UserId) -> bool {
        match self {
            Self::User(caller) => caller.user.id == *id,
            Self::Operator => false,
        }
    }

    /// Returns whether the actor is this user or has the permission to act on other users.
    pub(crate) fn may_on(&self, id: &UserId, permission: Permission) -> bool {
        self.is(id) || self.may(permission)
    }

    /// Returns the address of the actor's client; `None` for the operator.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::User(caller) => caller.origin.address,
            Self::Operator => None,
        }
    }

    /// Returns the actor as a party of the audit log.
    #[must_use]
    pub fn party(&self) -> AuditParty {
        match self {
            Self::User(caller) => caller.user.party(),
            Self::Operator => AuditParty::new("operator", "", "operator"),
        }
    }
}
