//! The subscriptions of one socket.

use std::collections::HashSet;

use serde_json::Value;

use super::message::added;
use super::stream::{Refusal, Stream, USER_STATUS};
use crate::auth::Caller;
use crate::domain::UserId;
use crate::domain::id::MAX_ID_BYTES;
use crate::domain::text::quoted;

/// The maximum number of subscriptions of a socket.
const MAX_SUBSCRIPTIONS: usize = 1000;

/// The maximum number of subscriptions of a socket without a login; login pages need fewer.
const MAX_BEFORE_LOGIN: usize = 10;

/// The maximum number of users that a socket watches.
const WATCHED: usize = 10_000;

/// The subscriptions of one socket.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// A list, because a socket has few subscriptions, and a list is smaller than a map and as fast.
    all: Vec<Subscription>,
    /// `true` if one of them is for the presence of all users; this is checked most often.
    hears_everybody: bool,
    /// The id of the subscription that watches users.
    watching: Option<Box<str>>,
    watched: HashSet<UserId>,
}

#[derive(Debug)]
struct Subscription {
    id: Box<str>,
    topic: Topic,
}

/// The stream or publication of a subscription.
#[derive(Debug)]
enum Topic {
    /// A publication that sends nothing. It is stored because it counts for the limit.
    Silent,
    /// An event of a stream, by its name.
    Event(Stream, Box<str>),
}

/// The result of an accepted subscription.
#[derive(Debug, PartialEq)]
pub(super) enum Taken {
    /// The subscription exists. The document, if there is one, must be sent first.
    Ready(Option<Value>),
    /// The subscription only changed another one, and has ended.
    Over,
}

impl Subscriptions {
    /// Adds a subscription, if it is allowed.
    pub(super) fn add(
        &mut self,
        caller: Option<&Caller>,
        id: &str,
        name: &str,
        params: &[Value],
    ) -> Result<Taken, Refusal> {
        let most = if caller.is_some() {
            MAX_SUBSCRIPTIONS
        } else {
            MAX_BEFORE_LOGIN
        };
        if Stream::is_silent(name) {
            self.put(most, id, Topic::Silent)?;
            return Ok(Taken::Ready(None));
        }
        let stream = Stream::named(name).ok_or_else(|| Refusal::Unknown(quoted(name)))?;
        let event = params.first().and_then(Value::as_str).unwrap_or_default();
        stream.check(caller, event)?;
        if stream == Stream::UserPresence {
            return self.watch(id, params.get(1));
        }
        self.put(most, id, Topic::Event(stream, event.into()))?;
        let with_collection = match params.get(1) {
            Some(Value::Bool(with)) => *with,
            Some(Value::Object(options)) => options.get("useCollection") == Some(&Value::Bool(true)),
            _ => false,
        };
        // Older clients ignore events of a document that they did not receive first.
        let document = || added(stream.name(), "id", &serde_json::json!({"eventName": event}));
        Ok(Taken::Ready(with_collection.then(document)))
    }

    /// Adds a subscription, or replaces the one with the same id, unless there are already `most`.
    fn put(&mut self, most: usize, id: &str, topic: Topic) -> Result<(), Refusal> {
        self.all.retain(|known| *known.id != *id);
        let taken = self.all.len() < most;
        if taken {
            self.all.push(Subscription { id: id.into(), topic });
        }
        self.look_again();
        if taken { Ok(()) } else { Err(Refusal::TooMany) }
    }

    /// Changes the watched users. The first subscription stays; later ones only change the list, and end at once.
    fn watch(&mut self, id: &str, list: Option<&Value>) -> Result<Taken, Refusal> {
        let ids = |name: &str| {
            let ids = list.and_then(|list| list.get(name)).and_then(Value::as_array);
            let ids = ids.into_iter().flatten().filter_map(Value::as_str);
            // Longer ids match no user.
            let ids = ids.filter(|id| id.len() <= MAX_ID_BYTES);
            ids.map(UserId::new).collect::<Vec<_>>()
        };
        for id in ids("removed") {
            self.watched.remove(&id);
        }
        let added = ids("added");
        if self.watched.len() + added.len() > WATCHED {
            return Err(Refusal::TooMany);
        }
        self.watched.extend(added);
        if self.watching.is_some() {
            return Ok(Taken::Over);
        }
        self.watching = Some(id.into());
        Ok(Taken::Ready(None))
    }

