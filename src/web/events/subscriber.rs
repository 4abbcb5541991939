//! One stream, from the side of the sender.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::encode;
use super::round::Round;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::{SettingId, Timestamp, TokenHash, User};
use crate::hub::{Attendance, Changed, Connection, Event};
use crate::ops::reach::Reach;
use crate::ops::{presence, tokens};

/// The maximum number of writes that wait for a client. If there are more, the stream ends. The client connects again
/// and gets the events that it missed.
const WAITING: usize = 2048;

/// The maximum size of these writes, in bytes. A single larger write is allowed, such as the first state. Streams share
/// the bytes of a change that all viewers see.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// The reason for which a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// The server stops.
    Stopping,
    /// The client reads too slowly, or the server lost events.
    TooSlow,
    /// The session or the token of the caller ended.
    LoggedOut,
}

/// The values with which a stream begins.
pub(super) struct Begun {
    /// The time of the last event that the client has.
    pub after: Option<Timestamp>,
    /// The live connection of the user, if the stream counts as one.
    pub connection: Option<Connection>,
}

/// One stream, from the side of the sender.
pub(super) struct StreamSubscriber {
    number: u64,
    token: TokenHash,
    state: Mutex<State>,
    after: Option<Timestamp>,
    /// While this exists, the server does not end the token to make room for a new one.
    _in_use: Attendance<TokenHash>,
}

struct State {
    caller: Caller,
    reach: Reach,
    /// The time of the data that `greet` sent. The stream sends only later changes.
    known: Timestamp,
    waiting: VecDeque<Bytes>,
    bytes: usize,
    waker: Option<Waker>,
    end: Option<StreamEnd>,
    connection: Option<Connection>,
}

