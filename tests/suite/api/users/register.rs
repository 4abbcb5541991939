//! Registering oneself.

use std::collections::HashMap;

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::errors::{coded, plain};
use crate::support::server::{PASSWORD, UNLIMITED, fix, open_registration};
use crate::support::{Socket, TestServer};

fn new(username: &str) -> Value {
    json!({"username": username, "email": format!("{username}@example.com"), "name": "Bob", "pass": PASSWORD})
}

fn with(mut body: Value, field: &str, value: &str) -> Value {
    body[field] = json!(value);
    body
}

async fn start(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| {
        fix(options, &[UNLIMITED, open_registration()]);
        fix(options, settings);
    })
    .await
}

fn text(id: SettingId, text: &str) -> (SettingId, SettingValue) {
    (id, SettingValue::Text(text.into()))
}

#[tokio::test]
async fn whoever_registers_is_answered_as_documented_and_logs_in_without_permissions() {
    let server = start(&[]).await;
    let answer = server.anonymous().post("users.register", &new("bob")).await.expect(200);
    let id = answer["user"]["_id"].clone();
    assert_eq!(
        answer,
        json!({
            "user": {
                "_id": id, "type": "user", "status": "offline", "active": true, "name": "Bob", "username": "bob",
                "utcOffset": 0,
            },
            "success": true,
        })
    );
    let bob = server.logged_in("bob").await;
    assert_eq!(bob.get("me").await.expect(200)["roles"], json!(["user"]));
}

#[tokio::test]
async fn every_refusal_is_in_the_words_of_the_reference() {
    let server = start(&[text(SettingId::AllowedDomains, "example.com, example.org")]).await;
    let anonymous = server.anonymous();
    let blocked = json!({"method": "checkUsernameAvailability", "field": "admin"});
    for (body, expected) in [
        (
            with(new("bob"), "name", "<b>"),
            plain("Name contains invalid characters"),
        ),
        (
            with(new("bob"), "username", "b b"),
            plain("The username provided is not valid"),
        ),
        (with(new("bob"), "username", "Ada"), plain("Username is already in use")),
        (
            with(new("bob"), "email", "ADA@example.com"),
            coded("Email already exists", "403", Value::Null),
        ),
        (
            with(new("bob"), "email", "bob@example.net"),
            json!({
                "success": false, "error": "[error-invalid-domain]", "errorType": "error-invalid-domain",
            }),
        ),
        (
            with(new("bob"), "email", "bob"),
            coded("Enter a valid email", "error-invalid-email", Value::Null),
        ),
        (
            with(new("bob"), "pass", " "),
            coded("Enter a valid password", "error-invalid-password", Value::Null),
        ),
        (
            with(new("bob"), "username", "admin"),
            coded("admin is blocked and can't be used!", "error-blocked-username", blocked),
        ),
    ] {
        assert_eq!(
            anonymous.post("users.register", &body).await.expect(400),
            expected,
            "{body}"
        );
    }
    let user = server.user().await;
    let refused = user.post("users.register", &new("bob")).await.expect(400);
    assert_eq!(refused, plain("Logged in users can not register again."));
}

#[tokio::test]
async fn the_form_may_be_closed_or_need_a_secret() {
    let closed = start(&[text(SettingId::RegistrationForm, "Disabled")]).await;
    let refused = closed.anonymous().post("users.register", &new("bob")).await.expect(400);
    let disabled = coded(
        "User registration is disabled",
        "error-user-registration-disabled",
        Value::Null,
    );
    assert_eq!(refused, disabled);

    let secret = start(&[
        text(SettingId::RegistrationForm, "Secret URL"),
        text(SettingId::RegistrationSecret, "tea"),
    ])
    .await;
    let words = "User registration is only allowed via Secret URL";
    let expected = coded(words, "error-user-registration-secret", Value::Null);
    for body in [
        new("bob"),
        with(new("bob"), "secret", "coffee"),
        with(new("bob"), "secret", ""),
    ] {
        assert_eq!(
            secret.anonymous().post("users.register", &body).await.expect(400),
            expected
        );
    }
    secret
        .anonymous()
        .post("users.register", &with(new("bob"), "secret", "tea"))
        .await
        .expect(200);

    // A form that needs a secret refuses every user while no secret is set.
    let unset = start(&[text(SettingId::RegistrationForm, "Secret URL")]).await;
    let body = with(new("bob"), "secret", "");
    assert_eq!(
        unset.anonymous().post("users.register", &body).await.expect(400),
        expected
    );
}

#[tokio::test]
async fn whoever_registers_may_have_to_be_approved() {
    let server = start(&[(SettingId::ManuallyApproveNewUsers, SettingValue::Flag(true))]).await;
    let answer = server
        .anonymous()
        .post("users.register", &with(new("bob"), "reason", "I am new"))
        .await;
    let id = answer.expect(200)["user"]["_id"].clone();
    let login = json!({"user": "bob", "password": PASSWORD});
    let refused = server.anonymous().post("login", &login).await.expect(401);
    assert_eq!(refused["error"], "error-user-is-not-activated");
    let admin = server.admin().await;
    let waiting = admin
        .get("users.listByStatus?inactiveReason[]=pending_approval")
        .await
        .expect(200);
    assert_eq!(
        (&waiting["total"], &waiting["users"][0]["username"]),
        (&json!(1), &json!("bob"))
    );
    let on = json!({"userId": id, "activeStatus": true});
    admin.post("users.setActiveStatus", &on).await.expect(200);
    server.anonymous().post("login", &login).await.expect(200);
}

