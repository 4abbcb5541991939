//! What the hub tells its subscribers: what was committed, and what shows because of it.

use std::sync::Arc;

use super::PresenceChange;
use crate::domain::{CustomStatus, Grant, Role, SettingId, Token, User};

/// Something that was made, changed or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed<T> {
    /// What it was; none when it was made.
    pub before: Option<Arc<T>>,
    /// What it is; none when it was removed.
    pub after: Option<Arc<T>>,
}

impl<T> Changed<T> {
    pub(crate) fn of(before: Option<&Arc<T>>, after: Option<&Arc<T>>) -> Self {
        Self {
            before: before.cloned(),
            after: after.cloned(),
        }
    }
}

/// Something that happened. It is durable, or needs not be.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What shows of a user changed.
    Presence(Arc<PresenceChange>),
    /// An account was made, changed or removed.
    User(Changed<User>),
    /// A custom status was.
    CustomStatus(Changed<CustomStatus>),
    /// A role was.
    Role(Changed<Role>),
    /// Other roles hold a permission.
    Grant(Arc<Grant>),
    /// A setting has another value.
    Setting(SettingId),
    /// A token is good no longer.
    TokenEnded(Arc<Token>),
}
