//! What a session and those who tell it something share: who listens on the socket, and to what.

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

/// One socket, for those who tell it something.
pub(super) struct Subscriber {
    pub outbox: Arc<Outbox>,
    framing: Framing,
    listening: Mutex<Listening>,
    /// That the login seems to be over, for the session.
    login_ended: Notify,
}

/// Who listens, and to what. Events are told under its lock, so that a subscription is confirmed before the
/// first of them.
#[derive(Default)]
pub(super) struct Listening {
    pub viewer: Option<Viewer>,
    pub subscriptions: Subscriptions,
}

/// Who listens, as of the last event that was told.
pub(super) struct Viewer {
    pub user: Arc<User>,
    pub token: Arc<Token>,
    /// When the token ends, beside it: that is looked at for every event.
    ends: Option<Timestamp>,
    /// What they see of others: computed only when roles or grants change.
    sight: Option<Sight>,
    /// Whether lists of users show a user without `view-outside-room` only themselves.
    lists_are_narrow: bool,
}

/// What a viewer sees of others by the roles and grants in force.
struct Sight {
    access: Arc<Access>,
    /// The roles of others.
    roles: bool,
    /// Others at all, where lists are narrow.
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

    /// Takes in the roles and grants that are in force for the events that follow.
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

    /// Takes in another record of the user.
    fn follow_user(&mut self, user: &Arc<User>) {
        self.user = Arc::clone(user);
        if let Some(sight) = self.sight.take() {
            self.follow_access(&sight.access);
        }
    }

    /// Returns whether they see the roles of other users.
    pub fn sees_roles(&self) -> bool {
        self.sight.as_ref().is_some_and(|sight| sight.roles)
    }

    /// Returns whether an event about all users tells them of others.
    pub fn sees_others(&self) -> bool {
        !self.lists_are_narrow || self.sight.as_ref().is_some_and(|sight| sight.others)
    }

    /// Whether the token is good still, as far as time goes.
    fn is_live(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|end| now < end)
    }

    /// Whether they hold a permission now.
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

    /// Says a message. It goes out when the session has nothing more to say.
    pub fn say(&self, message: &Value) {
        self.outbox.hold(self.framing.frame(&message.to_string()));
    }

    /// Waits until the login seems to be over.
    pub async fn login_ended(&self) {
        self.login_ended.notified().await;
    }

    /// Tells of everything in its order that concerns the socket and that its user may know.
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

    /// Takes in what an event means for who listens.
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
                    // The session looks whether the user now has a duty that ends the login.
                    if user.require_password_change.is_some() || user.roles != viewer.user.roles {
                        self.login_ended.notify_one();
                    }
                    viewer.follow_user(user);
                }
                _ => self.end_login(listening),
            },
            Outgoing::TokenEnded(token) if viewer.token.hash == token.hash => self.end_login(listening),
            // A role may require a second factor now.
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
