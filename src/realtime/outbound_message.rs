//! Messages for many sockets, each encoded once.

use std::sync::{Arc, LazyLock, OnceLock};

use bytes::Bytes;
use serde_json::Value;

use super::framing::Framing;
use super::listening::{Listening, Viewer};
use super::stream::Stream;
use super::subscriptions::Subscriptions;
use crate::app::App;
use crate::domain::{Permission, Token, User, UserId};
use crate::hub::{PresenceChange, Seen};

/// Messages that are sent together. The frames of each framing are created when first needed.
#[derive(Debug)]
pub(super) struct EncodedMessages {
    messages: Vec<String>,
    plain: OnceLock<Bytes>,
    wrapped: OnceLock<Bytes>,
}

impl EncodedMessages {
    pub(super) fn of(message: &Value) -> Self {
        Self::of_all(std::slice::from_ref(message))
    }

    /// Creates one text from several messages, in order.
    pub(super) fn of_all(messages: &[Value]) -> Self {
        Self {
            messages: messages.iter().map(ToString::to_string).collect(),
            plain: OnceLock::new(),
            wrapped: OnceLock::new(),
        }
    }

    /// Returns the frames with the messages.
    pub(super) fn frame(&self, framing: Framing) -> Bytes {
        let frame = match framing {
            Framing::Plain => &self.plain,
            Framing::SockJs => &self.wrapped,
        };
        let frames = || match &self.messages[..] {
            [message] => framing.frame(message),
            messages => {
                let frames: Vec<_> = messages.iter().map(|message| framing.frame(message)).collect();
                frames.concat().into()
            }
        };
        frame.get_or_init(frames).clone()
    }
}

/// The messages about the visible presence of a user.
#[derive(Debug)]
pub(super) struct PresenceTexts {
    /// The message for sockets that listen to all users and may not see roles.
    pub everybody: EncodedMessages,
    /// The same message for sockets that may see roles. Few do, so it is created when first needed.
    pub with_roles: LazyLock<EncodedMessages, Box<dyn FnOnce() -> EncodedMessages + Send>>,
    /// The message for sockets that watch this user.
    pub watchers: EncodedMessages,
}

impl PresenceTexts {
    fn for_everybody(&self, with_roles: bool) -> &EncodedMessages {
        if with_roles { &self.with_roles } else { &self.everybody }
    }
}

/// The messages about a change of a user's visible presence.
#[derive(Debug)]
pub(super) struct PresenceMessages {
    pub change: Arc<PresenceChange>,
    /// The effect that is the same for all viewers; `None` if it depends on the viewer.
    pub seen: Option<Seen>,
    /// The messages for viewers who see the new presence. `None` if the broadcast of presence is off; the same for
    /// `gone`, the messages for viewers who now see the user as offline.
    pub now: Option<PresenceTexts>,
    pub gone: Option<PresenceTexts>,
    /// The messages for the user's own sockets; `None` if the user sees no change.
    pub own: Option<OwnTexts>,
}

/// The messages about a change of a user, for the user's own sockets.
#[derive(Debug)]
pub(super) struct OwnTexts {
    /// The message with the user's document.
    pub document: EncodedMessages,
    /// The event `userData` with the change.
    pub event: EncodedMessages,
}

/// A message, or a group of messages, for all sockets that it concerns.
#[derive(Debug)]
pub(super) enum OutboundMessage {
    /// An event of a stream, for sockets that listen to it and have the permission, if it requires one.
    Stream {
        stream: Stream,
        event: String,
        permission: Option<Permission>,
        /// The user that the event is about, who receives it without the permission.
        about: Option<UserId>,
        text: EncodedMessages,
    },
    /// A change of a user's visible presence.
    Presence(Box<PresenceMessages>),
    /// A user's record was changed or removed.
    User {
        id: UserId,
        user: Option<Arc<User>>,
        own: Option<OwnTexts>,
    },
    /// A token was removed from the store.
    TokenEnded(Arc<Token>),
    /// Events were lost, so that the state of all sockets is unknown.
    Lost,
}

