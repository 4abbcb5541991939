//! The streams, and the rules for subscribing to them (`api.md` §10.4).

use serde_json::{Value, json};

use crate::auth::Caller;
use crate::domain::id::MAX_ID_BYTES;
use crate::domain::scope::RequiredScope;
use crate::domain::{Scope, UserId};
use crate::methods::error::meteor_error;

/// The event of [`Stream::NotifyLogged`] about the visible presence of all users.
pub(super) const USER_STATUS: &str = "user-status";

/// The event of [`Stream::NotifyLogged`] about settings that are not public.
pub(super) const PRIVATE_SETTINGS: &str = "private-settings-changed";

/// The event of [`Stream::RoomMessages`] for all rooms of a user.
const ALL_ROOMS: &str = "__my_messages__";

/// The maximum length of an event name in bytes. The longest one that a known client uses has 24.
const MAX_EVENT_BYTES: usize = 64;

/// A stream of events that clients subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub(super) enum Stream {
    NotifyAll,
    NotifyLogged,
    NotifyUser,
    UserPresence,
    Roles,
    /// Messages of rooms. This server has no rooms, but bots wait for this subscription to be ready.
    RoomMessages,
}

/// Publications that Meteor clients wait for, and that send nothing here.
const SILENT: [&str; 4] = [
    "meteor.loginServiceConfiguration",
    "meteor_autoupdate_clientVersions",
    "userData",
    "activeUsers",
];

/// The reason why a subscription is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No stream or publication has this name.
    Unknown(String),
    /// The caller may not subscribe to it.
    NotAllowed,
    /// The event name does not have the form that the stream requires.
    BadEvent,
    /// The socket has too many subscriptions.
    TooMany,
}

impl Stream {
    pub(super) const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NotifyAll => "stream-notify-all",
            Self::NotifyLogged => "stream-notify-logged",
            Self::NotifyUser => "stream-notify-user",
            Self::UserPresence => "stream-user-presence",
            Self::Roles => "stream-roles",
            Self::RoomMessages => "stream-room-messages",
        }
    }

    /// Returns the stream with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|stream| stream.name() == name)
    }

    /// Returns whether the publication with this name exists, but sends nothing.
    pub(super) fn is_silent(name: &str) -> bool {
        SILENT.contains(&name)
    }

    /// Returns whether sockets without a login receive its events.
    pub(super) const fn is_public(self) -> bool {
        matches!(self, Self::NotifyAll | Self::RoomMessages)
    }

    /// Checks whether the caller may subscribe to an event; `None` is a socket without a login.
    pub(super) fn check(self, caller: Option<&Caller>, event: &str) -> Result<(), Refusal> {
        if !self.has_form(event) {
            return Err(Refusal::BadEvent);
        }
        // A user with a duty receives only public events and events about themselves.
        let allowed = match self {
            Self::NotifyAll => true,
            Self::RoomMessages => event == ALL_ROOMS,
            Self::NotifyLogged | Self::UserPresence | Self::Roles => caller.is_some_and(|caller| caller.duty.is_none()),
            Self::NotifyUser => caller.is_some_and(|caller| owner(event) == Some(caller.user.id.clone())),
        };
        let reaches = caller.is_none_or(|caller| caller.token.permit(self.need(event)).is_ok());
        if allowed && reaches {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    /// Returns whether a text has the form of the stream's event names. Clients also subscribe to events of
    /// rooms and calls, which this server never sends, and wait for the confirmation. So every name with a valid
    /// form is accepted.
    fn has_form(self, event: &str) -> bool {
        match self {
            // The event name is ignored; only the list of users counts.
            Self::UserPresence => true,
            // A name without a user id passes here and is refused later, because it belongs to no user.
            Self::NotifyUser => event.split_once('/').map_or_else(
                || is_event_name(event),
                |(id, name)| id.len() <= MAX_ID_BYTES && is_event_name(name),
            ),
            _ => is_event_name(event),
        }
    }

    /// Returns the scope that an event requires: the scope of the endpoint with the same data.
    fn need(self, event: &str) -> RequiredScope {
        match self {
            Self::NotifyUser if event.ends_with("/userData") => RequiredScope::Scope(Scope::UsersRead),
            Self::NotifyAll | Self::NotifyUser | Self::RoomMessages => RequiredScope::Any,
            Self::UserPresence => RequiredScope::Scope(Scope::PresenceRead),
            Self::Roles => RequiredScope::Scope(Scope::UsersRead),
            Self::NotifyLogged => RequiredScope::Scope(match event {
                USER_STATUS => Scope::PresenceRead,
                "updateCustomUserStatus" | "deleteCustomUserStatus" => Scope::StatusRead,
                PRIVATE_SETTINGS => Scope::Admin,
                _ => Scope::UsersRead,
            }),
        }
    }
}

fn is_event_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:./".contains(&byte);
    (1..=MAX_EVENT_BYTES).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// Returns the user of an event in a stream for one user.
fn owner(event: &str) -> Option<UserId> {
    event.split_once('/').map(|(id, _)| UserId::new(id))
}

impl Refusal {
    pub(super) fn to_json(&self) -> Value {
        let (error, reason) = match self {
            Self::Unknown(name) => (json!(404), format!("Subscription '{name}' not found")),
            Self::NotAllowed => (json!("not-allowed"), "Not allowed".to_owned()),
            Self::BadEvent => (json!("invalid-event-name"), "Invalid event name".to_owned()),
            Self::TooMany => (
                json!("too-many-subscriptions"),
                "Too many subscriptions on this connection".to_owned(),
            ),
        };
        meteor_error(&error, &reason, None)
    }
}
