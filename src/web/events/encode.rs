//! The events as text. A change is encoded once, and shared by all streams that get it.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use crate::domain::{Timestamp, User, UserId};
use crate::hub::{PresenceChange, PresenceEntry, Seen, VisiblePresence};

/// A line of the stream that is no event, so that proxies and clients see that the connection lives.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b": still here\n\n");

/// A user as an event has them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person<'line> {
    #[serde(flatten)]
    line: &'line PresenceEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_since: Option<Timestamp>,
}

/// A change of a user's presence, as text.
pub(super) struct EncodedChange {
    pub change: Arc<PresenceChange>,
    /// The presence that all viewers see; `None` if it depends on the viewer.
    seen: Option<Seen>,
    now: Bytes,
    gone: Bytes,
    run: Arc<str>,
}

impl EncodedChange {
    /// Encodes a change.
    pub(super) fn of(change: Arc<PresenceChange>, run: &Arc<str>) -> Option<Self> {
        let line = match (&change.after, &change.before) {
            (Some(after), _) => &after.line,
            (None, Some(before)) => &before.line,
            (None, None) => return None,
        };
        let since = change.after.as_ref().and_then(|after| after.since.at());
        let now = match &change.after {
            Some(_) => event(run, change.at, line, since),
            None => event(run, change.at, &line.absent(), None),
        };
        Some(Self {
            seen: change.seen_by_all(),
            gone: event(run, change.at, &line.absent(), None),
            now,
            change,
            run: Arc::clone(run),
        })
    }

    /// Returns what a viewer gets of the change.
    pub(super) fn for_viewer(&self, viewer: &User) -> Option<Bytes> {
        if self.change.user == viewer.id {
            return Some(self.own());
        }
        match self.seen.unwrap_or_else(|| self.change.seen_by(viewer)) {
            Seen::Nothing => None,
            Seen::Gone => Some(self.gone.clone()),
            Seen::Now => match &self.change.after {
                Some(after) if !after.since.is_the_same_for_all() => {
                    let since = after.since.for_viewer(viewer);
                    Some(event(&self.run, self.change.at, &after.line, since))
                }
                _ => Some(self.now.clone()),
            },
        }
    }

    /// Returns what the user themselves gets.
    fn own(&self) -> Bytes {
        match &self.change.after {
            Some(after) => event(&self.run, self.change.at, &after.as_own().line, after.since.at()),
            None => self.gone.clone(),
        }
    }
}

/// Encodes a user after a change. The id is one less than the time of the change: others may have happened at the same
/// time, and a client that comes back gets all of them. It begins with the name of the run of the server, so that a client
/// of another run gets everyone, whatever its clock was.
fn event(run: &str, at: Timestamp, line: &PresenceEntry, since: Option<Timestamp>) -> Bytes {
    let person = Person {
        line,
        status_since: since,
    };
    let data = serde_json::to_string(&person).unwrap_or_default();
    format!("id: {run}.{}\nevent: presence\ndata: {data}\n\n", at.as_millis() - 1).into()
}

/// Encodes the beginning of a stream: its number, and the seconds without input after which its user is away.
pub(super) fn hello(number: u64, idle_seconds: Option<u64>) -> Bytes {
    let data = json!({"stream": number.to_string(), "idleAfter": idle_seconds});
    format!("retry: 1000\nevent: hello\ndata: {data}\n\n").into()
}

/// Encodes everyone who is here, for a viewer who has nothing yet.
pub(super) fn state(run: &str, users: &[(Arc<VisiblePresence>, Option<Timestamp>)], at: Timestamp) -> Bytes {
    let users: Vec<_> = users
        .iter()
        .map(|(shown, since)| Person {
            line: &shown.line,
            status_since: *since,
        })
        .collect();
    let data = serde_json::to_string(&json!({"users": users})).unwrap_or_default();
    format!("id: {run}.{}\nevent: state\ndata: {data}\n\n", at.as_millis()).into()
}

/// Encodes a user whom a viewer sees like this now.
pub(super) fn person(run: &str, shown: &VisiblePresence, since: Option<Timestamp>, at: Timestamp) -> Bytes {
    event(run, at.plus_millis(1), &shown.line, since)
}

/// Encodes that an account began, changed or ended.
pub(super) fn people(user: &UserId) -> Bytes {
    format!("event: people\ndata: {}\n\n", json!({"_id": user})).into()
}

/// Encodes that the login is over.
pub(super) fn ended() -> Bytes {
    Bytes::from_static(b"event: end\ndata: {}\n\n")
}