#[tokio::test]
async fn nobody_becomes_the_first_administrator_by_registering() {
    let server = TestServer::empty().await;
    let refused = server.anonymous().post("users.register", &new("eve")).await.expect(400);
    assert_eq!(refused["errorType"], "error-user-registration-disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_who_want_one_username_and_address_one_gets_them() {
    let server = start(&[]).await;
    let mut racers = tokio::task::JoinSet::new();
    for number in 0..64 {
        let client = server.anonymous();
        racers.spawn(async move {
            // Three kinds of rivals: for both, for the name, for the address; in any case.
            let body = match number % 3 {
                0 => json!({"username": "Bob", "email": "bob@example.com", "pass": PASSWORD}),
                1 => json!({"username": "bOB", "email": format!("b{number}@example.com"), "pass": PASSWORD}),
                _ => json!({"username": format!("b{number}"), "email": "BOB@Example.com", "pass": PASSWORD}),
            };
            (number % 3, client.post("users.register", &body).await)
        });
    }
    let mut won: HashMap<i32, usize> = HashMap::new();
    while let Some(raced) = racers.join_next().await {
        let (kind, answer) = raced.expect("an answer");
        match answer.status {
            200 => *won.entry(kind).or_default() += 1,
            400 => {
                let error = answer.json()["error"].clone();
                assert!(
                    error == "Username is already in use" || error == "Email already exists [403]",
                    "{error}"
                );
            }
            _ => panic!("{answer:?}"),
        }
    }
    let admin = server.admin().await;
    let users = admin.get("users.list?count=0").await.expect(200);
    let users = users["users"].as_array().expect("users");
    let folded = |pointer: &str, wanted: &str| {
        let texts = users
            .iter()
            .filter_map(|user| user.pointer(pointer))
            .filter_map(Value::as_str);
        texts.filter(|text| text.to_lowercase() == wanted).count()
    };
    assert_eq!(folded("/username", "bob"), 1, "{users:?}");
    assert_eq!(folded("/emails/0/address", "bob@example.com"), 1, "{users:?}");
    // Either one took both, or two took one each.
    let both = won.get(&0).copied().unwrap_or_default();
    let parts = won.get(&1).copied().unwrap_or_default() + won.get(&2).copied().unwrap_or_default();
    assert!((both, parts) == (1, 0) || (both, parts) == (0, 2), "{won:?}");
}

#[tokio::test]
async fn the_method_registers_by_the_same_rules_and_the_same_rate() {
    let server = TestServer::start_with(|options| fix(options, &[open_registration()])).await;
    let mut socket = Socket::connected(server.address).await;
    let incomplete = json!([{"email": "bob@example.com", "pass": PASSWORD, "name": "Bob"}]);
    // What is no form is not counted.
    assert_eq!(socket.error("registerUser", incomplete).await["error"], 400);
    let id = socket.result("registerUser", json!([new("bob")])).await;
    let bob = server.logged_in("bob").await;
    assert_eq!(bob.id(), id);
    assert_eq!(bob.get("me").await.expect(200)["name"], "Bob");
    let refused = socket.error("registerUser", json!([new("cleo")])).await;
    assert_eq!(refused["error"], "error-too-many-requests");
    let message = json!({"msg": "method", "id": "1", "method": "registerUser", "params": [new("cleo")]}).to_string();
    let call = json!({"message": message});
    let over_http = server.anonymous().post("method.callAnon/registerUser", &call).await;
    assert!(
        over_http.expect(400)["message"]
            .to_string()
            .contains("error-too-many-requests")
    );
    server
        .anonymous()
        .post("users.register", &new("cleo"))
        .await
        .expect(429);
    // The other way round it is the same count.
    server.pass(60_000);
    server
        .anonymous()
        .post("users.register", &new("cleo"))
        .await
        .expect(200);
    let refused = socket.error("registerUser", json!([new("dora")])).await;
    assert_eq!(refused["error"], "error-too-many-requests");
    server.pass(60_000);
    let refused = socket.error("registerUser", json!([new("cleo")])).await;
    assert_eq!(refused["reason"], "Username is already in use", "{refused}");
    let mut own = Socket::of(&bob).await;
    let refused = own.error("registerUser", json!([new("dora")])).await;
    assert_eq!(refused["reason"], "Logged in users can not register again.");
}

#[tokio::test]
async fn the_method_registers_nobody_where_registration_is_off() {
    let server = TestServer::start().await;
    let mut socket = Socket::connected(server.address).await;
    let refused = socket.error("registerUser", json!([new("bob")])).await;
    assert_eq!(refused["error"], "error-user-registration-disabled");
}
