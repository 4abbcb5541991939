//! The state of a socket that its session and the fan-out share: the viewer and the subscriptions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;

use super::bundle::Bundler;
use super::end::End;
use super::framing::Framing;
use super::outbox::Outbox;
use super::outgoing::Outgoing;
use super::stream::Stream;
use super::subscriptions::Subscriptions;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::{Access, Permission, Timestamp, Token, User};
use crate::ops::reach::Reach;

/// One socket, as the fan-out sees it.
pub(super) struct Subscriber {
    pub outbox: Arc<Outbox>,
    framing: Framing,
    listening: Mutex<Listening>,
    /// Notifies the session that the login may have ended.
    login_ended: Notify,
}

/// The viewer and the subscriptions of a socket. Events are sent while this is locked, so that a subscription is
/// confirmed before its first event.
#[derive(Default)]
pub(super) struct Listening {
    pub viewer: Option<Viewer>,
    pub subscriptions: Subscriptions,
}

/// The user on a socket, as of the last event.
pub(super) struct Viewer {
    pub user: Arc<User>,
    pub token: Arc<Token>,
    /// The expiry of the token, copied here because every event checks it.
    ends: Option<Timestamp>,
    /// The viewer's rights to see others, computed only when roles or grants change.
    sight: Option<Sight>,
    /// `true` if a user without `view-outside-room` sees only themselves in lists of users.
    lists_are_narrow: bool,
}

/// The parts of other users that a viewer may see, by the current roles and grants.
struct Sight {
    access: Arc<Access>,
    /// `true` if the viewer sees the roles of others.
    roles: bool,
    /// `true` if the viewer sees other users even when lists are reduced.
    others: bool,
}

impl Viewer {
    pub fn of(caller: &Caller) -> Self {
        Self {
            user: Arc::clone(&caller.user),
            ends: caller.token.expires_at,
            token: Arc::clone(&caller.token),
            sight: None,
            lists_are_narrow: false,
        }
    }

    /// Updates the rights to see others for the next events.
    fn follow_access(&mut self, access: &Arc<Access>) {
        let known = self.sight.as_ref();
        if known.is_some_and(|known| Arc::ptr_eq(&known.access, access)) {
            return;
        }
        let held = self.token.narrow(access.of(&self.user.roles));
        self.sight = Some(Sight {
            access: Arc::clone(access),
            roles: held.has(Permission::VIEW_FULL_OTHER_USER_INFO),
            others: Reach::of_search(|permission| held.has(permission)) == Reach::Everyone,
        });
    }

    /// Updates the user's record.
    fn follow_user(&mut self, user: &Arc<User>) {
        self.user = Arc::clone(user);
        if let Some(sight) = self.sight.take() {
            self.follow_access(&sight.access);
        }
    }

    /// Returns whether the viewer sees the roles of other users.
    pub fn sees_roles(&self) -> bool {
        self.sight.as_ref().is_some_and(|sight| sight.roles)
    }

    /// Returns whether the viewer receives events about all users.
    pub fn sees_others(&self) -> bool {
        !self.lists_are_narrow || self.sight.as_ref().is_some_and(|sight| sight.others)
    }

    /// Returns whether the token has not expired.
    fn is_live(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|end| now < end)
    }

    /// Returns whether the viewer has a permission now.
    pub fn may(&self, app: &App, permission: Permission) -> bool {
        let snapshot = app.store.read();
        let held = snapshot.access().of(&self.user.roles);
        self.token.narrow(held).has(permission)
    }
}

impl Subscriber {
    pub fn new(outbox: Arc<Outbox>, framing: Framing) -> Self {
        Self {
            outbox,
            framing,
            listening: Mutex::default(),
            login_ended: Notify::new(),
        }
    }

    pub fn listening(&self) -> MutexGuard<'_, Listening> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message. It is sent after the session has handled the current input.
    pub fn say(&self, message: &Value) {
        self.outbox.hold(self.framing.frame(&message.to_string()));
    }

    /// Waits until the login may have ended.
    pub async fn login_ended(&self) {
        self.login_ended.notified().await;
    }

    /// Sends all messages of a round that the socket listens to and that its user may receive, in order.
    pub fn tell<'event>(&self, app: &App, now: Timestamp, bundler: &mut Bundler<'event>) {
        let mut listening = self.listening();
        if listening.viewer.as_ref().is_some_and(|viewer| !viewer.is_live(now)) {
            self.end_login(&mut listening);
        }
        if let Some(viewer) = &mut listening.viewer {
            viewer.lists_are_narrow = bundler.lists_are_narrow();
            viewer.follow_access(bundler.access());
        }
        let bundle = bundler.common(self.framing, &listening).unwrap_or_else(|| {
            bundler.own(self.framing, |outgoing: &'event Outgoing| {
                self.follow(&mut listening, outgoing);
                outgoing.texts_for(app, &listening)
            })
        });
        self.outbox.send(bundle);
    }

    /// Applies the effect of an event to the viewer and the socket.
    fn follow(&self, listening: &mut Listening, outgoing: &Outgoing) {
        if matches!(outgoing, Outgoing::Lost) {
            self.outbox.shut(End::TooSlow);
        }
        let Some(viewer) = &mut listening.viewer else {
            return;
        };
        match outgoing {
            Outgoing::User { id, user, .. } if viewer.user.id == *id => match user {
                Some(user) if user.is_active() => {
                    // The session checks whether a new duty ends the login.
                    if user.require_password_change.is_some() || user.roles != viewer.user.roles {
                        self.login_ended.notify_one();
                    }
                    viewer.follow_user(user);
                }
                _ => self.end_login(listening),
            },
            Outgoing::TokenEnded(token) if viewer.token.hash == token.hash => self.end_login(listening),
            // A changed role may require a second factor.
            Outgoing::Stream {
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
