//! Exact answers that Rocket.Chat's own tests of its API look at.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::errors::{coded, schema};
use crate::support::server::{MINUTE, PASSWORD, PASSWORD_DIGEST, fix};

fn new(username: &str) -> Value {
    json!({"email": format!("{username}@example.com"), "name": "Somebody", "username": username, "password": PASSWORD})
}

fn identity() -> Value {
    coded(
        "Could not save user identity",
        "error-could-not-save-identity",
        Value::Null,
    )
}

#[tokio::test]
async fn a_reserved_or_taken_username_is_not_saved() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    for name in ["all", "HERE", "system", "administrator", "admin", "Admin"] {
        let created = admin.post("users.create", &new(name)).await;
        assert_eq!(created.expect(400), identity(), "{name}");
        let update = json!({"userId": ada.id(), "data": {"username": name}});
        assert_eq!(
            admin.post("users.update", &update).await.expect(400),
            identity(),
            "{name}"
        );
        let own = json!({"data": {"username": name}});
        let updated = ada.post("users.updateOwnBasicInfo", &own).await;
        assert_eq!(updated.expect(400), identity(), "{name}");
    }
    let mut taken = new("bob");
    taken["username"] = json!("ADA");
    assert_eq!(admin.post("users.create", &taken).await.expect(400), identity());
}

#[tokio::test]
async fn preferences_of_an_unknown_user_are_not_set() {
    let server = TestServer::start().await;
    let body = json!({"userId": "nobody", "data": {"idleTimeLimit": 60}});
    let words = "The optional \"userId\" param provided does not match any users";
    assert_eq!(
        server
            .admin()
            .await
            .post("users.setPreferences", &body)
            .await
            .expect(400),
        coded(words, "error-invalid-user", Value::Null)
    );
}

#[tokio::test]
async fn a_password_that_need_not_be_changed_is_not_mentioned() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut body = new("bob");
    body["requirePasswordChange"] = json!(false);
    let user = admin.post("users.create", &body).await.expect(200)["user"].clone();
    let update = json!({"userId": user["_id"], "data": {"requirePasswordChange": false}});
    let updated = admin.post("users.update", &update).await.expect(200);
    let bob = server.logged_in("bob").await;
    for seen in [
        &user,
        &updated["user"],
        &bob.get("me").await.expect(200),
        &bob.get("users.info?username=bob").await.expect(200)["user"],
    ] {
        assert_eq!(seen.get("requirePasswordChange"), None, "{seen}");
    }
    let update = json!({"userId": user["_id"], "data": {"requirePasswordChange": true}});
    let updated = admin.post("users.update", &update).await.expect(200);
    assert_eq!(updated["user"]["requirePasswordChange"], true);
}

#[tokio::test]
async fn a_random_password_needs_none_beside_it() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut body = new("bob");
    body.as_object_mut().expect("an object").remove("password");
    let missing = admin.post("users.create", &body).await.expect(400);
    assert_eq!(missing, schema("must have required property 'password'", "password"));
    body["setRandomPassword"] = json!(false);
    let missing = admin.post("users.create", &body).await.expect(400);
    assert_eq!(missing, schema("must have required property 'password'", "password"));
    body["setRandomPassword"] = json!(true);
    let id = admin.post("users.create", &body).await.expect(200)["user"]["_id"].clone();
    let login = json!({"user": "bob", "password": PASSWORD});
    server.anonymous().post("login", &login).await.expect(401);
    // The same where a user is changed.
    let update = |data: Value| json!({"userId": id, "data": data});
    let data = json!({"password": PASSWORD});
    admin.post("users.update", &update(data)).await.expect(200);
    server.logged_in("bob").await;
    let data = json!({"setRandomPassword": true});
    admin.post("users.update", &update(data)).await.expect(200);
    server.anonymous().post("login", &login).await.expect(401);
}

