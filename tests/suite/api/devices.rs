//! Sessions and tokens of all users: listed and ended by administrators.

use serde_json::{Value, json};

use crate::support::server::{MINUTE, PASSWORD, create_user};
use crate::support::{Client, TestServer};

async fn listed(admin: &Client, query: &str) -> Value {
    admin.get(&format!("sessions/list.all?{query}")).await.expect(200)
}

fn users(body: &Value) -> Vec<String> {
    let sessions = body["sessions"].as_array().expect("a list").iter();
    let name = |session: &Value| session["_user"]["username"].as_str().expect("a name").to_owned();
    sessions.map(name).collect()
}

async fn personal_token(client: &Client, name: &str) -> Client {
    let new = json!({"tokenName": name});
    let body = client
        .post_proved("users.generatePersonalAccessToken", &new)
        .await
        .expect(200);
    client.with_login(client.id(), body["token"].as_str().expect("a token"))
}

#[tokio::test]
async fn an_administrator_lists_sessions_and_tokens_of_all_users_without_secrets() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    server.pass(MINUTE);
    let phone = personal_token(&ada, "phone").await;
    server.pass(MINUTE);
    let admin = server.admin().await;
    let all = listed(&admin, "").await;
    assert_eq!(users(&all), ["admin", "ada", "ada"], "the newest first: {all}");
    assert_eq!(
        (&all["total"], &all["count"], &all["offset"]),
        (&json!(3), &json!(3), &json!(0))
    );
    let session = all["sessions"][2].clone();
    let expected = json!({
        "_id": session["sessionId"], "sessionId": session["sessionId"], "userId": ada.id(),
        "_user": {"_id": ada.id(), "username": "ada", "name": "ada"},
        "loginAt": "2023-11-04T11:44:23.366Z", "ip": "127.0.0.1", "client": "", "type": "session",
        "lastUsedAt": session["lastUsedAt"], "expiresAt": "2024-02-02T11:44:23.366Z", "current": false,
    });
    assert_eq!(session, expected);
    assert_eq!(all["sessions"][0]["current"], true);
    let token = &all["sessions"][1];
    assert_eq!(
        (&token["type"], &token["name"]),
        (&json!("personalAccessToken"), &json!("phone"))
    );
    let last_part = &phone.token()[phone.token().len() - 6..];
    for secret in [ada.token(), phone.token(), admin.token(), last_part] {
        assert!(!all.to_string().contains(secret), "{all}");
    }
    for (query, found) in [
        ("type=session", 2),
        ("type=personalAccessToken", 1),
        (&format!("userId={}", ada.id()), 2),
        ("userId=nobody", 0),
        ("filter=PHO", 1),
        ("filter=127.0.0", 2),
        ("filter=nothing", 0),
    ] {
        let body = listed(&admin, query).await;
        assert_eq!(body["total"], found, "{query}: {body}");
    }
    admin.get("sessions/list.all?type=robot").await.expect(400);
    admin.get("sessions/list.all?sort=%7B%22ip%22%3A1%7D").await.expect(400);
}

#[tokio::test]
async fn the_list_is_paged_and_sorted() {
    let server = TestServer::start().await;
    for name in ["bob", "cleo"] {
        server.command(create_user(name)).await;
        server.logged_in(name).await;
        server.pass(1000);
    }
    let admin = server.admin().await;
    let by_name = "sort=%7B%22_user.username%22%3A1%7D";
    assert_eq!(users(&listed(&admin, by_name).await), ["admin", "bob", "cleo"]);
    let page = listed(&admin, &format!("{by_name}&offset=1&count=1")).await;
    assert_eq!((users(&page), &page["total"]), (vec!["bob".to_owned()], &json!(3)));
    assert_eq!(
        users(&listed(&admin, "sort=%7B%22loginAt%22%3A1%7D").await),
        ["bob", "cleo", "admin"]
    );
}

#[tokio::test]
async fn an_administrator_ends_one_session_or_token_of_another_user() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let phone = personal_token(&ada, "phone").await;
    let label = async |kind: &str| {
        let found = listed(&admin, &format!("type={kind}&userId={}", ada.id())).await;
        json!({"sessionId": found["sessions"][0]["sessionId"]})
    };
    let token = label("personalAccessToken").await;
    ada.get("sessions/list.all").await.expect(403);
    ada.post("sessions/logout", &token).await.expect(403);
    let ended = admin.post("sessions/logout", &token).await.expect(200);
    assert_eq!(ended, json!({"sessionId": token["sessionId"], "success": true}));
    phone.get("me").await.expect(401);
    ada.get("me").await.expect(200);
    let session = label("session").await;
    admin.post("sessions/logout", &session).await.expect(200);
    ada.get("me").await.expect(401);
    let gone = admin.post("sessions/logout", &session).await.expect(400);
    assert_eq!(gone["errorType"], "error-token-not-found");
    let log = admin.get("audit.list").await.expect(200).to_string();
    assert!(log.contains("1 tokens"), "{log}");
}

#[tokio::test]
async fn sessions_of_others_need_the_second_factor_and_authority() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    // After that time the password is asked for again.
    server.pass(31 * MINUTE);
    let refused = admin.get("sessions/list.all").await.expect(400);
    assert_eq!(refused["errorType"], "totp-required", "{refused}");
    let refused = admin
        .post("sessions/logout", &json!({"sessionId": "x"}))
        .await
        .expect(400);
    assert_eq!(refused["errorType"], "totp-required");
    // A helper who may log others out does not log administrators out.
    let ok = |answer: crate::support::Answer| assert_eq!(answer.status, 200, "{answer:?}");
    let role = admin
        .post_proved("roles.create", &json!({"name": "helper"}))
        .await
        .expect(200);
    let grant = json!({"permissions": [{"_id": "logout-other-user", "roles": ["admin", role["role"]["_id"]]}]});
    ok(admin.post_proved("permissions.update", &grant).await);
    server.command(create_user("hal")).await;
    ok(admin
        .post_proved("roles.addUserToRole", &json!({"roleName": "helper", "username": "hal"}))
        .await);
    let hal = server.anonymous().logged_in("hal", PASSWORD).await;
    let of_admin = hal
        .get(&format!("sessions/list.all?userId={}", admin.id()))
        .await
        .expect(200);
    let which = json!({"sessionId": of_admin["sessions"][0]["sessionId"]});
    let refused = hal.post("sessions/logout", &which).await.expect(403);
    assert_eq!(refused["errorType"], "error-action-not-allowed", "{refused}");
    admin.get("me").await.expect(200);
}
