//! Boards for displays on a wall.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::attacks::administrators::give;
use crate::support::errors::schema;
use crate::support::files::files_with;
use crate::support::server::{MINUTE, UNLIMITED, create_user, fix};
use crate::support::store::problems_in;
use crate::support::{Client, TestServer};

const TEAMS: &str = r#"{"team": {"type": "text", "public": true}, "floor": {"type": "text"}}"#;

async fn start() -> TestServer {
    TestServer::start_with(|options| {
        let teams = (SettingId::CustomFields, SettingValue::Text(TEAMS.into()));
        fix(options, &[UNLIMITED, teams]);
    })
    .await
}

/// Creates a board, and returns it with the secret of its link.
async fn create(client: &Client, board: &Value) -> (Value, String) {
    let created = client.post_proved("boards.create", board).await.expect(200);
    let url = created["url"].as_str().expect("a link");
    let (page, secret) = url.rsplit_once('/').expect("a path");
    assert_eq!(page, format!("http://{}/board", client.address));
    (created["board"].clone(), secret.to_owned())
}

async fn view(server: &TestServer, secret: &str) -> Value {
    let shown = server.anonymous().post("boards.view", &json!({"token": secret})).await;
    shown.expect(200)
}

async fn refused(server: &TestServer, secret: &str) {
    let shown = server.anonymous().post("boards.view", &json!({"token": secret})).await;
    assert_eq!(shown.expect(403)["errorType"], "error-board-invalid");
}

fn names(shown: &Value) -> Vec<&str> {
    let people = shown["people"].as_array().expect("people").iter();
    people.map(|person| person["name"].as_str().expect("a name")).collect()
}

async fn set(client: &Client, body: Value) {
    client.post("users.setStatus", &body).await.expect(200);
}

async fn update(admin: &Client, client: &Client, data: Value) {
    let body = json!({"userId": client.id(), "data": data});
    admin.post("users.update", &body).await.expect(200);
}

#[tokio::test]
async fn a_board_shows_who_is_here_and_its_token_opens_nothing_else() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    update(&admin, &ada, json!({"name": "Ada Lovelace"})).await;
    let end = "2023-11-04T12:44:23.366Z";
    let busy = json!({"status": "busy", "message": "caught up", "emoji": "🎧", "expiresAt": end});
    set(&ada, busy).await;
    let (board, secret) = create(&admin, &json!({"name": "Entrance", "language": "de", "theme": "light"})).await;
    let id = board["_id"].clone();
    assert_eq!(
        board,
        json!({
            "_id": id, "name": "Entrance", "roles": [], "values": [], "texts": true, "fullNames": true,
            "language": "de", "theme": "light", "createdAt": "2023-11-04T11:44:23.366Z", "createdBy": "admin",
            "valid": true,
        })
    );
    let shown = view(&server, &secret).await;
    let admin_id = admin.id();
    assert_eq!(
        shown,
        json!({
            "siteName": "Rollcall", "name": "Entrance", "language": "de", "theme": "light", "total": 2,
            "people": [
                {
                    "_id": ada.id(), "name": "Ada Lovelace", "status": "busy", "statusText": "caught up",
                    "statusEmoji": "🎧", "statusExpiresAt": end, "statusSince": "2023-11-04T11:44:23.366Z",
                },
                {"_id": admin_id, "name": "admin", "status": "offline"},
            ],
            "success": true,
        })
    );
    let (_, statuses) = create(&admin, &json!({"name": "Street", "texts": false, "fullNames": false})).await;
    let shown = view(&server, &statuses).await;
    assert_eq!(
        shown["people"][0],
        json!({"_id": ada.id(), "name": "Ada", "status": "busy"})
    );

    for id in [admin.id(), ada.id()] {
        let client = admin.with_login(id, &secret);
        for endpoint in ["me", "users.list", "users.presence", "boards.list"] {
            client.get(endpoint).await.expect(401);
        }
        client.post("login", &json!({"resume": secret})).await.expect(401);
    }
    let noted = admin.get("audit.list?action=board-created").await.expect(200);
    let target = json!({"kind": "board", "id": id, "name": "Entrance"});
    let entries = noted["entries"].as_array().expect("entries");
    assert!(entries.iter().any(|entry| entry["target"] == target), "{entries:?}");
}

