//! Presence: lists, deltas, connections.

use rollcall::app::Clock;
use rollcall::clock::SetClock;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{BEGINNING, MINUTE, create_user, fix};
use crate::support::{Client, TestServer};

async fn set(client: &Client, status: &str, message: &str) {
    let body = json!({"status": status, "message": message});
    client.post("users.setStatus", &body).await.expect(200);
}

async fn presence(client: &Client, query: &str) -> Value {
    client.get(&format!("users.presence{query}")).await.expect(200)
}

/// Usernames and statuses of an answer.
fn shown(answer: &Value) -> Vec<(String, String)> {
    let text = |user: &Value, field: &str| user[field].as_str().expect("a text").to_owned();
    let users = answer["users"].as_array().expect("a list").iter();
    users
        .map(|user| (text(user, "username"), text(user, "status")))
        .collect()
}

fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, status)| ((*name).to_owned(), (*status).to_owned()))
        .collect()
}

async fn with_bob() -> (TestServer, Client, Client) {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    (server, ada, bob)
}

#[tokio::test]
async fn status_and_presence_tell_more_of_oneself_than_of_others() {
    let (_server, ada, bob) = with_bob().await;
    set(&ada, "busy", "in a call").await;
    let own = ada.get("users.getStatus").await.expect(200);
    let expected = json!({
        "_id": ada.id(), "connectionStatus": "offline", "status": "busy", "message": "in a call",
        "statusSource": "manual", "statusSince": "2023-11-04T11:44:23.366Z", "success": true,
    });
    assert_eq!(own, expected);
    for query in [
        format!("userId={}", ada.id()),
        "username=ada".to_owned(),
        "user=ADA".to_owned(),
    ] {
        let other = bob.get(&format!("users.getStatus?{query}")).await.expect(200);
        let mut expected = expected.clone();
        expected.as_object_mut().expect("an object").remove("connectionStatus");
        assert_eq!(other, expected, "{query}");
    }
    let own = ada.get("users.getPresence").await.expect(200);
    let at = "2023-11-04T11:44:23.366Z";
    let expected = json!({
        "presence": "busy", "connectionStatus": "offline", "lastLogin": at, "lastSeen": at, "success": true
    });
    assert_eq!(own, expected);
    let other = bob.get("users.getPresence?username=ada").await.expect(200);
    assert_eq!(other, json!({"presence": "busy", "lastSeen": at, "success": true}));
    let nobody = bob.get("users.getStatus?username=nobody").await.expect(400);
    assert_eq!(nobody["errorType"], "error-invalid-user");
}

#[tokio::test]
async fn everybody_who_is_not_offline_is_listed() {
    let (server, ada, bob) = with_bob().await;
    set(&ada, "busy", "in a call").await;
    set(&bob, "offline", "not to be seen").await;
    set(&server.admin().await, "away", "").await;
    let answer = presence(&bob, "").await;
    assert_eq!(answer["full"], true);
    let mut all = shown(&answer);
    all.sort();
    assert_eq!(all, of(&[("ada", "busy"), ("admin", "away")]));
    let users = answer["users"].as_array().expect("a list");
    let line = users.iter().find(|user| user["username"] == "ada").expect("ada");
    let expected = json!({
        "_id": ada.id(), "username": "ada", "name": "ada", "status": "busy", "utcOffset": 0, "statusText": "in a call",
        "statusSource": "manual",
    });
    assert_eq!(*line, expected);
}

#[tokio::test]
async fn ids_are_taken_in_all_their_forms() {
    let (_server, ada, bob) = with_bob().await;
    set(&ada, "busy", "").await;
    let (one, two) = (ada.id(), bob.id());
    for query in [
        format!("?ids={one},{two}"),
        format!("?ids={one}&ids={two}"),
        format!("?ids[]={one}&ids[]={two}"),
        format!("?ids={one},unknown,{two}&from=2020-01-01T00:00:00.000Z"),
    ] {
        let answer = presence(&bob, &query).await;
        assert_eq!(answer["full"], false, "{query}");
        assert_eq!(shown(&answer), of(&[("ada", "busy")]), "{query}");
    }
    set(&bob, "away", "").await;
    let answer = presence(&bob, &format!("?ids={two},{one}")).await;
    assert_eq!(shown(&answer), of(&[("bob", "away"), ("ada", "busy")]));
}

