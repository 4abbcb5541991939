//! A narrow token stays narrow, and a second factor stays a second factor.

use rollcall::auth::TokenSecret;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::api::two_factor::app_code;
use crate::support::server::{BEGINNING, MINUTE, PASSWORD_DIGEST, fix};
use crate::support::{Answer, Client, Socket, TestServer};

/// A personal access token of the client, with all excuses that a token can have.
async fn token(client: &Client, name: &str, scopes: Option<Value>) -> Client {
    let mut wanted = json!({"tokenName": name, "bypassTwoFactor": true});
    if let Some(scopes) = scopes {
        wanted["scopes"] = scopes;
    }
    let made = client
        .post_proved("users.generatePersonalAccessToken", &wanted)
        .await
        .expect(200);
    client.with_login(client.id(), made["token"].as_str().expect("a token"))
}

/// Calls a method over HTTP and returns the code of its error.
async fn method_error(client: &Client, method: &str, params: Value) -> Value {
    let message = json!({"msg": "method", "id": "1", "method": method, "params": params}).to_string();
    let answer = client
        .post("method.call/x", &json!({"message": message}))
        .await
        .expect(400);
    let message: Value = serde_json::from_str(answer["message"].as_str().expect("a text")).expect("JSON");
    message["error"]["error"].clone()
}

/// The calls that change how the client's user logs in, without any proof.
async fn login_changes(client: &Client) -> Vec<(&'static str, Answer)> {
    let own = |data: Value| json!({"data": data});
    let update = |data: Value| json!({"userId": client.id(), "data": data});
    let calls = [
        ("users.updateOwnBasicInfo", own(json!({"newPassword": "Taken-over-1!"}))),
        ("users.updateOwnBasicInfo", own(json!({"email": "thief@example.org"}))),
        ("users.update", update(json!({"password": "Taken-over-1!"}))),
        ("users.update", update(json!({"email": "thief@example.org"}))),
        ("users.enableTotp", json!({})),
        ("users.resetTOTP", json!({})),
        ("users.generatePersonalAccessToken", json!({"tokenName": "thief"})),
        ("users.regeneratePersonalAccessToken", json!({"tokenName": "lamp"})),
        (
            "users.createToken",
            json!({"userId": client.id(), "secret": "open sesame"}),
        ),
    ];
    let mut answers = Vec::new();
    for (endpoint, body) in calls {
        answers.push((endpoint, client.post(endpoint, &body).await));
    }
    answers
}

#[tokio::test]
async fn no_token_with_scopes_changes_how_its_user_logs_in() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let all = json!([
        "status:read",
        "status:write",
        "presence:read",
        "users:read",
        "users:write",
        "admin"
    ]);
    let narrow = token(&admin, "script", Some(all)).await;
    for (endpoint, answer) in login_changes(&narrow).await {
        assert_eq!(answer.expect(403)["errorType"], "error-full-token-needed", "{endpoint}");
    }
    // Nor with the right password in its hands.
    let data = json!({"data": {"newPassword": "Taken-over-1!", "currentPassword": PASSWORD_DIGEST}});
    let refused = narrow.post_proved("users.updateOwnBasicInfo", &data).await.expect(403);
    assert_eq!(refused["errorType"], "error-full-token-needed");
    let profile = json!([{"newPassword": "Taken-over-1!", "typedPassword": PASSWORD_DIGEST}, {}]);
    let refused = method_error(&narrow, "saveUserProfile", profile).await;
    assert_eq!(refused, "error-full-token-needed");
    let link = json!({"username": "ada"});
    let refused = narrow
        .post_proved("users.createPasswordResetLink", &link)
        .await
        .expect(403);
    assert_eq!(refused["errorType"], "error-full-token-needed");
    // What the scope is for, it does.
    let bio = json!({"data": {"bio": "x"}});
    narrow.post("users.updateOwnBasicInfo", &bio).await.expect(200);
    server.admin().await;
}

#[tokio::test]
async fn nothing_excuses_the_proof() {
    let settings = [
        (SettingId::TwoFactorEnabled, SettingValue::Flag(false)),
        (SettingId::TwoFactorPasswordFallback, SettingValue::Flag(false)),
    ];
    for setting in [None, Some(settings[0].clone()), Some(settings[1].clone())] {
        let server = TestServer::start_with(|options| {
            fix(options, setting.as_slice());
            options.fixed.create_tokens_secret = Some(TokenSecret::presented("open sesame"));
        })
        .await;
        // Young, with a token that bypasses the second factor, and with a proof a moment ago.
        let ada = server.user().await;
        let bypassing = token(&ada, "lamp", None).await;
        for client in [&ada, &bypassing] {
            for (endpoint, answer) in login_changes(client).await {
                let refused = answer.expect(400);
                assert_eq!(refused["errorType"], "totp-required", "{endpoint}: {setting:?}");
                assert_eq!(refused["details"]["method"], "password", "{endpoint}");
            }
            let profile = json!([{"newPassword": "Taken-over-1!"}, {}]);
            assert_eq!(method_error(client, "saveUserProfile", profile).await, "totp-required");
        }
        server.user().await;
    }
}

#[tokio::test]
async fn a_wrong_current_password_is_refused_and_counts_as_a_failed_login() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let wrong = "0".repeat(64);
    // Also where nothing asks for it.
    for data in [json!({"bio": "x"}), json!({"newPassword": "another horse"})] {
        for _ in 0..5 {
            let mut data = data.clone();
            data["currentPassword"] = json!(wrong);
            let refused = ada.post("users.updateOwnBasicInfo", &json!({"data": data})).await;
            assert_eq!(refused.expect(400)["errorType"], "error-invalid-password");
        }
    }
    let right = json!({"data": {"newPassword": "another horse", "currentPassword": PASSWORD_DIGEST}});
    let blocked = ada.post("users.updateOwnBasicInfo", &right).await.expect(400);
    assert_eq!(blocked["errorType"], "error-invalid-password");
}

