//! What a user has to do first comes first: a new password, a second factor.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::api::two_factor::app_code;
use crate::support::server::{BEGINNING, MINUTE, PASSWORD, PASSWORD_DIGEST, fix};
use crate::support::{Client, Socket, TestServer};

/// Calls that a user without duties may make.
async fn refused_calls(client: &Client, code: &str) {
    for endpoint in [
        "users.list",
        "settings",
        "sessions/list",
        "users.presence",
        "permissions.listAll",
    ] {
        assert_eq!(client.get(endpoint).await.expect(403)["errorType"], code, "{endpoint}");
    }
    for (endpoint, body) in [
        ("users.setStatus", json!({"status": "busy"})),
        ("users.generatePersonalAccessToken", json!({"tokenName": "lamp"})),
        ("users.updateOwnBasicInfo", json!({"data": {"bio": "x"}})),
        ("users.update", json!({"userId": client.id(), "data": {"bio": "x"}})),
        ("users.logoutOtherClients", json!({})),
    ] {
        let refused = client.post_proved(endpoint, &body).await.expect(403);
        assert_eq!(refused["errorType"], code, "{endpoint}");
    }
    let message = json!({"msg": "method", "id": "1", "method": "setUserStatus", "params": ["busy"]}).to_string();
    for endpoint in ["method.call/x", "method.callAnon/x"] {
        let answer = client.post(endpoint, &json!({"message": message})).await.expect(400);
        let answer = answer["message"].as_str().expect("a text");
        assert!(answer.contains(code), "{endpoint}: {answer}");
    }
    client.get("me").await.expect(200);
    client.get("pw.getPolicy").await.expect(200);
}

/// A socket of such a user gets only events of its own user, and shows no user as online.
async fn bound_socket(client: &Client, others: &Client, code: &str) -> Socket {
    let mut socket = Socket::of(client).await;
    assert_eq!(socket.error("setUserStatus", json!(["busy"])).await["error"], code);
    for (stream, event) in [
        ("notify-logged", "user-status"),
        ("user-presence", ""),
        ("roles", "roles"),
    ] {
        let answer = socket
            .sub(&format!("stream-{stream}"), json!([event, {"added": []}]))
            .await;
        assert_eq!(answer["msg"], "nosub", "{stream}");
    }
    socket
        .listen("notify-user", &format!("{}/force_logout", client.id()))
        .await;
    let query = format!("users.getStatus?userId={}", client.id());
    assert_eq!(others.get(&query).await.expect(200)["status"], "offline");
    socket
}

#[tokio::test]
async fn a_password_that_has_to_be_changed_is_changed_before_anything_else() {
    let keep = (SettingId::KeepSessionOnPasswordChange, SettingValue::Flag(true));
    // A setting that keeps users from changing passwords does not lock the user out.
    let fixed = (SettingId::AllowPasswordChange, SettingValue::Flag(false));
    let server = TestServer::start_with(|options| fix(options, &[keep, fixed])).await;
    let (admin, before) = (server.admin().await, server.user().await);
    let named = json!({"tokenName": "lamp"});
    let lamp = before
        .post_proved("users.generatePersonalAccessToken", &named)
        .await
        .expect(200);
    let lamp = before.with_login(before.id(), lamp["token"].as_str().expect("a token"));
    let mut open = Socket::of(&before).await;
    open.listen("notify-logged", "user-status").await;

    let due = json!({"userId": before.id(), "data": {"requirePasswordChange": true}});
    admin.post("users.update", &due).await.expect(200);
    // The socket that was open is logged out, and may log in again.
    open.find(|message| message["msg"] == "removed" && message["collection"] == "users")
        .await;
    let ada = server.user().await;
    for client in [&before, &ada, &lamp] {
        refused_calls(client, "error-password-change-required").await;
    }
    let socket = bound_socket(&ada, &admin, "error-password-change-required").await;

    let data = json!({"data": {"newPassword": "another horse", "currentPassword": PASSWORD_DIGEST}});
    ada.post("users.updateOwnBasicInfo", &data).await.expect(200);
    // No token that was there while it was due outlives it.
    for client in [&before, &ada, &lamp] {
        client.get("me").await.expect(401);
    }
    drop(socket);
    let ada = server.anonymous().logged_in("ada", "another horse").await;
    ada.get("users.list").await.expect(200);
}

#[tokio::test]
async fn a_second_factor_that_a_role_requires_is_enabled_before_anything_else() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let role = admin.post("roles.create", &json!({"name": "vault"})).await.expect(200);
    let give = json!({"roleId": role["role"]["_id"], "username": "ada"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    let mut open = Socket::of(&ada).await;
    let mandatory = json!({"roleId": role["role"]["_id"], "name": "vault", "mandatory2fa": true});
    admin.post("roles.update", &mandatory).await.expect(200);
    open.find(|message| message["msg"] == "removed" && message["collection"] == "users")
        .await;
    refused_calls(&ada, "error-two-factor-required").await;
    let socket = bound_socket(&ada, &admin, "error-two-factor-required").await;

    // A stolen session does not enable one: that needs the password.
    ada.post("users.enableTotp", &json!({})).await.expect(400);
    let begun = ada.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let code = app_code(begun["secret"].as_str().expect("a secret"), BEGINNING);
    ada.post("users.validateTotp", &json!({"code": code})).await.expect(200);
    ada.get("me").await.expect(401);
    drop(socket);
    server.pass(MINUTE);
    let code = app_code(begun["secret"].as_str().expect("a secret"), BEGINNING + MINUTE);
    let login = json!({"user": "ada", "password": PASSWORD, "code": code});
    let begun: Value = server.anonymous().post("login", &login).await.expect(200);
    let ada = ada.with_login(ada.id(), begun["data"]["authToken"].as_str().expect("a token"));
    ada.get("users.list").await.expect(200);
}
