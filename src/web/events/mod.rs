//! The stream of server-sent events about presence (`GET /events`, HTML Living Standard, §9.2). The board uses it, and
//! programs can use it instead of DDP.

mod encode;
mod registry;
mod stream;
mod subscriber;

use std::sync::Arc;

use tokio::task::yield_now;
use tracing::warn;
use warp::Reply;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::app::App;
use crate::auth::{Caller, random};
use crate::domain::scope::Need;
use crate::domain::{Fault, Scope, Timestamp};
use crate::hub::{Event, Missed};
use crate::intake;
use crate::ops::calls::{self, Rate};
use crate::ops::presence;
use crate::web::reply::Outcome;
use crate::web::session;
use crate::web::visit::Visit;
use encode::Change;
pub(super) use registry::Registry;
use stream::Stream;
use subscriber::{Begun, Subscriber};

/// The maximum number of changes in one round. Later changes wait for the next round.
const TOGETHER: usize = 512;

/// The number of streams that the server serves before it lets other tasks run.
const AT_ONCE: usize = 64;

/// The number of seconds after which a refused client may try again.
const RETRY_SECONDS: u32 = 10;

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// All streams of events. A clone is cheap and has the same streams.
#[derive(Clone)]
pub struct Streams {
    app: App,
    registry: Arc<Registry>,
    /// The random name of this run of the server, which is part of the ids of events.
    run: Arc<str>,
}

impl Streams {
    /// Returns an empty set of streams for an application.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            registry: Arc::new(Registry::new(&app)),
            run: format!("{:08x}", u32::from_be_bytes(random::bytes())).into(),
            app,
        }
    }

    /// Sends the events of the hub to all streams. Does not return while the server runs.
    pub async fn tell(&self) {
        let mut events = self.app.hub.subscribe();
        while let Some(first) = events.next().await {
            let mut round = Round::default();
            round.add(first, &self.run);
            while round.changes.len() < TOGETHER
                && let Some(next) = events.try_next()
            {
                round.add(next, &self.run);
            }
            self.send(&round).await;
        }
    }

    /// Ends all streams and refuses new ones.
    pub fn close(&self) {
        self.registry.close();
    }

    async fn send(&self, round: &Round) {
        if round.is_lost {
            warn!("events came faster than they could be sent: all streams end and begin again");
        }
        let subscribers = self.registry.subscribers();
        for (number, subscriber) in subscribers.values().enumerate() {
            subscriber.receive(&self.app, round);
            if number % AT_ONCE == AT_ONCE - 1 {
                yield_now().await;
            }
        }
    }
}

/// The events of one round, encoded once for all streams.
#[derive(Default)]
struct Round {
    changes: Vec<Change>,
    /// The other events: changes of users, tokens, roles, permissions and settings.
    others: Vec<Event>,
    /// `true` if the server lost events because it was too slow.
    is_lost: bool,
}

impl Round {
    fn add(&mut self, event: Result<Event, Missed>, run: &Arc<str>) {
        match event {
            Ok(Event::Presence(change)) => self.changes.extend(Change::of(change, run)),
            Ok(Event::CustomStatus(_)) => {}
            Ok(other) => self.others.push(other),
            Err(Missed) => self.is_lost = true,
        }
    }
}

/// Answers with a stream of the events that the caller may see.
pub(super) async fn open(visit: Visit) -> Outcome {
    let caller = caller(&visit)?;
    caller.admit(Need::Scope(Scope::PresenceRead), &[])?;
    let counted = calls::admit(
        &visit.app,
        || "GET events".to_owned(),
        Rate::Default,
        Some(&caller),
        visit.origin.address,
    );
    counted.map_err(|(fault, _)| fault)?;
    let is_here = visit.query.text("here") != "0" && caller.counts_as_present();
    let streams = visit.streams.clone();
    let seat = streams.registry.take_seat(&visit.app, &caller, visit.origin.address)?;
    let connection = if is_here {
        let connection = presence::connect(&visit.app, &caller).await;
        Some(connection.ok_or(Fault::NotLoggedIn)?)
    } else {
        None
    };
    let begun = Begun {
        after: last_event(&visit),
        connection,
    };
    let subscriber = Arc::new(Subscriber::begin(&visit.app, caller, seat.number(), begun));
    seat.register(&subscriber);
    // This check must come after the registration: before it, no event about the end of the token reached the stream.
    if !session::is_alive(&visit.app, subscriber.token()) {
        return Err(Fault::NotLoggedIn);
    }
    subscriber.greet(&visit.app, &streams.run);
    let body = Stream::new(visit.app.clone(), subscriber, seat);
    let mut answer = warp::reply::stream(body).into_response();
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without this header, a proxy may collect events before it sends them.
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(answer)
}

/// Returns the caller of a stream: from the header tokens if there are any, else from the cookie. A page of another
/// site cannot read a stream. It must not open one either, because a stream makes its user present.
fn caller(visit: &Visit) -> Result<Caller, Fault> {
    if visit.headers.contains_key("x-auth-token") {
        let caller = intake::caller(&visit.app, &visit.headers, &visit.origin);
        return caller.ok_or(Fault::NotLoggedIn);
    }
    session::check_fetch_site(&visit.headers)?;
    visit.caller().cloned()
}

/// Returns the time of the last event that the client has. A client sends it in a header, and a page that connects
/// again sends it in the address.
fn last_event(visit: &Visit) -> Option<Timestamp> {
    let header = header(&visit.headers, "last-event-id");
    let text = header.unwrap_or_else(|| visit.query.text("after"));
    let (run, millis) = text.split_once('.')?;
    let millis = millis.parse().ok().filter(|_| run == &*visit.streams.run);
    millis.map(Timestamp::from_millis)
}

fn header<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Stores that the user of a stream is idle, or that they are active again.
pub(super) fn set_away(visit: &Visit) -> Result<(), Fault> {
    let caller = visit.caller()?;
    let number = visit.form.text("stream").parse().ok();
    let subscriber = number.and_then(|number| visit.streams.registry.find(number));
    let own = subscriber.filter(|subscriber| *subscriber.token() == caller.token.hash);
    own.ok_or(Fault::EndpointNotFound)?
        .set_away(visit.form.text("away") == "1");
    Ok(())
}
