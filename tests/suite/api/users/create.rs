//! Creating users.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::errors::{action_not_allowed, coded, schema};
use crate::support::server::PASSWORD;

fn new(username: &str) -> Value {
    json!({
        "email": format!("{username}@example.com"), "name": "Somebody", "username": username, "password": PASSWORD,
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[tokio::test]
async fn a_created_user_is_answered_as_documented_and_logs_in() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let answer = admin.post("users.create", &new("bob")).await.expect(200);
    let user = &answer["user"];
    for (field, value) in [
        ("username", json!("bob")),
        ("name", json!("Somebody")),
        ("emails", json!([{"address": "bob@example.com", "verified": false}])),
        ("type", json!("user")),
        ("status", json!("offline")),
        ("active", json!(true)),
        ("roles", json!(["user"])),
        ("settings", json!({})),
    ] {
        assert_eq!(user[field], value, "{field} in {answer}");
    }
    assert_eq!(user["_id"].as_str().map(str::len), Some(17));
    assert_eq!(user["createdAt"], user["_updatedAt"]);
    assert_eq!(server.logged_in("bob").await.id(), user["_id"]);
}

#[tokio::test]
async fn all_that_clients_send_is_taken_and_kept() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    // What rocket-python sends.
    let mut body = new("bob");
    for (field, value) in [
        ("active", json!(true)),
        ("roles", json!(["user", "bot"])),
        ("joinDefaultChannels", json!(true)),
        ("requirePasswordChange", json!(true)),
        ("sendWelcomeEmail", json!(false)),
        ("verified", json!(true)),
        ("customFields", json!({"team": "engine"})),
        ("bio", json!("analyst")),
        ("nickname", json!("bobby")),
        ("statusText", json!(format!(" {} ", "x".repeat(130)))),
    ] {
        body[field] = value;
    }
    let user = admin.post("users.create", &body).await.expect(200)["user"].clone();
    assert_eq!(user["roles"], json!(["bot", "user"]));
    assert_eq!(user["emails"][0]["verified"], true);
    let me = server.logged_in("bob").await.get("me").await.expect(200);
    assert_eq!(me["requirePasswordChange"], true);
    assert_eq!(me["customFields"], json!({"team": "engine"}));
    assert_eq!(me["statusText"].as_str().map(str::len), Some(120));
    assert_eq!(
        (&me["bio"], &me["nickname"], &me["email"]),
        (&json!("analyst"), &json!("bobby"), &json!("bob@example.com"))
    );
}

#[tokio::test]
async fn an_inactive_user_cannot_log_in_and_a_random_password_is_nobodys() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin
        .post("users.create", &with(new("bob"), "active", json!(false)))
        .await
        .expect(200);
    admin
        .post("users.create", &with(new("eve"), "setRandomPassword", json!(true)))
        .await
        .expect(200);
    for (name, code) in [("bob", "error-user-is-not-activated"), ("eve", "Unauthorized")] {
        let login = json!({"user": name, "password": PASSWORD});
        assert_eq!(
            server.anonymous().post("login", &login).await.expect(401)["error"],
            code
        );
    }
}

#[tokio::test]
async fn every_refusal_is_in_the_words_of_the_reference() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let method = "insertOrUpdateUser";
    let required = |field: &str| {
        coded(
            &format!("The field {field} is required"),
            "error-the-field-is-required",
            json!({"method": method, "field": field}),
        )
    };
    let taken = |input: &str, field: &str| {
        let details = json!({"method": method, "field": field});
        coded(
            &format!("{input} is already in use :("),
            "error-field-unavailable",
            details,
        )
    };
    let identity = coded(
        "Could not save user identity",
        "error-could-not-save-identity",
        Value::Null,
    );
    for (body, expected) in [
        (with(new("bob"), "name", json!("  ")), required("Name")),
        (with(new("bob"), "username", json!("")), required("Username")),
        (with(new("bob"), "password", json!(" ")), required("Password")),
        (
            with(new("bob"), "username", json!("b b")),
            coded(
                "b b is not a valid username",
                "error-input-is-not-a-valid-field",
                json!({"method": method, "input": "b b", "field": "Username"}),
            ),
        ),
        (with(new("bob"), "username", json!("ADA")), identity.clone()),
        (
            with(new("bob"), "email", json!("ADA@example.com")),
            taken("ADA@example.com", "Email"),
        ),
        (
            with(new("bob"), "email", json!("nowhere")),
            coded("Enter a valid email", "error-invalid-email", Value::Null),
        ),
        (
            with(new("bob"), "roles", json!(["king"])),
            action_not_allowed("The field Roles consist invalid role id", "Assign_role"),
        ),
        (
            with(new("bob"), "name", json!("<b>")),
            json!({"success": false, "error": "Name contains invalid characters"}),
        ),
        (with(new("bob"), "username", json!("all")), identity.clone()),
        (with(new("bob"), "username", json!("Here")), identity.clone()),
        (with(new("bob"), "username", json!("system")), identity.clone()),
        (
            with(new("bob"), "bio", json!("x".repeat(261))),
            coded(
                "Bio size exceeds 260 characters",
                "error-bio-size-exceeded",
                Value::Null,
            ),
        ),
        (
            with(new("bob"), "nickname", json!("x".repeat(121))),
            coded(
                "Nickname size exceeds 120 characters",
                "error-nickname-size-exceeded",
                Value::Null,
            ),
        ),
        (
            json!({"name": "B", "username": "bob", "password": "x"}),
            schema("must have required property 'email'", "email"),
        ),
        (
            with(new("bob"), "admin", json!(true)),
            schema("must NOT have additional properties", "admin"),
        ),
        (
            with(new("bob"), "active", json!("yes")),
            schema("must be boolean", "active"),
        ),
        (
            with(new("bob"), "roles", json!([1])),
            schema("must be string", "roles.0"),
        ),
    ] {
        assert_eq!(admin.post("users.create", &body).await.expect(400), expected, "{body}");
    }
}

#[tokio::test]
async fn who_may_create_users_may_not_thereby_make_administrators() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let grants = json!({"permissions": [{"_id": "create-user", "roles": ["admin", "user"]}]});
    admin.post("permissions.update", &grants).await.expect(200);
    let ada = server.user().await;
    ada.post("users.create", &new("bob")).await.expect(200);
    assert_eq!(
        ada.post("users.create", &with(new("eve"), "roles", json!(["admin"])))
            .await
            .expect(400),
        action_not_allowed("Assigning admin is not allowed", "Assign_admin")
    );
    assert_eq!(
        ada.post("users.create", &with(new("eve"), "roles", json!(["bot"])))
            .await
            .expect(400),
        action_not_allowed("Assign roles is not allowed", "Assign_role")
    );
}