#[tokio::test]
async fn people_who_are_invisible_or_hide_look_offline() {
    let server = start().await;
    let admin = server.admin().await;
    for name in ["bob", "eve", "off"] {
        server.command(create_user(name)).await;
    }
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    set(&ada, json!({"status": "busy", "message": "in secret"})).await;
    set(&bob, json!({"status": "offline", "message": ""})).await;
    let hide = json!({"hideFrom": {"users": [server.logged_in("eve").await.id()]}});
    ada.post("presence.setPrivacy", &hide).await.expect(200);
    let (_, secret) = create(&admin, &json!({"name": "Entrance"})).await;
    let shown = view(&server, &secret).await;
    for person in shown["people"].as_array().expect("people") {
        let offline = json!({"_id": person["_id"], "name": person["name"], "status": "offline"});
        assert_eq!(*person, offline);
    }
    assert_eq!(names(&shown), ["ada", "admin", "bob", "eve", "off"]);
    let off = json!({"userId": server.logged_in("off").await.id(), "activeStatus": false});
    admin.post("users.setActiveStatus", &off).await.expect(200);
    assert_eq!(names(&view(&server, &secret).await), ["ada", "admin", "bob", "eve"]);
}

#[tokio::test]
async fn a_board_selects_by_roles_or_by_a_public_custom_field() {
    let server = start().await;
    let admin = server.admin().await;
    for name in ["bob", "eve"] {
        server.command(create_user(name)).await;
    }
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    update(&admin, &ada, json!({"customFields": {"team": "Design", "floor": "3"}})).await;
    update(&admin, &bob, json!({"customFields": {"team": "Support"}})).await;
    let by_team = json!({"name": "Kitchen", "field": "team", "values": ["Design", "Engineering"]});
    let (_, secret) = create(&admin, &by_team).await;
    assert_eq!(names(&view(&server, &secret).await), ["ada"]);
    update(&admin, &bob, json!({"customFields": {"team": "Engineering"}})).await;
    assert_eq!(names(&view(&server, &secret).await), ["ada", "bob"]);
    let (_, roles) = create(&admin, &json!({"name": "Office", "roles": ["admin"]})).await;
    assert_eq!(names(&view(&server, &roles).await), ["admin"]);

    let private = json!({"name": "Third floor", "field": "floor", "values": ["3"]});
    let words = "must be a custom field that the setting Accounts_CustomFields makes public";
    let answer = admin.post_proved("boards.create", &private).await;
    assert_eq!(answer.expect(400), schema(words, "field"));
    for wrong in [
        json!({"name": ""}),
        json!({"name": "x".repeat(121)}),
        json!({"name": "a\u{202e}b"}),
        json!({"name": "x", "roles": ["nonsense"]}),
        json!({"name": "x", "roles": ["user"], "field": "team", "values": ["Design"]}),
        json!({"name": "x", "field": "team"}),
        json!({"name": "x", "values": ["Design"]}),
        json!({"name": "x", "language": "de_DE"}),
        json!({"name": "x", "theme": "pink"}),
        json!({"name": "x", "roles": vec!["user"; 51]}),
    ] {
        admin.post_proved("boards.create", &wrong).await.expect(400);
    }
}

