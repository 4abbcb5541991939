//! New passwords: who is logged out by them, which ones are taken, and links for who forgot theirs.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::errors::coded;
use crate::support::server::{DAY, PASSWORD, PASSWORD_DIGEST, fix, open_registration};
use crate::support::{Client, TestServer};

const NEW: &str = "another horse";

/// Sessions and personal access tokens of a user, all live.
async fn tokens_of_ada(server: &TestServer) -> Vec<Client> {
    let ada = server.user().await;
    let named = json!({"tokenName": "phone"});
    let personal = ada
        .post_proved("users.generatePersonalAccessToken", &named)
        .await
        .expect(200);
    let personal = ada.with_login(ada.id(), personal["token"].as_str().expect("a token"));
    let all = vec![ada, server.user().await, personal];
    for client in &all {
        client.get("me").await.expect(200);
    }
    all
}

async fn live(clients: &[Client]) -> Vec<bool> {
    let mut live = Vec::new();
    for client in clients {
        live.push(client.get("me").await.status == 200);
    }
    live
}

fn own_change() -> Value {
    json!({"data": {"newPassword": NEW, "currentPassword": PASSWORD_DIGEST}})
}

#[tokio::test]
async fn ones_own_new_password_ends_every_token_the_current_one_too() {
    let server = TestServer::start().await;
    let clients = tokens_of_ada(&server).await;
    clients[0]
        .post("users.updateOwnBasicInfo", &own_change())
        .await
        .expect(200);
    assert_eq!(live(&clients).await, [false; 3]);
    let old = json!({"user": "ada", "password": PASSWORD});
    server.anonymous().post("login", &old).await.expect(401);
    server.anonymous().logged_in("ada", NEW).await;
}

#[tokio::test]
async fn a_setting_spares_the_session_and_the_personal_tokens() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::KeepSessionOnPasswordChange, SettingValue::Flag(true))],
        );
    })
    .await;
    let clients = tokens_of_ada(&server).await;
    clients[0]
        .post("users.updateOwnBasicInfo", &own_change())
        .await
        .expect(200);
    assert_eq!(live(&clients).await, [true, false, true]);
    // Only the caller keeps a token.
    let admin = server.admin().await;
    let data = json!({"userId": clients[0].id(), "data": {"password": "a third horse"}});
    admin.post("users.update", &data).await.expect(200);
    assert_eq!(live(&clients).await, [false; 3]);
}

#[tokio::test]
async fn an_administrators_new_password_for_a_user_ends_every_token() {
    let server = TestServer::start().await;
    let clients = tokens_of_ada(&server).await;
    let admin = server.admin().await;
    let data = json!({"userId": clients[0].id(), "data": {"password": NEW}});
    admin.post("users.update", &data).await.expect(200);
    assert_eq!(live(&clients).await, [false; 3]);
    server.anonymous().logged_in("ada", NEW).await;
}

#[tokio::test]
async fn a_password_may_neither_stay_nor_come_back() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[
                (SettingId::PasswordHistoryEnabled, SettingValue::Flag(true)),
                (SettingId::PasswordHistoryAmount, SettingValue::Number(2)),
            ],
        );
    })
    .await;
    let set = async |now: &str, password: &str| {
        let ada = server.anonymous().logged_in("ada", now).await;
        let digest = hex(&Sha256::digest(now));
        let body = json!({"data": {"newPassword": password, "currentPassword": digest}});
        let answer = ada.post("users.updateOwnBasicInfo", &body).await;
        (answer.status, answer.json())
    };
    let none = Value::Null;
    let words = "Entered password same as current password";
    assert_eq!(
        set(PASSWORD, PASSWORD).await,
        (400, coded(words, "error-password-same-as-current", none.clone()))
    );
    assert_eq!(set(PASSWORD, "second horse").await.0, 200);
    let words = "Entered password has been previously used";
    assert_eq!(
        set("second horse", PASSWORD).await,
        (400, coded(words, "error-password-in-history", none))
    );
    assert_eq!(set("second horse", "third horse").await.0, 200);
    assert_eq!(set("third horse", "fourth horse").await.0, 200);
    assert_eq!(
        set("fourth horse", PASSWORD).await.0,
        200,
        "two are remembered, this was the third before"
    );
}

#[tokio::test]
async fn an_administrator_may_set_the_same_password_again() {
    let history = (SettingId::PasswordHistoryEnabled, SettingValue::Flag(true));
    let server = TestServer::start_with(|options| fix(options, &[history])).await;
    let (admin, id) = (server.admin().await, server.user().await.id().to_owned());
    for password in [PASSWORD, NEW, PASSWORD] {
        let body = json!({"userId": id, "data": {"password": password}});
        admin.post("users.update", &body).await.expect(200);
        server.anonymous().logged_in("ada", password).await;
    }
    // On their own account, the administrator is a user like others.
    let own = json!({"userId": admin.id(), "data": {"password": PASSWORD}});
    let refused = admin.post_proved("users.update", &own).await.expect(400);
    assert_eq!(refused["errorType"], "error-password-same-as-current");
}

