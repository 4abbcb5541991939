//! One stream, for those who send to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::{Round, encode};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::{SettingId, Timestamp, TokenHash, User};
use crate::hub::{Attendance, Changed, Connection, Event};
use crate::ops::reach::Reach;
use crate::ops::{presence, tokens};

/// Maximum events that wait for a client before its stream ends. It comes back and gets what it missed.
const WAITING: usize = 2048;

/// Maximum bytes of them, the first state apart. Changes that all see are shared between the streams.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The server stops.
    Stopping,
    /// The client reads too slowly, or events were lost.
    TooSlow,
    /// The login is over.
    LoggedOut,
}

/// What a stream begins with.
pub(super) struct Begun {
    /// The last event that the client has.
    pub after: Option<Timestamp>,
    /// The live connection of the user, if the stream counts as one.
    pub connection: Option<Connection>,
}

/// One stream, for those who send to it.
pub(super) struct Subscriber {
    number: u64,
    token: TokenHash,
    state: Mutex<State>,
    after: Option<Timestamp>,
    /// Keeps the token from being ended because the user has many.
    _in_use: Attendance<TokenHash>,
}

struct State {
    caller: Caller,
    reach: Reach,
    /// The time of the last answer: changes up to it were sent already.
    known: Timestamp,
    waiting: VecDeque<Bytes>,
    bytes: usize,
    waker: Option<Waker>,
    end: Option<End>,
    connection: Option<Connection>,
}

impl Subscriber {
    /// Begins to collect what happens for a caller.
    pub fn begin(app: &App, caller: Caller, number: u64, begun: Begun) -> Self {
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

    /// Returns the token of the caller.
    pub const fn token(&self) -> &TokenHash {
        &self.token
    }

    /// Sends what the client does not have yet: the changes since its last event while they are known, else everyone.
    pub fn greet(&self, app: &App, run: &str) {
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
        // Lists of what changed leave the caller out.
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

    /// Sends what concerns the client of what happened.
    pub fn receive(&self, app: &App, round: &Round) {
        let mut state = self.state();
        if round.is_lost {
            state.finish(End::TooSlow);
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
            // One event that others get too is shared with them.
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

    /// Ends the stream when what waits has gone out.
    pub fn end(&self, end: End) {
        self.state().finish(end);
    }

    /// Takes in that the user is idle, or back.
    pub fn set_away(&self, away: bool) {
        let state = self.state();
        if let Some(connection) = &state.connection {
            connection.set_away(away);
        }
    }

    /// Returns the next bytes, none at the end of the stream.
    pub fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
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

    /// Takes in that the stream is gone. A user who comes back soon was never away; one who signed out is.
    pub fn leave(&self, app: &App) {
        let mut state = self.state();
        state.waiting.clear();
        let Some(connection) = state.connection.take() else {
            return;
        };
        tokens::note_end(app, &state.caller);
        if state.end == Some(End::LoggedOut) {
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
            self.finish(End::TooSlow);
        } else {
            self.wake();
        }
    }

    fn finish(&mut self, end: End) {
        if self.end.is_none() && end == End::LoggedOut {
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

    /// Takes in an event that is not a change of presence.
    fn follow(&mut self, app: &App, event: &Event, frames: &mut BytesMut) {
        match event {
            Event::TokenEnded(token) if token.hash == self.caller.token.hash => self.finish(End::LoggedOut),
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

    /// Looks the caller up again: what they may see is what they may see now.
    fn renew(&mut self, app: &App) {
        let (caller, had_duty) = (&self.caller, self.caller.duty.is_some());
        let renewed = tokens::look_up(app, &caller.user.id, &caller.presented, &caller.origin);
        match renewed {
            Some(caller) if caller.duty.is_none() || had_duty => {
                self.reach = Reach::of_lists(app, |permission| caller.may(permission));
                self.caller = caller;
            }
            _ => self.finish(End::LoggedOut),
        }
    }
}

/// Returns the seconds without input after which the user is away; none if the user does not want that.
fn idle_seconds(user: &User) -> Option<u64> {
    let preferences = user.preferences.effective();
    let wanted = preferences.get("enableAutoAway").and_then(Value::as_bool) == Some(true);
    let seconds = preferences.get("idleTimeLimit").and_then(Value::as_u64);
    seconds.filter(|_| wanted)
}
