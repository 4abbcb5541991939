//! Slowing down those who call too often.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{BEGINNING, MINUTE, fix, open_registration};
use crate::support::{Answer, Client, TestServer};

async fn limited(calls: i64) -> TestServer {
    TestServer::start_with(|options| {
        fix(
            options,
            &[
                (SettingId::RateLimiterCalls, SettingValue::Number(calls)),
                (SettingId::RateLimiterAnonymousCalls, SettingValue::Number(calls)),
            ],
        );
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await
}

fn headers(answer: &Answer) -> [Option<i64>; 3] {
    ["limit", "remaining", "reset"].map(|name| {
        let value = answer.header(&format!("x-ratelimit-{name}"));
        value.map(|value| value.parse().expect("a number"))
    })
}

#[tokio::test]
async fn calls_beyond_the_limit_are_refused_until_time_has_passed() {
    let server = limited(3).await;
    let ada = server.user().await;
    for (remaining, used) in [(2, 1), (1, 2), (0, 3)] {
        let answer = ada.get("me").await;
        answer.expect(200);
        let reset = BEGINNING + used * 20_000;
        assert_eq!(headers(&answer), [Some(3), Some(remaining), Some(reset)]);
    }
    let refused = ada.get("me").await;
    let words =
        "Error, too many requests. Please slow down. You must wait 20 seconds before trying this endpoint again.";
    let expected = json!({
        "success": false,
        "error": format!("{words} [error-too-many-requests]"),
        "errorType": "error-too-many-requests",
    });
    let mut body = refused.expect(429);
    body.as_object_mut().expect("an object").remove("details");
    assert_eq!(body, expected);
    assert_eq!(headers(&refused), [Some(3), Some(0), Some(BEGINNING + MINUTE)]);
    server.pass(20_000);
    ada.get("me").await.expect(200);
    ada.get("me").await.expect(429);
}

#[tokio::test]
async fn each_endpoint_each_user_and_each_address_has_a_count_of_its_own() {
    let server = limited(1).await;
    let ada = server.user().await;
    ada.get("me").await.expect(200);
    ada.get("me").await.expect(429);
    ada.get("users.getPreferences").await.expect(200);
    // An office shares an address, its users do not share a count.
    server.command(crate::support::server::create_user("bob")).await;
    server.logged_in("bob").await.get("me").await.expect(200);
    let from = async |address: &str| {
        let answer = server
            .anonymous()
            .send("GET", "/api/v1/settings.public", &[("x-forwarded-for", address)], "")
            .await;
        answer.status
    };
    assert_eq!(from("198.51.100.7").await, 200);
    assert_eq!(from("198.51.100.7").await, 429);
    assert_eq!(from("198.51.100.8").await, 200);
}

#[tokio::test]
async fn who_may_bypass_limits_is_neither_counted_nor_told() {
    let server = limited(1).await;
    let admin = server.admin().await;
    for _ in 0..3 {
        let answer = admin.get("me").await;
        answer.expect(200);
        assert_eq!(headers(&answer), [None; 3]);
    }
}

#[tokio::test]
async fn a_refused_call_changes_nothing() {
    let server = limited(1).await;
    let admin = server.admin().await;
    let grant = json!({"permissions": [{"_id": "manage-user-status", "roles": ["admin", "user"]}]});
    admin.post("permissions.update", &grant).await.expect(200);
    let ada = server.user().await;
    ada.create_status("caught up", "busy").await.expect(200);
    ada.create_status("one more", "busy").await.expect(429);
    assert_eq!(admin.status_names().await, ["caught up"]);
}

#[tokio::test]
async fn a_changed_limit_counts_from_the_next_call_on() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let set = async |id: &str, value: Value| {
        let answer = admin.post(&format!("settings/{id}"), &json!({"value": value})).await;
        answer.expect(200);
    };
    assert_eq!(headers(&ada.get("me").await)[0], Some(600));
    set("API_Enable_Rate_Limiter_Limit_Calls_Default", json!(1)).await;
    ada.get("me").await.expect(200);
    ada.get("me").await.expect(429);
    set("API_Enable_Rate_Limiter_Limit_Time_Default", json!(10_000)).await;
    ada.get("me").await.expect(200);
    ada.get("me").await.expect(429);
    server.pass(10_000);
    ada.get("me").await.expect(200);
    set("API_Enable_Rate_Limiter", json!(false)).await;
    for _ in 0..3 {
        assert_eq!(headers(&ada.get("me").await), [None; 3]);
    }
}

async fn register(client: &Client, username: &str) -> u16 {
    let body = json!({
        "username": username, "name": username, "email": format!("{username}@example.com"), "pass": "correct horse"
    });
    client.post("users.register", &body).await.status
}

#[tokio::test]
async fn an_address_registers_once_a_minute() {
    let server = TestServer::start_with(|options| fix(options, &[open_registration()])).await;
    let anonymous = server.anonymous();
    assert_eq!(register(&anonymous, "bea").await, 200);
    assert_eq!(register(&anonymous, "bob").await, 429);
    server.pass(MINUTE);
    assert_eq!(register(&anonymous, "bob").await, 200);
}