impl StreamSubscriber {
    /// Creates the subscriber of a caller. It receives events after its registration.
    pub(super) fn begin(app: &App, caller: Caller, number: u64, begun: Begun) -> Self {
        Self {
            number,
            token: caller.token.hash,
            after: begun.after,
            _in_use: app.hub.attend_by(&caller.token.hash),
            state: Mutex::new(State {
                reach: Reach::of_lists(app, |permission| caller.may(permission)),
                caller,
                known: Timestamp::from_millis(i64::MIN),
                waiting: VecDeque::new(),
                bytes: 0,
                waker: None,
                end: None,
                connection: begun.connection,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the hash of the caller's token.
    pub(super) const fn token(&self) -> &TokenHash {
        &self.token
    }

    /// Sends the data that the client does not have: the changes since its last event if the server still has them,
    /// else all users who are not offline or have a visible text.
    pub(super) fn greet(&self, app: &App, run: &str) {
        let mut state = self.state();
        let idle = idle_seconds(&state.caller.user).filter(|_| state.connection.is_some());
        state.push(encode::hello(self.number, idle));
        let here = presence::visible(app, &state.caller, self.after);
        state.known = here.at;
        let viewer = Arc::clone(&state.caller.user);
        let mut users: Vec<_> = here
            .users
            .into_iter()
            .map(|shown| {
                let since = shown.since.for_viewer(&viewer);
                (shown, since)
            })
            .collect();
        // A list of changes does not contain the caller.
        if let Some(own) = app.hub.shown_of(&viewer.id) {
            users.retain(|(shown, _)| shown.line.id != viewer.id);
            users.push((Arc::new(own.as_own()), own.since.at()));
        }
        if here.full {
            state.push(encode::state(run, &users, here.at));
            return;
        }
        for (shown, since) in users {
            state.push(encode::person(run, &shown, since, here.at));
        }
    }

    /// Sends those events of a round that concern this client.
    pub(super) fn receive(&self, app: &App, round: &Round) {
        let mut state = self.state();
        if round.is_lost {
            state.finish(StreamEnd::TooSlow);
            return;
        }
        let mut frames = BytesMut::new();
        for event in &round.others {
            state.follow(app, event, &mut frames);
        }
        let silent = !round.changes.is_empty() && app.settings().flag(SettingId::PresenceBroadcastDisabled);
        let viewer = Arc::clone(&state.caller.user);
        let wanted = round.changes.iter().filter(|change| {
            let user = &change.change.user;
            let listed = *user == viewer.id || (!silent && state.reach.has(viewer.id.as_str(), user.as_str()));
            change.change.at > state.known && listed
        });
        let events: Vec<_> = wanted.filter_map(|change| change.for_viewer(&viewer)).collect();
        match events.as_slice() {
            // A single event is not copied: all streams share its bytes.
            [one] if frames.is_empty() => state.push(one.clone()),
            events => {
                for event in events {
                    frames.extend_from_slice(event);
                }
                if !frames.is_empty() {
                    state.push(frames.freeze());
                }
            }
        }
    }

    /// Ends the stream after the waiting events are sent.
    pub(super) fn end(&self, end: StreamEnd) {
        self.state().finish(end);
    }

    /// Stores that the user is idle, or that they are active again.
    pub(super) fn set_away(&self, away: bool) {
        let state = self.state();
        if let Some(connection) = &state.connection {
            connection.set_away(away);
        }
    }

    /// Returns the next bytes, or `None` at the end of the stream.
    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state();
        if let Some(next) = state.waiting.pop_front() {
            state.bytes -= next.len();
            return Poll::Ready(Some(next));
        }
        if state.end.is_some() {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Ends the live connection of a closed stream. If the user returns within the grace period, they stay online.
    /// After a logout there is no grace period.
    pub(super) fn leave(&self, app: &App) {
        let mut state = self.state();
        state.waiting.clear();
        let Some(connection) = state.connection.take() else {
            return;
        };
        tokens::note_end(app, &state.caller);
        if state.end == Some(StreamEnd::LoggedOut) {
            drop(connection);
        } else {
            connection.lose(self.token);
        }
    }
}

impl State {
    fn push(&mut self, frames: Bytes) {
        if self.end.is_some() {
            return;
        }
        self.bytes += frames.len();
        self.waiting.push_back(frames);
        if self.waiting.len() > WAITING || (self.bytes > WAITING_BYTES && self.waiting.len() > 1) {
            self.waiting.clear();
            self.bytes = 0;
            self.finish(StreamEnd::TooSlow);
        } else {
            self.wake();
        }
    }

    fn finish(&mut self, end: StreamEnd) {
        if self.end.is_none() && end == StreamEnd::LoggedOut {
            self.push(encode::ended());
        }
        self.end.get_or_insert(end);
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Handles an event that is not a change of presence.
    fn follow(&mut self, app: &App, event: &Event, frames: &mut BytesMut) {
        match event {
            Event::TokenEnded(token) if token.hash == self.caller.token.hash => self.finish(StreamEnd::LoggedOut),
            Event::User(user) => self.follow_user(app, user, frames),
            Event::Role(_) | Event::Grant(_) | Event::Setting(_) => self.renew(app),
            _ => {}
        }
    }

    fn follow_user(&mut self, app: &App, user: &Changed<User>, frames: &mut BytesMut) {
        let Some(id) = user.after.as_ref().or(user.before.as_ref()).map(|user| &user.id) else {
            return;
        };
        if *id == self.caller.user.id {
            self.renew(app);
        }
        let seen = |user: &Option<Arc<User>>| {
            let user = user.as_ref().filter(|user| user.is_active());
            user.map(|user| (user.username.clone(), user.name.clone(), user.avatar.clone()))
        };
        let viewer = self.caller.user.id.as_str();
        if seen(&user.before) != seen(&user.after) && self.reach.has(viewer, id.as_str()) {
            frames.extend_from_slice(&encode::people(id));
        }
    }

    /// Loads the caller again, because their permissions may have changed. Ends the stream if they may not have it any
    /// more.
    fn renew(&mut self, app: &App) {
        let (caller, had_duty) = (&self.caller, self.caller.duty.is_some());
        let renewed = tokens::look_up(app, &caller.user.id, &caller.presented, &caller.origin);
        match renewed {
            Some(caller) if caller.duty.is_none() || had_duty => {
                self.reach = Reach::of_lists(app, |permission| caller.may(permission));
                self.caller = caller;
            }
            _ => self.finish(StreamEnd::LoggedOut),
        }
    }
}

/// Returns the number of seconds without input after which the user is away. Returns `None` if the user switched this
/// off.
fn idle_seconds(user: &User) -> Option<u64> {
    let preferences = user.preferences.effective();
    let wanted = preferences.get("enableAutoAway").and_then(Value::as_bool) == Some(true);
    let seconds = preferences.get("idleTimeLimit").and_then(Value::as_u64);
    seconds.filter(|_| wanted)
}