#[tokio::test]
async fn nothing_is_done_about_forgotten_passwords_where_they_can_not_be_reset() {
    let off = (SettingId::AllowPasswordReset, SettingValue::Flag(false));
    let server = TestServer::start_with(|options| fix(options, &[off])).await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let answer = server
            .anonymous()
            .post("users.forgotPassword", &json!({"email": email}))
            .await;
        let refused = json!({"success": false, "error": "Password reset is not enabled"});
        assert_eq!(answer.expect(400), refused, "{email}");
    }
    let log = server.admin().await.get("audit.list?action=password-forgotten").await;
    assert_eq!(log.expect(200)["total"], 0);
}

#[tokio::test]
async fn the_policy_names_every_rule_that_is_broken() {
    let off = (SettingId::PasswordStrength, SettingValue::Number(0));
    let server = TestServer::start_with(|options| fix(options, &[off, open_registration()])).await;
    let admin = server.admin().await;
    let off = server.anonymous().get("pw.getPolicy").await.expect(200);
    assert_eq!(off, json!({"enabled": false, "policy": [], "success": true}));
    let on = json!({"value": true});
    admin
        .post("settings/Accounts_Password_Policy_Enabled", &on)
        .await
        .expect(200);
    let policy = server.anonymous().get("pw.getPolicy").await.expect(200);
    assert_eq!(
        policy["policy"],
        json!([
            ["get-password-policy-minLength", {"minLength": 7}],
            ["get-password-policy-forbidRepeatingCharacters"],
            ["get-password-policy-forbidRepeatingCharactersCount", {"forbidRepeatingCharactersCount": 3}],
            ["get-password-policy-mustContainAtLeastOneLowercase"],
            ["get-password-policy-mustContainAtLeastOneUppercase"],
            ["get-password-policy-mustContainAtLeastOneNumber"],
            ["get-password-policy-mustContainAtLeastOneSpecialCharacter"],
        ])
    );
    let ada = server.user().await;
    let weak = json!({"data": {"newPassword": "aaaa", "currentPassword": PASSWORD_DIGEST}});
    let refused = ada.post("users.updateOwnBasicInfo", &weak).await.expect(400);
    assert_eq!(
        (&refused["error"], &refused["errorType"]),
        (
            &json!("The password provided does not meet the server's password policy. [error-password-policy-not-met]"),
            &json!("error-password-policy-not-met"),
        )
    );
    let broken: Vec<_> = refused["details"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| rule["error"].clone())
        .collect();
    let suffixes = [
        "minLength",
        "repeatingCharacters",
        "oneUppercase",
        "oneNumber",
        "oneSpecial",
    ];
    assert_eq!(
        broken,
        suffixes.map(|suffix| json!(format!("error-password-policy-not-met-{suffix}")))
    );
    let new = json!({"email": "b@example.com", "name": "Bob", "username": "bob", "password": "aaaa"});
    assert_eq!(
        admin.post("users.create", &new).await.expect(400)["errorType"],
        "error-password-policy-not-met"
    );
    let own = json!({"username": "bob", "email": "b@example.com", "pass": "aaaa"});
    let refused = server.anonymous().post("users.register", &own).await.expect(400);
    assert_eq!(refused["errorType"], "error-password-policy-not-met");
}

#[tokio::test]
async fn who_forgot_a_password_is_answered_alike_whoever_they_are() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    for email in ["ada@example.com", "nobody@example.com", "nonsense", ""] {
        let answer = anonymous.post("users.forgotPassword", &json!({"email": email})).await;
        assert_eq!(answer.expect(200), json!({"success": true}), "{email}");
    }
    let admin = server.admin().await;
    let log = admin
        .get("audit.list?action=password-forgotten&target=ada")
        .await
        .expect(200);
    assert_eq!(
        (&log["total"], &log["entries"][0]["actor"]["kind"]),
        (&json!(1), &json!("anonymous"))
    );
}

#[tokio::test]
async fn a_link_sets_one_password_once_and_ends_every_token() {
    let server = TestServer::start().await;
    let clients = tokens_of_ada(&server).await;
    let admin = server.admin().await;
    let link = async || {
        let made = admin
            .post_proved("users.createPasswordResetLink", &json!({"username": "ada"}))
            .await
            .expect(200);
        let link = made["link"].as_str().expect("a link").to_owned();
        let prefix = format!("http://{}/reset-password#", server.address);
        link.strip_prefix(&prefix)
            .unwrap_or_else(|| panic!("{link} is here"))
            .to_owned()
    };
    let anonymous = server.anonymous();
    let reset = async |token: &str, password: &str| {
        anonymous
            .post("users.resetPassword", &json!({"token": token, "newPassword": password}))
            .await
    };
    let first = link().await;
    let second = link().await;
    let invalid = coded(
        "this link is not valid: it was used, is older than 24 hours, or a newer one was made; ask for another",
        "error-reset-link-invalid",
        Value::Null,
    );
    assert_eq!(reset(&first, NEW).await.expect(403), invalid, "a newer one was made");
    assert_eq!(
        reset(&second, " ").await.expect(400)["errorType"],
        "error-invalid-password"
    );
    assert_eq!(live(&clients).await, [true; 3]);
    reset(&second, NEW).await.expect(200);
    assert_eq!(live(&clients).await, [false; 3]);
    anonymous.logged_in("ada", NEW).await;
    assert_eq!(
        reset(&second, "a third horse").await.expect(403),
        invalid,
        "it was used"
    );

    let late = link().await;
    server.pass(DAY);
    assert_eq!(
        reset(&late, "a third horse").await.expect(403),
        invalid,
        "it is too old"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
