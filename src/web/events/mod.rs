//! The stream of server-sent events about presence (`GET /events`, HTML Living Standard, §9.2). The board uses it, and
//! programs can use it instead of DDP.

mod encode;
mod registry;
mod round;
mod stream;
mod streams;
mod subscriber;

use std::sync::Arc;

use warp::Reply;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::auth::Caller;
use crate::domain::scope::RequiredScope;
use crate::domain::{RequestError, Scope, Timestamp};
use crate::intake;
use crate::ops::calls::{self, CallRate};
use crate::ops::presence;
use crate::web::reply::PageOutcome;
use crate::web::session;
use crate::web::visit::Visit;
use stream::EventStream;
pub(crate) use streams::Streams;
use subscriber::{Begun, StreamSubscriber};

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with a stream of the events that the caller may see.
pub(super) async fn open(visit: Visit) -> PageOutcome {
    let caller = caller(&visit)?;
    caller.admit(RequiredScope::Scope(Scope::PresenceRead), &[])?;
    let counted = calls::admit(
        &visit.app,
        || "GET events".to_owned(),
        CallRate::Default,
        Some(&caller),
        visit.origin.address,
    );
    counted.map_err(|(error, _)| error)?;
    let is_here = visit.query.text("here") != "0" && caller.counts_as_present();
    let streams = visit.streams.clone();
    let seat = streams.registry.take_seat(&visit.app, &caller, visit.origin.address)?;
    let connection = if is_here {
        let connection = presence::connect(&visit.app, &caller).await;
        Some(connection.ok_or(RequestError::NotLoggedIn)?)
    } else {
        None
    };
    let begun = Begun {
        after: last_event(&visit),
        connection,
    };
    let subscriber = Arc::new(StreamSubscriber::begin(&visit.app, caller, seat.number(), begun));
    seat.register(&subscriber);
    // This check must come after the registration: before it, no event about the end of the token reached the stream.
    if !session::is_alive(&visit.app, subscriber.token()) {
        return Err(RequestError::NotLoggedIn);
    }
    subscriber.greet(&visit.app, &streams.run);
    let body = EventStream::new(visit.app.clone(), subscriber, seat);
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
fn caller(visit: &Visit) -> Result<Caller, RequestError> {
    if visit.head.headers.contains_key("x-auth-token") {
        let caller = intake::caller(&visit.app, &visit.head.headers, &visit.origin);
        return caller.ok_or(RequestError::NotLoggedIn);
    }
    session::check_fetch_site(&visit.head.headers)?;
    visit.caller().cloned()
}

/// Returns the time of the last event that the client has. A client sends it in a header, and a page that connects
/// again sends it in the address.
fn last_event(visit: &Visit) -> Option<Timestamp> {
    let header = header(&visit.head.headers, "last-event-id");
    let text = header.unwrap_or_else(|| visit.query.text("after"));
    let (run, millis) = text.split_once('.')?;
    let millis = millis.parse().ok().filter(|_| run == &*visit.streams.run);
    millis.map(Timestamp::from_millis)
}

fn header<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Stores that the user of a stream is idle, or that they are active again.
pub(super) fn set_away(visit: &Visit) -> Result<(), RequestError> {
    let caller = visit.caller()?;
    let number = visit.form.text("stream").parse().ok();
    let subscriber = number.and_then(|number| visit.streams.registry.find(number));
    let own = subscriber.filter(|subscriber| *subscriber.token() == caller.token.hash);
    own.ok_or(RequestError::EndpointNotFound)?
        .set_away(visit.form.text("away") == "1");
    Ok(())
}
