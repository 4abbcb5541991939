//! Claims end in time, each with one event, over restarts too.

use std::sync::Arc;

use rollcall::app::{App, Clock, Overrides};
use rollcall::auth::Actor;
use rollcall::auth::password::Passwords;
use rollcall::clock::SetClock;
use rollcall::domain::{StatusText, StatusType, Timestamp, UserId};
use rollcall::hub::{Event, Events, PresenceChange};
use rollcall::ops::status::{self, NewStatus};
use rollcall::ops::{expiry, users};

use crate::support::server::{BEGINNING, MINUTE, new_folder, new_user};
use crate::support::store::open_store;

fn app(folder: &std::path::Path, clock: &Arc<SetClock>) -> App {
    let store = open_store(folder).expect("the store");
    App::new(
        store,
        Clock::set_by(Arc::clone(clock)),
        Passwords::default(),
        Overrides::default(),
    )
}

async fn user(app: &App, name: &str) -> UserId {
    let created = users::create(app, &Actor::Operator, new_user(name)).await;
    created.expect("a user").id.clone()
}

async fn busy(app: &App, id: &UserId, text: &str, minutes: i64) {
    let new = NewStatus {
        status: Some(StatusType::Busy),
        text: Some(StatusText::clean(text)),
        expires_at: Some(Timestamp::from_millis(BEGINNING + minutes * MINUTE)),
        ..NewStatus::default()
    };
    status::set(app, &Actor::Operator, id, new).await.expect("a status");
}

/// The next change of what shows, if there is one already.
fn told(events: &mut Events) -> Option<Arc<PresenceChange>> {
    loop {
        if let Event::Presence(change) = events.try_next()?.expect("nothing was missed") {
            return Some(change);
        }
    }
}

fn shows(app: &App, id: &UserId) -> String {
    let shown = app.hub.shown_of(id);
    shown.map_or_else(|| "nothing".to_owned(), |shown| shown.line.status_text.to_string())
}

#[tokio::test]
async fn each_end_is_told_once_in_its_order_and_only_after_it_is_durable() {
    let folder = new_folder();
    let clock = SetClock::at(BEGINNING);
    let app = app(folder.path(), &clock);
    let (ada, bob) = (user(&app, "ada").await, user(&app, "bob").await);
    busy(&app, &ada, "vacation", 30).await;
    busy(&app, &ada, "lunch", 20).await;
    busy(&app, &bob, "call", 10).await;
    let mut events = app.hub.subscribe();
    let timer = tokio::spawn({
        let app = app.clone();
        async move { expiry::end_in_time(&app).await }
    });
    for (minutes, user, after) in [(10, &bob, "nothing"), (20, &ada, "vacation"), (30, &ada, "nothing")] {
        clock.pass(BEGINNING + minutes * MINUTE - 1 - clock.now().as_millis());
        tokio::task::yield_now().await;
        assert!(told(&mut events).is_none(), "nothing is told before its time");
        clock.pass(1);
        let Some(Ok(Event::Presence(told))) = events.next().await else {
            panic!("another event");
        };
        assert_eq!(told.user, *user);
        assert_eq!(shows(&app, user), after);
        let snapshot = app.store.read();
        let showing = snapshot.user_status(user).and_then(|kept| kept.claims.showing());
        let stored = showing.map_or("nothing", |claim| claim.text.as_str());
        assert_eq!(stored, after, "what is told is durable");
    }
    assert!(told(&mut events).is_none(), "each is told once");
    timer.abort();
    app.store.close().await;
}

#[tokio::test]
async fn what_ended_while_nobody_was_there_is_settled_with_one_event_each() {
    let folder = new_folder();
    let clock = SetClock::at(BEGINNING);
    let first = app(folder.path(), &clock);
    let ids = [user(&first, "ada").await, user(&first, "bob").await];
    for id in &ids {
        busy(&first, id, "vacation", 60).await;
        busy(&first, id, "lunch", 20).await;
        busy(&first, id, "call", 10).await;
    }
    first.store.close().await;
    drop(first);
    clock.pass(30 * MINUTE);
    let second = app(folder.path(), &clock);
    let mut events = second.hub.subscribe();
    expiry::settle(&second).await.expect("settled");
    let mut told: Vec<_> = std::iter::from_fn(|| told(&mut events))
        .map(|change| change.user.clone())
        .collect();
    told.sort_unstable();
    let mut expected = ids.to_vec();
    expected.sort_unstable();
    assert_eq!(told, expected);
    for id in &ids {
        assert_eq!(shows(&second, id), "vacation");
    }
    second.store.close().await;
}

#[tokio::test]
async fn a_live_connection_counts_until_it_is_dropped() {
    let folder = new_folder();
    let app = app(folder.path(), &SetClock::at(BEGINNING));
    let id = user(&app, "ada").await;
    let ada = app.store.read().user(&id).cloned().expect("the user");
    let mut events = app.hub.subscribe();
    assert!(
        app.hub.connect(&id, StatusType::Online, || None).is_none(),
        "nobody is there whom nobody finds"
    );
    let one = app.hub.connect(&id, StatusType::Online, || Some((ada, None)));
    let one = one.expect("a connection");
    one.set_away(true);
    one.set_away(true);
    drop(one);
    assert_eq!(app.hub.connections(), 0);
    let told: Vec<_> = std::iter::from_fn(|| told(&mut events))
        .map(|change| change.after.as_ref().map(|shown| shown.line.status))
        .collect();
    assert_eq!(told, [Some(StatusType::Online), Some(StatusType::Away), None]);
    app.store.close().await;
}