#[tokio::test]
async fn a_wrong_current_password_counts_by_every_road_and_whatever_excuses_the_second_factor() {
    let own = (SettingId::AllowDeleteOwnAccount, SettingValue::Flag(true));
    let off = (SettingId::TwoFactorEnabled, SettingValue::Flag(false));
    for settings in [&[own.clone()][..], &[own, off]] {
        let server = TestServer::start_with(|options| fix(options, settings)).await;
        let (admin, ada) = (server.admin().await, server.user().await);
        let bypassing = token(&ada, "lamp", None).await;
        let mut socket = Socket::of(&ada).await;
        let wrong = "0".repeat(64);
        let profile = json!([{"realname": "Ada King", "typedPassword": wrong}, {}]);
        let failed = async || admin.get("audit.list?action=login-failed").await.expect(200)["total"].clone();
        for (number, data) in (1..).zip([
            json!({"name": "Ada King"}),
            json!({"newPassword": "another horse"}),
            json!({"email": "ada@example.org"}),
        ]) {
            let mut data = data.clone();
            data["currentPassword"] = json!(wrong);
            // The code beside it is right, and the token needs none.
            let refused = bypassing
                .post_proved("users.updateOwnBasicInfo", &json!({"data": data}))
                .await;
            assert_eq!(refused.expect(400)["errorType"], "error-invalid-password", "{data}");
            assert_eq!(failed().await, number);
        }
        assert_eq!(
            method_error(&ada, "saveUserProfile", profile.clone()).await,
            "error-invalid-password"
        );
        assert_eq!(
            socket.error("saveUserProfile", profile).await["error"],
            "error-invalid-password"
        );
        let delete = ada.post("users.deleteOwnAccount", &json!({"password": wrong})).await;
        assert_eq!(delete.expect(400)["errorType"], "error-invalid-password");
        assert_eq!(failed().await, 6);
        assert_ne!(ada.get("me").await.expect(200)["name"], "Ada King");
    }
}

#[tokio::test]
async fn an_authenticator_is_not_taken_off_without_its_code() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let begun = ada.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let secret = begun["secret"].as_str().expect("a secret");
    let code = app_code(secret, BEGINNING);
    ada.post("users.validateTotp", &json!({"code": code})).await.expect(200);
    // The account is younger than the time for which a code is remembered; the password does not count.
    for answer in [
        ada.post("users.resetTOTP", &json!({})).await,
        ada.post_proved("users.resetTOTP", &json!({})).await,
        ada.post_proved("users.generatePersonalAccessToken", &json!({"tokenName": "thief"}))
            .await,
    ] {
        let refused = answer.expect(400);
        assert_eq!(
            (&refused["errorType"], &refused["details"]["method"]),
            (&json!("totp-required"), &json!("totp"))
        );
    }
    // The current password changes the password, and leaves the second factor as it is.
    server.pass(MINUTE);
    let data = json!({"data": {"email": "ada@example.org", "currentPassword": PASSWORD_DIGEST}});
    ada.post("users.updateOwnBasicInfo", &data).await.expect(200);
    let login = json!({"user": "ada", "password": crate::support::server::PASSWORD});
    server.anonymous().post("login", &login).await.expect(401);
    let code = app_code(secret, BEGINNING + MINUTE);
    let reset = ada.post_confirmed("users.resetTOTP", &json!({}), "totp", &code).await;
    reset.expect(200);
    server.anonymous().post("login", &login).await.expect(200);
}

#[tokio::test]
async fn a_login_with_a_narrow_token_shows_what_its_scopes_open() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let status = async || admin.get("users.getStatus?username=ada").await.expect(200)["status"].clone();
    let resume = |client: &Client| json!({"resume": client.token()});
    for (name, scopes) in [("none", json!([])), ("reader", json!(["status:read"]))] {
        let narrow = token(&ada, name, Some(scopes)).await;
        let begun = server.anonymous().post("login", &resume(&narrow)).await.expect(200);
        assert_eq!(begun["data"]["me"], json!({"_id": ada.id(), "username": "ada"}));
        let mut socket = Socket::connected(server.address).await;
        socket.resume(narrow.token()).await;
        let added = socket.find(|message| message["collection"] == "users").await;
        assert_eq!(added["fields"], json!({"username": "ada"}));
        assert_eq!(status().await, "offline", "{name}");
        let own = format!("{}/userData", ada.id());
        assert_eq!(
            socket.sub("stream-notify-user", json!([own, false])).await["msg"],
            "nosub"
        );
        // Changes of the user reach the socket no more than the record did.
        let rename = json!({"userId": ada.id(), "data": {"name": name}});
        admin.post("users.update", &rename).await.expect(200);
        ada.post("users.setStatus", &json!({"message": name})).await.expect(200);
        socket.ping().await;
        assert_eq!(socket.left_with_own(), Vec::<Value>::new());
        // It hears of its end at once.
        let named = json!({"tokenName": name});
        ada.post("users.removePersonalAccessToken", &named).await.expect(200);
        socket.find(|message| message["msg"] == "removed").await;
    }
    let writer = token(&ada, "writer", Some(json!(["status:write"]))).await;
    let socket = Socket::of(&writer).await;
    assert_eq!(status().await, "online");
    drop(socket);
    let reader = token(&ada, "profile", Some(json!(["users:read"]))).await;
    let begun = server.anonymous().post("login", &resume(&reader)).await.expect(200);
    assert_eq!(begun["data"]["me"]["emails"][0]["address"], "ada@example.com");
}
