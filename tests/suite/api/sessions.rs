//! The logins of a user: listed, ended one by one and together, and made for others.

use rollcall::auth::TokenSecret;
use serde_json::{Value, json};

use crate::support::errors::{coded, plain};
use crate::support::server::{MINUTE, PASSWORD};
use crate::support::{Client, TestServer};

async fn sessions(client: &Client) -> Vec<Value> {
    let body = client.get("sessions/list").await.expect(200);
    body["sessions"].as_array().expect("a list").clone()
}

async fn personal_token(client: &Client, body: &Value) -> Client {
    let body = client
        .post_proved("users.generatePersonalAccessToken", body)
        .await
        .expect(200);
    client.with_login(client.id(), body["token"].as_str().expect("a token"))
}

#[tokio::test]
async fn a_list_of_sessions_says_when_where_and_with_what() {
    let server = TestServer::start().await;
    let body = json!({"user": "ada", "password": PASSWORD}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("user-agent", "Rollcall test 1.0"),
    ];
    let answer = server.anonymous().send("POST", "/api/v1/login", &headers, body).await;
    let data = answer.expect(200)["data"].clone();
    let text = |field: &str| data[field].as_str().expect("a text").to_owned();
    let first = server.anonymous().with_login(&text("userId"), &text("authToken"));
    server.pass(2 * MINUTE);
    let second = server.user().await;
    personal_token(&second, &json!({"tokenName": "no session"})).await;
    let listed = sessions(&second).await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    let expected = json!({
        "sessionId": listed[0]["sessionId"],
        "createdAt": "2023-11-04T11:44:23.366Z",
        "lastUsedAt": "2023-11-04T11:44:23.366Z",
        "expiresAt": "2024-02-02T11:44:23.366Z",
        "address": "127.0.0.1",
        "client": "Rollcall test 1.0",
        "current": false,
    });
    assert_eq!(listed[0], expected);
    assert_eq!(listed[1]["current"], true);
    for secret in [first.token(), second.token()] {
        assert!(!json!(listed).to_string().contains(secret));
    }
}

#[tokio::test]
async fn the_last_use_of_a_session_is_kept_to_the_minute() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    server.pass(90 * 1000);
    ada.get("me").await.expect(200);
    // No call waits until a use is stored, so that the next answer may still be without it.
    let mut last = Value::Null;
    while last != "2023-11-04T11:45:53.366Z" {
        last = sessions(&ada).await[0]["lastUsedAt"].clone();
    }
}

#[tokio::test]
async fn one_session_is_ended_from_another_and_nobody_elses() {
    let server = TestServer::start().await;
    let (lost, ada, admin) = (server.user().await, server.user().await, server.admin().await);
    let listed = sessions(&ada).await;
    let id = listed
        .iter()
        .find(|session| session["current"] == false)
        .expect("the other");
    let body = json!({"sessionId": id["sessionId"]});
    let unknown = coded(
        &format!(
            "no live token has the label {}: sessions/list has the labels",
            id["sessionId"].as_str().expect("a text")
        ),
        "error-token-not-found",
        Value::Null,
    );
    assert_eq!(admin.post("sessions/logout.me", &body).await.expect(400), unknown);
    lost.get("me").await.expect(200);
    ada.post("sessions/logout.me", &body).await.expect(200);
    lost.get("me").await.expect(401);
    ada.get("me").await.expect(200);
    assert_eq!(ada.post("sessions/logout.me", &body).await.expect(400), unknown);
}

#[tokio::test]
async fn other_clients_are_logged_out_and_personal_tokens_stay() {
    let server = TestServer::start().await;
    for endpoint in ["users.logoutOtherClients", "users.removeOtherTokens"] {
        let (other, ada) = (server.user().await, server.user().await);
        let personal = personal_token(&ada, &json!({"tokenName": endpoint})).await;
        let body = ada.post(endpoint, &json!({})).await.expect(200);
        let expected = match endpoint {
            "users.logoutOtherClients" => {
                json!({"success": true, "token": ada.token(), "tokenExpires": "2024-02-02T11:44:23.366Z"})
            }
            _ => json!({"success": true}),
        };
        assert_eq!(body, expected);
        other.get("me").await.expect(401);
        ada.get("me").await.expect(200);
        personal.get("me").await.expect(200);
    }
}

#[tokio::test]
async fn users_logout_ends_everything_of_oneself_and_of_others_for_who_may() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let personal = personal_token(&ada, &json!({"tokenName": "phone"})).await;
    let other = json!({"userId": admin.id()});
    let refused = ada.post("users.logout", &other).await.expect(403);
    assert_eq!(refused["success"], false);
    admin.get("me").await.expect(200);
    let nobody = json!({"userId": "nobody"});
    assert_eq!(
        admin.post("users.logout", &nobody).await.expect(400),
        coded("Invalid user id", "error-invalid-user-id", Value::Null)
    );
    let body = admin
        .post("users.logout", &json!({"userId": ada.id()}))
        .await
        .expect(200);
    let message = format!("User {} has been logged out!", ada.id());
    assert_eq!(body, json!({"success": true, "message": message}));
    ada.get("me").await.expect(401);
    personal.get("me").await.expect(401);
    admin.post("users.logout", &json!({})).await.expect(200);
    admin.get("me").await.expect(401);
}

#[tokio::test]
async fn a_login_for_another_needs_the_secret_and_the_permission() {
    let server = TestServer::start_with(|options| {
        options.fixed.create_tokens_secret = Some(TokenSecret::presented("open sesame"));
    })
    .await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let refused = coded("Not authorized", "error-not-authorized", Value::Null);
    let asked = |id: &str, secret: &str| json!({"userId": id, "secret": secret});
    for (client, body) in [
        (&admin, asked(ada.id(), "open sesam")),
        (&admin, asked("nobody", "open sesame")),
        (&ada, asked(admin.id(), "open sesame")),
        (&ada, asked(ada.id(), "")),
    ] {
        assert_eq!(
            client.post_proved("users.createToken", &body).await.expect(400),
            refused
        );
    }
    for (client, id) in [(&admin, ada.id()), (&ada, ada.id())] {
        let body = client
            .post_proved("users.createToken", &asked(id, "open sesame"))
            .await
            .expect(200);
        assert_eq!(body["data"]["userId"], id);
        let token = body["data"]["authToken"].as_str().expect("a token");
        let made = server.anonymous().with_login(id, token);
        assert_eq!(made.get("me").await.expect(200)["username"], "ada");
    }
    let missing = ada.post_proved("users.createToken", &json!({"userId": ada.id()})).await;
    assert_eq!(
        missing.expect(400)["error"],
        "must have required property 'secret' [invalid-params]"
    );
}

#[tokio::test]
async fn without_a_configured_secret_nobody_makes_logins_for_others() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let body = json!({"userId": admin.id(), "secret": ""});
    let refused = coded("Not authorized", "error-not-authorized", Value::Null);
    assert_eq!(admin.post_proved("users.createToken", &body).await.expect(400), refused);
}

#[tokio::test]
async fn a_token_of_somebody_else_or_of_nobody_is_no_login() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let words = plain("You must be logged in to do this.")["error"].clone();
    for (id, token) in [(admin.id(), ada.token()), ("", ada.token()), (ada.id(), "")] {
        let body = server.anonymous().with_login(id, token).get("me").await.expect(401);
        assert_eq!(body["message"], words);
    }
}
