//! Personal access tokens.

use serde_json::{Value, json};

use crate::support::errors::{coded, schema};
use crate::support::server::{DAY, MINUTE};
use crate::support::{Client, TestServer};

const GENERATE: &str = "users.generatePersonalAccessToken";
const REGENERATE: &str = "users.regeneratePersonalAccessToken";
const REMOVE: &str = "users.removePersonalAccessToken";

async fn make(client: &Client, endpoint: &str, body: &Value) -> Client {
    let body = client.post_proved(endpoint, body).await.expect(200);
    client.with_login(client.id(), body["token"].as_str().expect("a token"))
}

async fn listed(client: &Client) -> Vec<Value> {
    let body = client.get("users.getPersonalAccessTokens").await.expect(200);
    body["tokens"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_personal_token_is_used_like_a_session_and_listed_without_itself() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let token = make(&ada, GENERATE, &json!({"tokenName": "phone"})).await;
    assert_eq!(token.get("me").await.expect(200)["username"], "ada");
    let resumed = json!({"resume": token.token()});
    let resumed = server.anonymous().post("login", &resumed).await.expect(200);
    assert_eq!(resumed["data"]["userId"], ada.id());
    // No call waits until a use is stored.
    let mut all = listed(&ada).await;
    while all[0].get("lastUsedAt").is_none() {
        all = listed(&ada).await;
    }
    let last_part = &token.token()[token.token().len() - 6..];
    let expected = json!([{
        "name": "phone",
        "createdAt": "2023-11-04T11:44:23.366Z",
        "lastTokenPart": last_part,
        "bypassTwoFactor": false,
        "lastUsedAt": "2023-11-04T11:44:23.366Z",
    }]);
    assert_eq!(json!(all), expected);
}

#[tokio::test]
async fn a_token_made_anew_ends_the_one_before_and_a_removed_one_is_dead() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let wanted = json!({"tokenName": "phone", "bypassTwoFactor": true, "scopes": ["users:read", "status:read"]});
    let first = make(&ada, GENERATE, &wanted).await;
    let named = json!({"tokenName": "phone"});
    let second = make(&ada, REGENERATE, &named).await;
    first.get("me").await.expect(401);
    second.get("me").await.expect(200);
    let all = listed(&ada).await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (&all[0]["bypassTwoFactor"], &all[0]["scopes"]),
        (&json!(true), &json!(["status:read", "users:read"]))
    );
    assert_eq!(ada.post(REMOVE, &named).await.expect(200), json!({"success": true}));
    second.get("me").await.expect(401);
    assert_eq!(listed(&ada).await, Vec::<Value>::new());
}

#[tokio::test]
async fn names_are_unique_for_a_user_and_have_to_exist_to_be_changed() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let named = json!({"tokenName": "phone"});
    make(&ada, GENERATE, &named).await;
    make(&admin, GENERATE, &named).await;
    let taken = coded(
        "A token with this name already exists",
        "error-token-already-exists",
        Value::Null,
    );
    assert_eq!(ada.post_proved(GENERATE, &named).await.expect(400), taken);
    assert_eq!(
        ada.post_proved(GENERATE, &json!({"tokenName": " phone "}))
            .await
            .expect(400),
        taken
    );
    let unknown = coded("Token does not exist", "error-token-does-not-exists", Value::Null);
    for endpoint in [REGENERATE, REMOVE] {
        let body = json!({"tokenName": "tablet"});
        assert_eq!(
            ada.post_proved(endpoint, &body).await.expect(400),
            unknown,
            "{endpoint}"
        );
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused_with_the_reason() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let past = json!({"tokenName": "x", "expiresAt": "2023-11-04T11:44:23.366Z"});
    for (body, words, field) in [
        (json!({}), "must have required property 'tokenName'", "tokenName"),
        (json!({"tokenName": " "}), "must have 1 to 120 characters", "tokenName"),
        (
            json!({"tokenName": "x".repeat(121)}),
            "must have 1 to 120 characters",
            "tokenName",
        ),
        (past, "must be a future date", "expiresAt"),
        (
            json!({"tokenName": "x", "expiresAt": "soon"}),
            "must match format \"date-time\": a date, a time and an offset in ISO 8601, as 2026-11-27T13:00:00Z",
            "expiresAt",
        ),
        (
            json!({"tokenName": "x", "scopes": ["everything"]}),
            "must be equal to one of the allowed values",
            "scopes.0",
        ),
        (
            json!({"tokenName": "x", "bypassTwoFactor": "yes"}),
            "must be boolean",
            "bypassTwoFactor",
        ),
    ] {
        let answer = ada.post_proved(GENERATE, &body).await;
        assert_eq!(answer.expect(400), schema(words, field), "{body}");
    }
}

#[tokio::test]
async fn a_token_with_an_end_dies_then() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let wanted = json!({"tokenName": "phone", "expiresAt": "2023-11-05T11:44:23.366Z"});
    let token = make(&ada, GENERATE, &wanted).await;
    assert_eq!(listed(&ada).await[0]["expiresAt"], "2023-11-05T11:44:23.366Z");
    server.pass(DAY - 1);
    token.get("me").await.expect(200);
    server.pass(1);
    token.get("me").await.expect(401);
}

#[tokio::test]
async fn without_the_permission_there_are_no_personal_tokens() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    make(&ada, GENERATE, &json!({"tokenName": "phone"})).await;
    let nobody = json!({"permissions": [{"_id": "create-personal-access-tokens", "roles": ["admin"]}]});
    admin.post("permissions.update", &nobody).await.expect(200);
    for (endpoint, method) in [
        (GENERATE, "generateToken"),
        (REGENERATE, "regenerateToken"),
        (REMOVE, "removeToken"),
    ] {
        let details = json!({"method": format!("personalAccessTokens:{method}")});
        let refused = coded("Not Authorized", "not-authorized", details);
        let body = json!({"tokenName": "phone"});
        assert_eq!(
            ada.post_proved(endpoint, &body).await.expect(400),
            refused,
            "{endpoint}"
        );
    }
    ada.get("users.getPersonalAccessTokens").await.expect(403);
}

#[tokio::test]
async fn a_token_that_bypasses_the_second_factor_is_not_asked_for_it() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let bypassing = json!({"tokenName": "script", "bypassTwoFactor": true});
    let bypassing = make(&admin, GENERATE, &bypassing).await;
    let plain = make(&admin, GENERATE, &json!({"tokenName": "plain"})).await;
    // An account younger than the while for which a second factor counts is not asked at all.
    server.pass(31 * MINUTE);
    let value = json!({"value": "Harbour"});
    bypassing.post("settings/Site_Name", &value).await.expect(200);
    let refused = plain.post("settings/Site_Name", &value).await.expect(400);
    assert_eq!(refused["errorType"], "totp-required");
}