    /// Removes a subscription, if it exists.
    pub(super) fn remove(&mut self, id: &str) {
        if self.watching.as_deref() == Some(id) {
            self.watching = None;
            self.watched.clear();
        }
        self.all.retain(|known| *known.id != *id);
        self.look_again();
    }

    fn look_again(&mut self) {
        self.hears_everybody = self.hears(Stream::NotifyLogged, USER_STATUS);
    }

    /// Returns whether the socket listens to the presence of all users.
    pub(super) const fn hears_everybody(&self) -> bool {
        self.hears_everybody
    }

    /// Removes the subscriptions that require a login, and the newest of the others beyond the limit without a login.
    /// Returns the removed ids.
    pub(super) fn end_login(&mut self) -> Vec<Box<str>> {
        let mut left = 0;
        let ends = |known: &&Subscription| {
            let public = known.topic.is_public();
            left += usize::from(public);
            !public || left > MAX_BEFORE_LOGIN
        };
        let ended = self.all.iter().filter(ends).map(|known| known.id.clone());
        let mut ended: Vec<_> = ended.chain(self.watching.clone()).collect();
        ended.sort_unstable();
        for id in &ended {
            self.remove(id);
        }
        ended
    }

    /// Returns whether the socket listens to an event.
    pub(super) fn hears(&self, stream: Stream, event: &str) -> bool {
        self.all
            .iter()
            .any(|known| matches!(&known.topic, Topic::Event(of, name) if *of == stream && **name == *event))
    }

    /// Returns whether the socket watches any user.
    pub(super) fn watches_some(&self) -> bool {
        !self.watched.is_empty()
    }

    /// Returns whether the socket watches this user.
    pub(super) fn watches(&self, user: &UserId) -> bool {
        self.watched.contains(user)
    }
}

impl Topic {
    /// Returns whether it is allowed without a login.
    fn is_public(&self) -> bool {
        match self {
            Self::Silent => true,
            Self::Event(stream, event) => stream.check(None, event).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add(subscriptions: &mut Subscriptions, id: &str, name: &str, params: &Value) -> Result<Taken, Refusal> {
        let params = params.as_array().cloned().unwrap_or_default();
        subscriptions.add(None, id, name, &params)
    }

    #[test]
    fn what_needs_a_login_is_refused_without_one() {
        let mut subscriptions = Subscriptions::default();
        for name in ["stream-notify-logged", "stream-notify-user", "stream-roles"] {
            let refused = add(&mut subscriptions, "1", name, &json!(["x/y", false]));
            assert_eq!(refused, Err(Refusal::NotAllowed), "{name}");
        }
        let unknown = add(&mut subscriptions, "1", "stream-none", &json!([]));
        assert_eq!(unknown, Err(Refusal::Unknown("stream-none".into())));
        let nameless = add(&mut subscriptions, "1", "stream-notify-all", &json!([""]));
        assert_eq!(nameless, Err(Refusal::BadEvent));
    }

    #[test]
    fn older_clients_are_given_the_document_first() {
        let mut subscriptions = Subscriptions::default();
        for option in [json!(true), json!({"useCollection": true, "args": [null]})] {
            let taken = add(&mut subscriptions, "1", "stream-notify-all", &json!(["e", option]));
            let document = added("stream-notify-all", "id", &json!({"eventName": "e"}));
            assert_eq!(taken, Ok(Taken::Ready(Some(document))));
        }
        assert!(subscriptions.hears(Stream::NotifyAll, "e"));
        subscriptions.remove("1");
        assert!(!subscriptions.hears(Stream::NotifyAll, "e"));
    }

    #[test]
    fn users_are_watched_under_the_first_subscription() {
        let mut subscriptions = Subscriptions::default();
        let list = |added: &[&str], removed: &[&str]| json!({"added": added, "removed": removed});
        let first = subscriptions.watch("1", Some(&list(&["a", "b"], &[])));
        assert_eq!(first, Ok(Taken::Ready(None)));
        let second = subscriptions.watch("2", Some(&list(&["c"], &["a"])));
        assert_eq!(second, Ok(Taken::Over));
        let watched = ["a", "b", "c"].map(|id| subscriptions.watches(&UserId::new(id)));
        assert_eq!(watched, [false, true, true]);
        subscriptions.remove("2");
        assert!(subscriptions.watches(&UserId::new("c")));
        subscriptions.remove("1");
        assert!(!subscriptions.watches(&UserId::new("c")));
    }
}
