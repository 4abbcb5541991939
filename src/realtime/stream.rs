//! The streams that can be subscribed to, and who may (`api.md` §10.4).

use serde_json::{Value, json};

use crate::auth::Caller;
use crate::domain::id::MAX_ID_BYTES;
use crate::domain::scope::Need;
use crate::domain::{Scope, UserId};

/// The event of [`Stream::NotifyLogged`] that tells what shows of everybody.
pub(super) const USER_STATUS: &str = "user-status";

/// The event of [`Stream::NotifyLogged`] that tells of settings which not everybody may see.
pub(super) const PRIVATE_SETTINGS: &str = "private-settings-changed";

/// The event of [`Stream::RoomMessages`] that stands for all rooms of a user.
const ALL_ROOMS: &str = "__my_messages__";

/// Most bytes of the name of an event. The longest that a known client subscribes to has 24.
const MAX_EVENT_BYTES: usize = 64;

/// A stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stream {
    NotifyAll,
    NotifyLogged,
    NotifyUser,
    UserPresence,
    Roles,
    /// Messages of rooms, of which this server has none: bots wait for this one to be there.
    RoomMessages,
}

/// Publications that clients of Meteor wait for, which have nothing to tell here.
const SILENT: [&str; 4] = [
    "meteor.loginServiceConfiguration",
    "meteor_autoupdate_clientVersions",
    "userData",
    "activeUsers",
];

/// Why a subscription is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such stream.
    Unknown(String),
    /// The caller may not.
    NotAllowed,
    /// The name of the event is not of the form that events of the stream have.
    BadEvent,
    /// There are enough of them on this socket.
    TooMany,
}

impl Stream {
    pub const ALL: [Self; 6] = [
        Self::NotifyAll,
        Self::NotifyLogged,
        Self::NotifyUser,
        Self::UserPresence,
        Self::Roles,
        Self::RoomMessages,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotifyAll => "stream-notify-all",
            Self::NotifyLogged => "stream-notify-logged",
            Self::NotifyUser => "stream-notify-user",
            Self::UserPresence => "stream-user-presence",
            Self::Roles => "stream-roles",
            Self::RoomMessages => "stream-room-messages",
        }
    }

    /// The stream with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stream| stream.name() == name)
    }

    /// Whether a publication of this name has nothing to tell.
    pub fn is_silent(name: &str) -> bool {
        SILENT.contains(&name)
    }

    /// Whether it is heard without a login.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::NotifyAll | Self::RoomMessages)
    }

    /// Whether somebody may hear an event.
    pub fn check(self, caller: Option<&Caller>, event: &str) -> Result<(), Refusal> {
        if !self.has_form(event) {
            return Err(Refusal::BadEvent);
        }
        // While a duty is due, its user hears only of themselves.
        let allowed = match self {
            Self::NotifyAll => true,
            Self::RoomMessages => event == ALL_ROOMS,
            Self::NotifyLogged | Self::UserPresence | Self::Roles => caller.is_some_and(|caller| caller.duty.is_none()),
            Self::NotifyUser => caller.is_some_and(|caller| owner(event) == Some(caller.user.id.clone())),
        };
        let reaches = caller.is_none_or(|caller| caller.token.lacks(self.need(event)).is_none());
        if allowed && reaches {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    /// Returns whether a text has the form of the stream's event names. Clients also subscribe to names that this
    /// server never sends (of rooms and calls) and wait until they are taken, so any name of the form is.
    fn has_form(self, event: &str) -> bool {
        match self {
            // Only the list of users beside it is read.
            Self::UserPresence => true,
            // Without an id before it, it is the event of no user, and refused as that.
            Self::NotifyUser => event.split_once('/').map_or_else(
                || is_event_name(event),
                |(id, name)| id.len() <= MAX_ID_BYTES && is_event_name(name),
            ),
            _ => is_event_name(event),
        }
    }

    /// What an event needs of a token with scopes: what the endpoint needs that tells the same.
    fn need(self, event: &str) -> Need {
        match self {
            Self::NotifyUser if event.ends_with("/userData") => Need::Scope(Scope::UsersRead),
            Self::NotifyAll | Self::NotifyUser | Self::RoomMessages => Need::Any,
            Self::UserPresence => Need::Scope(Scope::PresenceRead),
            Self::Roles => Need::Scope(Scope::UsersRead),
            Self::NotifyLogged => Need::Scope(match event {
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

/// Whose event it is, of a stream for one user.
fn owner(event: &str) -> Option<UserId> {
    event.split_once('/').map(|(id, _)| UserId::new(id))
}

impl Refusal {
    pub fn to_json(&self) -> Value {
        let (error, reason) = match self {
            Self::Unknown(name) => (json!(404), format!("Subscription '{name}' not found")),
            Self::NotAllowed => (json!("not-allowed"), "Not allowed".to_owned()),
            Self::BadEvent => (json!("invalid-event-name"), "Invalid event name".to_owned()),
            Self::TooMany => (
                json!("too-many-subscriptions"),
                "Too many subscriptions on this connection".to_owned(),
            ),
        };
        let printed = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        json!({
            "isClientSafe": true,
            "error": error,
            "reason": reason,
            "message": format!("{reason} [{printed}]"),
            "errorType": "Meteor.Error",
        })
    }
}
