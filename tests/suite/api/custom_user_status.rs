//! The founding contract: every documented example, and what it leaves open.

use std::sync::Arc;

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;
use tokio::sync::Barrier;

use crate::support::TestServer;
use crate::support::errors::{invalid_name, invalid_type, required, schema, taken};
use crate::support::server::BEGINNING;
use crate::support::server::fix;

const CREATE: &str = "custom-user-status.create";
const UPDATE: &str = "custom-user-status.update";
const DELETE: &str = "custom-user-status.delete";

#[tokio::test]
async fn a_created_status_is_answered_byte_for_byte_as_documented() {
    let server = TestServer::start().await;
    let answer = server.admin().await.create_status("caught up", "busy").await;
    let body = answer.expect(200);
    let id = body["customUserStatus"]["_id"].as_str().expect("an id");
    assert!(
        id.len() == 24 && id.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
        "{id}"
    );
    assert_eq!(&id[..8], "65462e97", "the id begins with the seconds");
    let documented = format!(
        r#"{{"customUserStatus":{{"_id":"{id}","name":"caught up","statusType":"busy","_updatedAt":"2023-11-04T11:44:23.366Z"}},"success":true}}"#
    );
    assert_eq!(String::from_utf8_lossy(&answer.body), documented);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_missing_name_is_required() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for body in [
        json!({"statusType": "busy"}),
        json!({"name": "", "statusType": "busy"}),
        json!({"name": " \t\n", "statusType": "busy"}),
        json!({"name": null, "statusType": "busy"}),
        json!({}),
    ] {
        assert_eq!(admin.post(CREATE, &body).await.expect(400), required("Name"), "{body}");
    }
}

#[tokio::test]
async fn a_missing_status_type_is_required_unless_a_default_is_set() {
    let bodies = [json!({"name": "lunch"}), json!({"name": "lunch", "statusType": ""})];
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for body in &bodies {
        assert_eq!(
            admin.post(CREATE, body).await.expect(400),
            required("StatusType"),
            "{body}"
        );
    }

    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::DefaultStatusType, SettingValue::Text("away".into()))],
        );
    })
    .await;
    let created = server.admin().await.post(CREATE, &bodies[0]).await.expect(200);
    assert_eq!(created["customUserStatus"]["statusType"], "away");
}

