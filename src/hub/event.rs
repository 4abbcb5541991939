//! The events that the hub sends to its subscribers, after commits and after changes of presence.

use std::sync::Arc;

use super::PresenceChange;
use crate::domain::{CustomStatus, Grant, Role, SettingId, Token, User};

/// A stored object that was created, changed or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed<T> {
    /// The object before the change; `None` if it was created.
    pub before: Option<Arc<T>>,
    /// The object after the change; `None` if it was removed.
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

/// An event. If it concerns stored data, that data is durable before the event is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The visible presence of a user changed.
    Presence(Arc<PresenceChange>),
    /// An account was created, changed or removed.
    User(Changed<User>),
    /// A custom status was created, changed or removed.
    CustomStatus(Changed<CustomStatus>),
    /// A role was created, changed or removed.
    Role(Changed<Role>),
    /// The roles of a permission changed.
    Grant(Arc<Grant>),
    /// The value of a setting changed.
    Setting(SettingId),
    /// A token was removed from the store.
    TokenEnded(Arc<Token>),
}
