//! The stream of events: who may open it, which events it has, and when it ends.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::server::{PASSWORD, USER, create_user, fix};
use crate::support::visitor::token;
use crate::support::{Client, EventStream, TestServer, Visitor};

async fn set(client: &Client, status: &str, message: &str) {
    let body = json!({"status": status, "message": message});
    client.post("users.setStatus", &body).await.expect(200);
}

/// Returns a user's status as a viewer sees it.
async fn status_of(viewer: &Client, user: &Client) -> String {
    let answer = viewer
        .get(&format!("users.getStatus?userId={}", user.id()))
        .await
        .expect(200);
    answer["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn a_change_reaches_programs_and_pages() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let visitor = Visitor::signed_in(&server, "admin").await;
    let mut program = EventStream::of(&admin, "/events?here=0").await;
    let mut page = EventStream::of_page(&admin, &visitor, "/events?here=0").await;
    server.pass(1000);
    set(&ada, "busy", "deep work").await;
    for stream in [&mut program, &mut page] {
        assert_eq!(stream.next().await.expect("a beginning").event, "hello");
        let state = stream.next().await.expect("a state");
        assert_eq!((state.event.as_str(), &state.data), ("state", &json!({"users": []})));
        let sent = stream.next().await.expect("a change");
        assert_eq!(sent.event, "presence");
        let expected = json!({
            "_id": ada.id(), "username": "ada", "name": "ada", "status": "busy", "utcOffset": 0,
            "statusText": "deep work", "statusSource": "manual", "statusSince": "2023-11-04T11:44:24.366Z",
        });
        assert_eq!(sent.data, expected);
        assert!(sent.id.is_some());
    }
    let status = admin
        .get(&format!("users.getStatus?userId={}", ada.id()))
        .await
        .expect(200);
    assert_eq!(status["statusSince"], "2023-11-04T11:44:24.366Z");
}

#[tokio::test]
async fn a_stream_goes_on_behind_its_last_event_or_begins_with_everyone() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    server.command(create_user("grace")).await;
    let grace = server.logged_in("grace").await;
    let mut stream = EventStream::of(&admin, "/events?here=0").await;
    set(&ada, "busy", "one").await;
    let first = stream.event("presence").await;
    let id = first.id.expect("an id");
    drop(stream);
    server.pass(1000);
    set(&ada, "away", "two").await;
    set(&grace, "online", "three").await;
    let headers = [
        ("x-user-id", admin.id()),
        ("x-auth-token", admin.token()),
        ("last-event-id", &*id),
    ];
    let mut stream = EventStream::open(server.address, "/events?here=0", &headers)
        .await
        .expect("a stream");
    let mut told = Vec::new();
    for _ in 0..2 {
        let sent = stream.event("presence").await;
        told.push((sent.data["username"].clone(), sent.data["statusText"].clone()));
    }
    assert_eq!(told, [(json!("ada"), json!("two")), (json!("grace"), json!("three"))]);
    // A page that opens a new stream sends the last event in the address. The server does not remember changes that are
    // too old.
    let mut stream = EventStream::of(&admin, &format!("/events?here=0&after={id}")).await;
    assert_eq!(stream.event("presence").await.data["statusText"], "two");
    server.pass(11 * 60_000);
    set(&grace, "busy", "four").await;
    for after in [id.as_str(), "x", ""] {
        let mut stream = EventStream::of(&admin, &format!("/events?here=0&after={after}")).await;
        let state = stream.event("state").await;
        let users = state.data["users"].as_array().expect("users");
        assert_eq!(users.len(), 2, "{after}: {users:?}");
    }
}

