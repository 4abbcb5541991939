//! Who does something.

use std::sync::Arc;

use crate::domain::{Permission, TokenHash, User};

/// Who asks for an operation.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A user, logged in by a token.
    User {
        /// The user.
        user: Arc<User>,
        /// The token of this session.
        token: TokenHash,
    },
    /// Whoever may read the data folder: they could change the files as well.
    Operator,
}

impl Actor {
    /// Whether the actor holds a permission.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::User { user, .. } => permission.is_held_by(&user.roles),
            Self::Operator => true,
        }
    }
}
