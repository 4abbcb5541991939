//! What is told to many sockets, encoded once for all of them.

use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::framing::Framing;
use super::stream::{Stream, USER_STATUS};
use super::subscriptions::Subscriptions;
use crate::auth::Caller;
use crate::domain::{Permission, Token, User, UserId};
use crate::hub::{PresenceChange, Seen};

/// A message, encoded once in each framing that somebody needs.
#[derive(Debug)]
pub(super) struct Text {
    plain: Utf8Bytes,
    wrapped: OnceLock<Utf8Bytes>,
}

impl Text {
    pub fn of(message: &Value) -> Self {
        Self {
            plain: message.to_string().into(),
            wrapped: OnceLock::new(),
        }
    }

    /// The frame with it.
    pub fn frame(&self, framing: Framing) -> Utf8Bytes {
        match framing {
            Framing::Plain => self.plain.clone(),
            Framing::SockJs => self.wrapped.get_or_init(|| framing.wrap(&self.plain)).clone(),
        }
    }
}

/// The messages about what shows of a user.
#[derive(Debug)]
pub(super) struct PresenceTexts {
    /// For those who hear of everybody.
    pub everybody: Text,
    /// For those who watch this user.
    pub watchers: Text,
}

/// A change of what shows of a user.
#[derive(Debug)]
pub(super) struct Presence {
    pub change: Arc<PresenceChange>,
    /// For others, who see the user as they are now, or as one who is gone; none where nobody is told who
    /// is here.
    pub now: Option<PresenceTexts>,
    pub gone: Option<PresenceTexts>,
    /// For the user's own sockets.
    pub own: OwnTexts,
}

/// The messages about a change of a user, for the user's own sockets.
#[derive(Debug)]
pub(super) struct OwnTexts {
    /// The document of the user.
    pub document: Text,
    /// The event of the user's data.
    pub event: Text,
}

impl OwnTexts {
    fn heard(&self, id: &UserId, listening: &Subscriptions) -> [Option<&Text>; 2] {
        let event = listening.hears(Stream::NotifyUser, &format!("{id}/userData"));
        [Some(&self.document), event.then_some(&self.event)]
    }
}

/// Something that sockets are told, each if it concerns them.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// An event of a stream, for all who listen to it and hold the permission, if it needs one.
    Stream {
        stream: Stream,
        event: String,
        permission: Option<Permission>,
        text: Text,
    },
    /// A change of what shows of a user.
    Presence(Box<Presence>),
    /// A user has another record, or none.
    User {
        id: UserId,
        user: Option<Arc<User>>,
        own: Option<OwnTexts>,
    },
    /// A token is good no longer.
    TokenEnded(Arc<Token>),
    /// Something was missed: nobody knows any more what is so.
    Lost,
}

impl Outgoing {
    /// The messages of it that a caller hears and may know of, in their order.
    pub fn texts_for(&self, caller: Option<&Caller>, listening: &Subscriptions) -> [Option<&Text>; 4] {
        match self {
            Self::Stream {
                stream,
                event,
                permission,
                text,
            } => {
                let may = permission.is_none_or(|permission| caller.is_some_and(|caller| caller.may(permission)));
                let told = may && listening.hears(*stream, event);
                [told.then_some(text), None, None, None]
            }
            Self::Presence(presence) => match caller {
                Some(caller) => presence.texts_for(&caller.user, listening),
                None => [None; 4],
            },
            Self::User { id, own: Some(own), .. } if caller.is_some_and(|caller| caller.user.id == *id) => {
                let [document, event] = own.heard(id, listening);
                [document, event, None, None]
            }
            Self::User { .. } | Self::TokenEnded(_) | Self::Lost => [None; 4],
        }
    }
}

impl Presence {
    fn texts_for(&self, viewer: &User, listening: &Subscriptions) -> [Option<&Text>; 4] {
        let user = &self.change.user;
        let seen = match self.change.seen_by(viewer) {
            Seen::Now => self.now.as_ref(),
            Seen::Gone => self.gone.as_ref(),
            Seen::Nothing => return [None; 4],
        };
        let everybody = seen.filter(|_| listening.hears(Stream::NotifyLogged, USER_STATUS));
        let watched = seen.filter(|_| listening.watches(user));
        let [document, event] = if viewer.id == *user {
            self.own.heard(user, listening)
        } else {
            [None; 2]
        };
        [
            document,
            event,
            everybody.map(|texts| &texts.everybody),
            watched.map(|texts| &texts.watchers),
        ]
    }
}