#[tokio::test]
async fn a_hidden_user_sends_nothing_and_their_own_page_everything() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    server.command(create_user("grace")).await;
    let grace = server.logged_in("grace").await;
    ada.post("presence.setPrivacy", &json!({"hideFrom": {"users": ["grace"]}}))
        .await
        .expect(200);
    let mut of_grace = EventStream::of(&grace, "/events?here=0").await;
    let mut of_admin = EventStream::of(&admin, "/events?here=0").await;
    let mut own = EventStream::of(&ada, "/events?here=0").await;
    set(&ada, "busy", "secret").await;
    assert_eq!(of_admin.event("presence").await.data["statusText"], "secret");
    assert_eq!(own.event("presence").await.data["statusText"], "secret");
    set(&ada, "offline", "invisible").await;
    assert_eq!(of_admin.event("presence").await.data["status"], "offline");
    set(&admin, "away", "the next").await;
    assert_eq!(of_grace.event("presence").await.data["statusText"], "the next");
    let mut later = EventStream::of(&grace, "/events?here=0").await;
    let state = later.event("state").await;
    assert!(!state.data.to_string().contains("ada"), "{state:?}");

    // If a viewer sees the user again, they must not see that the status began before that moment.
    set(&ada, "busy", "shown").await;
    let began = of_admin.event("presence").await.data["statusSince"].clone();
    assert!(began.is_string());
    server.pass(60_000);
    ada.post("presence.setPrivacy", &json!({"hideFrom": {"users": []}}))
        .await
        .expect(200);
    let sent = of_grace.event("presence").await;
    let revealed = sent.data["statusSince"].as_str().expect("a time");
    assert_eq!(sent.data["statusText"], "shown");
    assert!(Some(revealed) > began.as_str(), "{revealed} {began}");
    server.pass(60_000);
    let path = format!("users.getStatus?userId={}", ada.id());
    assert_eq!(grace.get(&path).await.expect(200)["statusSince"], revealed);
    // For other viewers, nothing changed.
    assert_eq!(admin.get(&path).await.expect(200)["statusSince"], began);
}

#[tokio::test]
async fn a_stream_needs_a_login_with_the_scope_and_its_own_page() {
    let server = TestServer::start().await;
    let (ada, visitor) = (server.user().await, Visitor::signed_in(&server, USER).await);
    let open = async |headers: &[(&str, &str)]| EventStream::open(server.address, "/events", headers).await.err();
    assert_eq!(open(&[]).await, Some(401));
    assert_eq!(
        open(&[("x-user-id", ada.id()), ("x-auth-token", "wrong")]).await,
        Some(401)
    );
    let cookies = visitor.cookies();
    for site in ["cross-site", "same-site"] {
        assert_eq!(
            open(&[("cookie", &cookies), ("sec-fetch-site", site)]).await,
            Some(403),
            "{site}"
        );
    }
    assert_eq!(
        open(&[("cookie", &cookies), ("sec-fetch-site", "same-origin")]).await,
        None
    );
    for (scope, status) in [("presence:read", None), ("users:read", Some(403))] {
        let made = json!({"tokenName": scope, "scopes": [scope]});
        let made = ada
            .post_proved("users.generatePersonalAccessToken", &made)
            .await
            .expect(200);
        let token = made["token"].as_str().expect("a token");
        assert_eq!(
            open(&[("x-user-id", ada.id()), ("x-auth-token", token)]).await,
            status,
            "{scope}"
        );
    }
}

#[tokio::test]
async fn the_end_of_the_token_is_the_end_of_the_stream() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let ada = server.user().await;
    let mut page = EventStream::of_page(&ada, &visitor, "/events").await;
    page.event("state").await;
    assert_eq!(status_of(&server.admin().await, &ada).await, "online");
    visitor.submit_from("/", "/sign-out", &[]).await;
    page.event("end").await;
    assert_eq!(page.next().await, None);
    // A user who signs out is offline without a delay.
    assert_eq!(status_of(&server.admin().await, &ada).await, "offline");

    let mut program = EventStream::of(&ada, "/events?here=0").await;
    program.event("state").await;
    let new = json!({"data": {"currentPassword": crate::support::server::PASSWORD_DIGEST, "newPassword": "another correct horse"}});
    ada.post("users.updateOwnBasicInfo", &new).await.expect(200);
    program.event("end").await;
    assert_eq!(program.next().await, None);
    assert_ne!(PASSWORD, "another correct horse");
}