#[tokio::test]
async fn only_callers_with_the_permission_and_a_fresh_proof_create_boards() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let board = json!({"name": "Entrance"});
    let unproved = admin.post("boards.create", &board).await.expect(400);
    assert_eq!(unproved["errorType"], "totp-required");
    for answer in [
        ada.post_proved("boards.create", &board).await,
        ada.get("boards.list").await,
        ada.post_proved("boards.revoke", &json!({"_id": "x"})).await,
    ] {
        answer.expect(403);
    }
    give(&admin, "ada", &["manage-boards"]).await;
    create(&ada, &board).await;
    let by_role = json!({"name": "Office", "roles": ["admin"]});
    ada.post_proved("boards.create", &by_role).await.expect(403);
    let narrow = json!({"tokenName": "narrow", "scopes": ["admin"]});
    let token = admin
        .post_proved("users.generatePersonalAccessToken", &narrow)
        .await
        .expect(200);
    let narrow = admin.with_login(admin.id(), token["token"].as_str().expect("a token"));
    let refused = narrow.post_proved("boards.create", &board).await.expect(403);
    assert_eq!(refused["errorType"], "error-full-token-needed");
    narrow.get("boards.list").await.expect(200);
}

#[tokio::test]
async fn a_board_lives_until_it_is_revoked_or_its_creator_may_no_longer_create_it() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let role = give(&admin, "ada", &["manage-boards"]).await;
    let (_, hers) = create(&ada, &json!({"name": "Kitchen"})).await;
    let (board, secret) = create(&admin, &json!({"name": "Entrance"})).await;
    server.pass(400 * 24 * 60 * MINUTE);
    let folder = server.stop().await;
    for secret in [&hers, &secret] {
        let found = files_with(&folder.path().join("data"), secret.as_bytes());
        assert!(found.is_empty(), "the secret is stored");
    }
    let server = TestServer::open(folder, |options| fix(options, &[UNLIMITED])).await;
    view(&server, &secret).await;
    view(&server, &hers).await;
    let admin = server.admin().await;
    admin
        .post_proved("boards.revoke", &json!({"_id": board["_id"]}))
        .await
        .expect(200);
    refused(&server, &secret).await;
    let again = admin.post_proved("boards.revoke", &json!({"_id": board["_id"]})).await;
    assert_eq!(again.expect(400)["errorType"], "error-board-not-found");

    let take = json!({"roleId": role, "username": "ada"});
    admin.post("roles.removeUserFromRole", &take).await.expect(200);
    refused(&server, &hers).await;
    let listed = admin.get("boards.list").await.expect(200);
    assert_eq!(listed["boards"][0]["valid"], false);
    admin
        .post("users.delete", &json!({"userId": ada.id()}))
        .await
        .expect(200);
    assert_eq!(admin.get("boards.list").await.expect(200)["boards"], json!([]));
    let folder = server.stop().await;
    let problems = problems_in(&folder.path().join("data"));
    assert!(problems.is_empty(), "{problems:?}");
}

#[tokio::test]
async fn a_revoked_display_does_not_block_the_logins_of_its_address() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[UNLIMITED, (SettingId::BlockByAddressAttempts, SettingValue::Number(2))],
        );
    })
    .await;
    for _ in 0..5 {
        refused(&server, "revoked").await;
    }
    server.admin().await;
}

#[tokio::test]
async fn the_store_keeps_at_most_a_hundred_boards_and_a_board_shows_at_most_two_hundred_people() {
    let server = start().await;
    let admin = server.admin().await;
    for number in 0..210 {
        let username = format!("person{number:03}");
        let body = json!({
            "username": username, "name": format!("Person {number:03}"), "email": format!("{username}@example.com"),
            "setRandomPassword": true,
        });
        admin.post("users.create", &body).await.expect(200);
    }
    let (_, secret) = create(&admin, &json!({"name": "0"})).await;
    for number in 1..100 {
        create(&admin, &json!({"name": number.to_string()})).await;
    }
    let refused = admin.post_proved("boards.create", &json!({"name": "one more"})).await;
    assert_eq!(refused.expect(400)["errorType"], "error-too-many-links");
    let shown = view(&server, &secret).await;
    assert_eq!((names(&shown).len(), &shown["total"]), (200, &json!(212)));
}