#[tokio::test]
async fn polling_from_the_last_answers_time_misses_nothing_and_repeats_nothing() {
    let (server, ada, bob) = with_bob().await;
    let mut at = presence(&bob, "").await["at"].clone();
    let mut ask = async || {
        let answer = presence(&bob, &format!("?from={}", at.as_str().expect("a moment"))).await;
        at = answer["at"].clone();
        (answer["full"].clone(), shown(&answer))
    };
    assert_eq!(ask().await, (json!(false), Vec::new()));
    // All of this in one and the same millisecond of the clock.
    set(&ada, "busy", "").await;
    assert_eq!(ask().await, (json!(false), of(&[("ada", "busy")])));
    assert_eq!(ask().await, (json!(false), Vec::new()));
    set(&ada, "away", "").await;
    set(&ada, "busy", "again").await;
    set(&bob, "busy", "one's own changes are not told").await;
    assert_eq!(ask().await, (json!(false), of(&[("ada", "busy")])));
    set(&ada, "busy", "again").await;
    assert_eq!(ask().await, (json!(false), Vec::new()), "a change of nothing");
    set(&ada, "online", "").await;
    assert_eq!(ask().await, (json!(false), of(&[("ada", "online")])));
    ada.post("status.end", &json!({})).await.expect(200);
    assert_eq!(ask().await, (json!(false), of(&[("ada", "offline")])));
    server.pass(MINUTE);
    assert_eq!(ask().await, (json!(false), Vec::new()));
    set(&ada, "busy", "").await;
    server.pass(10 * MINUTE);
    let (full, users) = ask().await;
    assert_eq!(full, true, "after ten minutes everybody is told");
    assert!(users.contains(&("ada".into(), "busy".into())));
}

#[tokio::test]
async fn a_restart_and_new_roles_have_everybody_told() {
    let (server, ada, bob) = with_bob().await;
    set(&ada, "busy", "").await;
    let at = presence(&bob, "").await["at"].clone();
    let from = format!("?from={}", at.as_str().expect("a moment"));
    assert_eq!(presence(&bob, &from).await["full"], false);
    let admin = server.admin().await;
    server.pass(1);
    let give = json!({"roleName": "bot", "username": "bob"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    assert_eq!(presence(&bob, &from).await["full"], true);
    let later = Clock::set_by(SetClock::at(BEGINNING + MINUTE));
    let server = TestServer::open(server.stop().await, |options| options.clock = later).await;
    let restarted = server.logged_in("bob").await;
    let answer = presence(&restarted, &from).await;
    assert_eq!(answer["full"], true);
    assert_eq!(shown(&answer), of(&[("ada", "busy")]));
}

#[tokio::test]
async fn a_moment_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let refused = server.user().await.get("users.presence?from=lately").await.expect(400);
    assert_eq!(refused["errorType"], "error-from-param-invalid");
}

#[tokio::test]
async fn where_broadcasts_are_off_nobody_is_told_until_somebody_turns_them_on() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    set(&ada, "busy", "").await;
    let off = json!({"value": true});
    admin
        .post("settings/Presence_broadcast_disabled", &off)
        .await
        .expect(200);
    let answer = presence(&admin, "").await;
    assert_eq!((&answer["users"], &answer["full"]), (&json!([]), &json!(true)));
    assert_eq!(
        presence(&admin, &format!("?ids={}", ada.id())).await["users"],
        json!([])
    );
    assert_eq!(
        admin.post("presence.enableBroadcast", &json!({})).await.expect(200),
        json!({"success": true})
    );
    assert_eq!(shown(&presence(&admin, "").await), of(&[("ada", "busy")]));
}

#[tokio::test]
async fn connections_are_counted_and_the_limit_is_told() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::PresenceMaxConnections, SettingValue::Number(500))],
        );
    })
    .await;
    let admin = server.admin().await;
    let body = admin.get("presence.getConnections").await.expect(200);
    assert_eq!(body, json!({"current": 0, "max": 500, "success": true}));
}

#[tokio::test]
async fn lists_of_users_show_who_is_busy() {
    let (_server, ada, bob) = with_bob().await;
    set(&ada, "busy", "in a call").await;
    let found = bob.get("users.info?username=ada").await.expect(200)["user"].clone();
    assert_eq!(
        (&found["status"], &found["statusText"]),
        (&json!("busy"), &json!("in a call"))
    );
    let list = bob.get("users.list").await.expect(200);
    assert_eq!(list["users"][0]["status"], "busy");
    let selector = "%7B%22term%22%3A%22ada%22%7D";
    let suggested = bob
        .get(&format!("users.autocomplete?selector={selector}"))
        .await
        .expect(200);
    assert_eq!(suggested["items"][0]["status"], "busy");
}
