//! The state of a socket that its session and the fan-out share: the viewer and the subscriptions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;

use super::batch::BatchEncoder;
use super::close_reason::CloseReason;
use super::framing::Framing;
use super::listening::Listening;
use super::outbound_message::OutboundMessage;
use super::outbox::Outbox;
use super::stream::Stream;
use crate::app::App;
use crate::domain::Timestamp;

/// One socket, as the fan-out sees it.
pub(super) struct Subscriber {
    pub outbox: Arc<Outbox>,
    framing: Framing,
    listening: Mutex<Listening>,
    /// Notifies the session that the login may have ended.
    login_ended: Notify,
}

impl Subscriber {
    pub(super) fn new(outbox: Arc<Outbox>, framing: Framing) -> Self {
        Self {
            outbox,
            framing,
            listening: Mutex::default(),
            login_ended: Notify::new(),
        }
    }

    pub(super) fn listening(&self) -> MutexGuard<'_, Listening> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message. It is sent after the session has handled the current input.
    pub(super) fn say(&self, message: &Value) {
        self.outbox.hold(self.framing.frame(&message.to_string()));
    }

    /// Waits until the login may have ended.
    pub(super) async fn login_ended(&self) {
        self.login_ended.notified().await;
    }

    /// Sends all messages of a round that the socket listens to and that its user may receive, in order.
    pub(super) fn tell<'event>(&self, app: &App, now: Timestamp, encoder: &mut BatchEncoder<'event>) {
        let mut listening = self.listening();
        if listening.viewer.as_ref().is_some_and(|viewer| !viewer.is_live(now)) {
            self.end_login(&mut listening);
        }
        if let Some(viewer) = &mut listening.viewer {
            viewer.lists_are_narrow = encoder.lists_are_narrow();
            viewer.follow_access(encoder.access());
        }
        let batch = encoder.common(self.framing, &listening).unwrap_or_else(|| {
            encoder.own(self.framing, |outgoing: &'event OutboundMessage| {
                self.follow(&mut listening, outgoing);
                outgoing.texts_for(app, &listening)
            })
        });
        self.outbox.send(batch);
    }

    /// Applies the effect of an event to the viewer and the socket.
    fn follow(&self, listening: &mut Listening, outgoing: &OutboundMessage) {
        if matches!(outgoing, OutboundMessage::Lost) {
            self.outbox.shut(CloseReason::TooSlow);
        }
        let Some(viewer) = &mut listening.viewer else {
            return;
        };
        match outgoing {
            OutboundMessage::User { id, user, .. } if viewer.user.id == *id => match user {
                Some(user) if user.is_active() => {
                    // The session checks whether a new duty ends the login.
                    if user.require_password_change.is_some() || user.roles != viewer.user.roles {
                        self.login_ended.notify_one();
                    }
                    viewer.follow_user(user);
                }
                _ => self.end_login(listening),
            },
            OutboundMessage::TokenEnded(token) if viewer.token.hash == token.hash => self.end_login(listening),
            // A changed role may require a second factor.
            OutboundMessage::Stream {
                stream: Stream::Roles, ..
            } => self.login_ended.notify_one(),
            _ => {}
        }
    }

    fn end_login(&self, listening: &mut Listening) {
        listening.viewer = None;
        self.login_ended.notify_one();
    }
}