/// The messages of one event for one socket, in order.
pub(super) type OwnMessages<'event> = [Option<&'event EncodedMessages>; 4];

const NOTHING: OwnMessages<'static> = [None; 4];

impl OutboundMessage {
    /// Returns the user of a presence change that looks the same to all viewers.
    pub(super) fn whose_presence_alike(&self) -> Option<&UserId> {
        match self {
            Self::Presence(presence) => presence.seen.map(|_| &presence.change.user),
            _ => None,
        }
    }

    /// Returns the message for sockets that listen to all users, if this is a presence change that looks the same
    /// to all viewers.
    pub(super) fn for_everybody(&self, with_roles: bool) -> Option<&EncodedMessages> {
        match self {
            Self::Presence(presence) => {
                let texts = presence.texts(presence.seen?)?;
                Some(texts.for_everybody(with_roles))
            }
            _ => None,
        }
    }

    /// Returns the messages that a socket listens to and that its user may receive.
    pub(super) fn texts_for<'event>(&'event self, app: &App, listening: &Listening) -> OwnMessages<'event> {
        let subscriptions = &listening.subscriptions;
        match (self, &listening.viewer) {
            (
                Self::Stream {
                    stream,
                    event,
                    permission,
                    about,
                    text,
                },
                viewer,
            ) => {
                let hears = (viewer.is_some() || stream.is_public()) && subscriptions.hears(*stream, event);
                let may = |permission| viewer.as_ref().is_some_and(|viewer| viewer.may(app, permission));
                let is_own = || {
                    viewer
                        .as_ref()
                        .is_some_and(|viewer| about.as_ref() == Some(&viewer.user.id))
                };
                let told = hears && (permission.is_none_or(may) || is_own());
                [told.then_some(text), None, None, None]
            }
            (Self::Presence(presence), Some(viewer)) => presence.texts_for(viewer, subscriptions),
            (Self::User { id, own: Some(own), .. }, Some(viewer))
                if viewer.user.id == *id && viewer.token.shows_own_record() =>
            {
                let [document, event] = own.heard(id, subscriptions);
                [document, event, None, None]
            }
            _ => NOTHING,
        }
    }
}

impl OwnTexts {
    fn heard<'event>(&'event self, id: &UserId, listening: &Subscriptions) -> [Option<&'event EncodedMessages>; 2] {
        let event = listening.hears(Stream::NotifyUser, &format!("{id}/userData"));
        [Some(&self.document), event.then_some(&self.event)]
    }
}

impl PresenceMessages {
    fn texts(&self, seen: Seen) -> Option<&PresenceTexts> {
        match seen {
            Seen::Now => self.now.as_ref(),
            Seen::Gone => self.gone.as_ref(),
            Seen::Nothing => None,
        }
    }

    fn texts_for<'event>(&'event self, viewer: &Viewer, listening: &Subscriptions) -> OwnMessages<'event> {
        let user = &self.change.user;
        let is_own = viewer.user.id == *user;
        let hears = listening.hears_everybody() && (is_own || viewer.sees_others());
        let watches = listening.watches(user);
        if !(is_own || hears || watches) {
            return NOTHING;
        }
        let seen = self.seen.unwrap_or_else(|| self.change.seen_by(&viewer.user));
        let texts = self.texts(seen);
        let own = self.own.as_ref().filter(|_| is_own && viewer.token.shows_own_record());
        let [document, event] = own.map_or([None; 2], |own| own.heard(user, listening));
        let with_roles = own.is_some() || viewer.sees_roles();
        [
            document,
            event,
            texts.filter(|_| hears).map(|texts| texts.for_everybody(with_roles)),
            texts.filter(|_| watches).map(|texts| &texts.watchers),
        ]
    }
}