#[tokio::test]
async fn a_taken_name_is_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_status("caught up", "busy").await.expect(200);
    for name in ["caught up", "  caught up ", "caught\u{20}up"] {
        assert_eq!(
            admin.create_status(name, "online").await.expect(400),
            taken(),
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_status_type_is_quoted_as_it_came() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for input in ["Offline", "BUSY", "invisible", " busy", "disabled"] {
        assert_eq!(
            admin.create_status("lunch", input).await.expect(400),
            invalid_type(input)
        );
    }
    for status_type in ["online", "busy", "away", "offline"] {
        admin
            .create_status(&format!("is {status_type}"), status_type)
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn without_a_live_token_nobody_is_logged_in() {
    let server = TestServer::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    let refused = json!({"status": "error", "message": "You must be logged in to do this."});
    let body = json!({"name": "lunch", "statusType": "away"}).to_string();
    let headers: [&[(&str, &str)]; 7] = [
        &[],
        &[("x-auth-token", admin.token())],
        &[("x-user-id", admin.id())],
        &[("x-user-id", user.id()), ("x-auth-token", admin.token())],
        &[("x-user-id", admin.id()), ("x-auth-token", "no such token")],
        &[("x-user-id", "nobody"), ("x-auth-token", admin.token())],
        &[("x-user-id", ""), ("x-auth-token", "")],
    ];
    for headers in headers {
        let path = "/api/v1/custom-user-status.create";
        let answer = server.anonymous().send("POST", path, headers, body.clone()).await;
        assert_eq!(answer.expect(401), refused, "{headers:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let keys = String::from_utf8_lossy(&server.anonymous().post(CREATE, &json!({})).await.body).into_owned();
    assert_eq!(
        keys,
        r#"{"status":"error","message":"You must be logged in to do this."}"#
    );
}

#[tokio::test]
async fn only_administrators_may_write() {
    let server = TestServer::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    let id = admin.create_status("lunch", "away").await.expect(200)["customUserStatus"]["_id"].clone();
    let refused = json!({"success": false, "error": "[not_authorized]", "errorType": "not_authorized"});
    for (endpoint, body) in [
        (CREATE, json!({"name": "tea", "statusType": "away"})),
        // The permission comes before the rules of the fields.
        (CREATE, json!({})),
        (UPDATE, json!({"_id": id, "name": "tea", "statusType": "away"})),
        (DELETE, json!({"customUserStatusId": id})),
    ] {
        assert_eq!(
            user.post(endpoint, &body).await.expect(400),
            refused,
            "{endpoint} {body}"
        );
    }
    assert_eq!(user.status_names().await, ["lunch"]);
}

#[tokio::test]
async fn the_checks_come_in_the_documented_order() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_status("lunch", "away").await.expect(200);
    let wrong_type = admin.create_status(" ", "Offline").await.expect(400);
    assert_eq!(wrong_type, required("Name"), "name required before status type");
    let characters = admin.create_status("<lunch>", "Offline").await.expect(400);
    assert_eq!(
        characters,
        invalid_name("<lunch>"),
        "name characters before status type"
    );
    let name = admin.create_status("lunch", "Offline").await.expect(400);
    assert_eq!(name, taken(), "name taken before status type");
    let missing = admin.post(CREATE, &json!({"name": "lunch"})).await.expect(400);
    assert_eq!(missing, taken(), "name taken before status type required");
}

#[tokio::test]
async fn names_are_trimmed_composed_and_compared_exactly() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let trimmed = admin.create_status(" \u{a0}tea time\t", "away").await.expect(200);
    assert_eq!(trimmed["customUserStatus"]["name"], "tea time");
    let composed = admin.create_status("cafe\u{301}", "away").await.expect(200);
    assert_eq!(composed["customUserStatus"]["name"], "caf\u{e9}");
    assert_eq!(admin.create_status("caf\u{e9}", "away").await.expect(400), taken());
    admin.create_status("Tea time", "away").await.expect(200);
    assert_eq!(admin.status_names().await, ["Tea time", "caf\u{e9}", "tea time"]);
}

#[tokio::test]
async fn forbidden_characters_control_characters_and_long_names_are_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for name in [
        "a>b",
        "a<b",
        "a&b",
        "a\"b",
        "a'b",
        "a\u{0}b",
        "a\nb",
        "a\u{7f}b",
        &"x".repeat(121),
    ] {
        assert_eq!(
            admin.create_status(name, "busy").await.expect(400),
            invalid_name(name),
            "{name:?}"
        );
    }
    admin.create_status(&"ü".repeat(120), "busy").await.expect(200);
}

#[tokio::test]
async fn fields_of_a_wrong_type_and_extra_fields_are_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (body, words, field) in [
        (json!({"name": 5, "statusType": "busy"}), "must be string", "name"),
        (json!({"name": ["a"], "statusType": "busy"}), "must be string", "name"),
        (
            json!({"name": {"$gt": ""}, "statusType": "busy"}),
            "must be string",
            "name",
        ),
        (json!({"name": "a", "statusType": true}), "must be string", "statusType"),
        (
            json!({"name": "a", "statusType": "busy", "_id": "1"}),
            "must NOT have additional properties",
            "_id",
        ),
    ] {
        assert_eq!(
            admin.post(CREATE, &body).await.expect(400),
            schema(words, field),
            "{body}"
        );
    }
    assert!(admin.status_names().await.is_empty());
}

#[tokio::test]
async fn a_form_creates_as_json_does() {
    let server = TestServer::start().await;
    let answer = server
        .admin()
        .await
        .post_form(CREATE, "name=caught+up&statusType=busy")
        .await;
    assert_eq!(answer.expect(200)["customUserStatus"]["name"], "caught up");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_clients_that_race_for_a_name_exactly_one_wins() {
    const CLIENTS: usize = 64;
    const NAMES: usize = 200;
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let start = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (admin, start) = (admin.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                let mut won = Vec::new();
                for number in 0..NAMES {
                    start.wait().await;
                    let name = format!("name {number:03}");
                    let answer = admin.create_status(&name, "busy").await;
                    match answer.status {
                        200 => won.push(name),
                        _ => assert_eq!(answer.expect(400), taken()),
                    }
                }
                won
            })
        })
        .collect();
    let mut winners = Vec::new();
    for client in clients {
        winners.extend(client.await.expect("the client ends"));
    }
    winners.sort();
    let names: Vec<_> = (0..NAMES).map(|number| format!("name {number:03}")).collect();
    assert_eq!(winners, names, "each name has exactly one winner");
    assert_eq!(admin.status_names().await, names);
}

#[tokio::test]
async fn two_statuses_of_one_second_have_two_ids() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let one = admin.create_status("one", "busy").await.expect(200);
    let two = admin.create_status("two", "busy").await.expect(200);
    let seconds = format!("{:08x}", BEGINNING / 1000);
    for body in [&one, &two] {
        let id = body["customUserStatus"]["_id"].as_str().expect("an id");
        assert!(id.starts_with(&seconds), "{id}");
    }
    assert_ne!(one["customUserStatus"]["_id"], two["customUserStatus"]["_id"]);
}