#[tokio::test]
async fn an_open_page_is_a_connection_if_its_user_wants_that() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let ada = server.user().await;
    let mut silent = EventStream::of_page(&ada, &visitor, "/events?here=0").await;
    silent.event("state").await;
    assert_eq!(status_of(&admin, &ada).await, "offline");
    let mut open = EventStream::of_page(&ada, &visitor, "/events").await;
    let hello = open.event("hello").await;
    assert_eq!(hello.data["idleAfter"], 300);
    assert_eq!(status_of(&admin, &ada).await, "online");
    assert_eq!(silent.event("presence").await.data["status"], "online");

    // The user is idle and then active again. Other users cannot report this.
    let form = token(&visitor.page("/").await);
    let stream = hello.data["stream"].as_str().expect("a number").to_owned();
    let idle = async |away: &str| {
        visitor
            .post(
                "/events/idle",
                &[("stream", &stream), ("away", away), ("form-token", &form)],
            )
            .await
            .status
    };
    assert_eq!(idle("1").await, 204);
    assert_eq!(status_of(&admin, &ada).await, "away");
    assert_eq!(idle("0").await, 204);
    assert_eq!(status_of(&admin, &ada).await, "online");
    let other = Visitor::signed_in(&server, "admin").await;
    let fields = [
        ("stream", &*stream),
        ("away", "1"),
        ("form-token", &*token(&other.page("/").await)),
    ];
    assert_eq!(other.post("/events/idle", &fields).await.status, 404);
    assert_eq!(status_of(&admin, &ada).await, "online");

    // If a page is loaded again, its user stays online. If it is closed, its user goes offline after the grace period.
    drop(open);
    let mut again = EventStream::of_page(&ada, &visitor, "/events").await;
    again.event("state").await;
    assert_eq!(status_of(&admin, &ada).await, "online");
    drop(again);
    silent.event("presence").await;
}

#[tokio::test]
async fn streams_are_bounded_and_end_with_the_server() {
    const MOST: usize = 32;
    let server = TestServer::start_with(|options| {
        let most = (SettingId::PresenceMaxConnectionsPerAddress, SettingValue::Number(40));
        fix(options, &[most]);
    })
    .await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut streams = Vec::new();
    for _ in 0..MOST {
        streams.push(EventStream::of(&ada, "/events?here=0").await);
    }
    let headers = [("x-user-id", ada.id()), ("x-auth-token", ada.token())];
    let surplus = EventStream::open(server.address, "/events?here=0", &headers).await;
    assert_eq!(surplus.err(), Some(429), "one more of the user");
    for _ in MOST..40 {
        streams.push(EventStream::of(&admin, "/events?here=0").await);
    }
    let headers = [("x-user-id", admin.id()), ("x-auth-token", admin.token())];
    let surplus = EventStream::open(server.address, "/events?here=0", &headers).await;
    assert_eq!(surplus.err(), Some(429), "one more of the address");
    drop(streams.pop());
    let mut last = loop {
        // The place becomes free when the server notices that the client has gone.
        if let Ok(stream) = EventStream::open(server.address, "/events?here=0", &headers).await {
            break stream;
        }
        tokio::task::yield_now().await;
    };
    last.event("state").await;
    server.stop().await;
    assert_eq!(last.next().await, None);
}

#[tokio::test]
async fn an_account_that_begins_or_ends_is_said() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut stream = EventStream::of(&admin, "/events?here=0").await;
    stream.event("state").await;
    server.command(create_user("grace")).await;
    let begun = stream.event("people").await.data["_id"].clone();
    let grace = server.logged_in("grace").await;
    assert_eq!(begun, grace.id());
    admin
        .post_proved("users.delete", &json!({"userId": grace.id()}))
        .await
        .expect(200);
    assert_eq!(stream.event("people").await.data["_id"], begun);
}

#[tokio::test]
async fn where_nobody_is_told_who_is_here_a_stream_tells_of_its_user_alone() {
    let silent = (SettingId::PresenceBroadcastDisabled, SettingValue::Flag(true));
    let server = TestServer::start_with(|options| fix(options, &[silent])).await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut stream = EventStream::of(&admin, "/events?here=0").await;
    set(&ada, "busy", "secret").await;
    set(&admin, "away", "own").await;
    assert_eq!(stream.event("presence").await.data["statusText"], "own");
}

#[tokio::test]
async fn after_a_restart_it_is_not_known_since_when_a_status_shows() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    set(&ada, "busy", "before").await;
    let server = TestServer::open(server.stop().await, |_| {}).await;
    let ada = server.anonymous().with_login(ada.id(), ada.token());
    let status = ada.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&status["message"], status.get("statusSince")),
        (&json!("before"), None)
    );
    set(&ada, "busy", "after").await;
    assert!(ada.get("users.getStatus").await.expect(200)["statusSince"].is_string());
}