#[tokio::test]
async fn every_broken_rule_of_the_policy_has_its_words() {
    let settings = [
        (SettingId::PasswordStrength, SettingValue::Number(0)),
        (SettingId::PasswordPolicyEnabled, SettingValue::Flag(true)),
        (SettingId::PasswordMaxLength, SettingValue::Number(10)),
    ];
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (id, value) in settings {
        admin
            .post(&format!("settings/{id}"), &json!({"value": value}))
            .await
            .expect(200);
    }
    let lacks = |what: &str| {
        format!(
            "The password does not meet the requirement of at least one {what} which is against the password policy."
        )
    };
    let rule = |suffix: &str, message: &str| json!({"error": format!("error-password-policy-not-met-{suffix}"), "message": message});
    let min = rule(
        "minLength",
        "The password does not meet the minimum length password policy.",
    );
    let max = rule(
        "maxLength",
        "The password does not meet the maximum length password policy.",
    );
    let repeats = "The password contains repeating characters which is against the password policy.";
    let repeats = rule("repeatingCharacters", repeats);
    let lower = rule("oneLowercase", &lacks("lowercase character"));
    let upper = rule("oneUppercase", &lacks("uppercase character"));
    let number = rule("oneNumber", &lacks("numerical character"));
    let special = rule("oneSpecial", &lacks("special character"));
    for (password, broken) in [
        ("", None),
        ("aaaa", Some(json!([min, repeats, upper, number, special]))),
        ("AAAAAAAAAAA", Some(json!([max, repeats, lower, number, special]))),
        ("1234567 9", Some(json!([lower, upper, special]))),
    ] {
        let data = json!({"data": {"newPassword": password, "currentPassword": PASSWORD_DIGEST, "bio": "x"}});
        let answer = admin.post("users.updateOwnBasicInfo", &data).await;
        let Some(broken) = broken else {
            answer.expect(200);
            continue;
        };
        let words = "The password provided does not meet the server's password policy.";
        assert_eq!(
            answer.expect(400),
            coded(words, "error-password-policy-not-met", broken),
            "{password}"
        );
    }
}

#[tokio::test]
async fn minutes_of_a_block_may_be_a_fraction() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let set = async |id: &str, value: Value| {
        let path = format!("settings/Block_Multiple_Failed_Logins_{id}");
        admin.post(&path, &json!({"value": value})).await
    };
    let minutes = "Time_To_Unblock_By_User_In_Minutes";
    set("By_Ip", json!(false)).await.expect(200);
    set("Attempts_Until_Block_by_User", json!(1)).await.expect(200);
    set(minutes, json!(0.05)).await.expect(200);
    let path = format!("settings/Block_Multiple_Failed_Logins_{minutes}");
    assert_eq!(admin.get(&path).await.expect(200)["value"], json!(0.05));
    let log_in = async |password: &str| {
        let body = json!({"user": "ada", "password": password});
        server.anonymous().post("login", &body).await.json()["error"].clone()
    };
    assert_eq!(log_in("wrong").await, "Unauthorized");
    server.pass(MINUTE / 20 - 1);
    assert_eq!(log_in(PASSWORD).await, "error-login-blocked-for-user");
    server.pass(1);
    assert_eq!(log_in(PASSWORD).await, Value::Null);
    for value in [
        json!(0),
        json!(0.0001),
        json!(-1),
        json!(1440.5),
        json!("5"),
        json!(1e300),
    ] {
        let refused = set(minutes, value.clone()).await;
        assert_eq!(refused.status, 400, "{value}");
    }
    // It is there again after a restart.
    let server = TestServer::open(server.stop().await, |_| {}).await;
    assert_eq!(server.admin().await.get(&path).await.expect(200)["value"], json!(0.05));
}

#[tokio::test]
async fn pages_may_send_the_headers_of_a_second_factor() {
    let settings = [
        (SettingId::EnableCors, SettingValue::Flag(true)),
        (SettingId::CorsOrigin, SettingValue::Text("https://app.example".into())),
    ];
    let server = TestServer::start_with(|options| fix(options, &settings)).await;
    let headers = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-2fa-code,x-2fa-method"),
    ];
    let answer = server
        .anonymous()
        .send("OPTIONS", "/api/v1/users.update", &headers, "")
        .await;
    let allowed = answer.header("access-control-allow-headers").expect("a header");
    let allowed: Vec<_> = allowed.split(", ").collect();
    assert!(
        allowed.contains(&"x-2fa-code") && allowed.contains(&"x-2fa-method"),
        "{allowed:?}"
    );
    assert_eq!(answer.status, 200);
}
