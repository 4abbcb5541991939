//! Blocking those who guess passwords.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::errors::login_refused;
use crate::support::server::{MINUTE, PASSWORD, fix};

async fn log_in(server: &TestServer, user: &str, password: &str) -> (u16, Value) {
    let body = json!({"user": user, "password": password});
    let answer = server.anonymous().post("login", &body).await;
    (answer.status, answer.json()["error"].clone())
}

async fn fail(server: &TestServer, user: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(log_in(server, user, "wrong").await, (401, json!("Unauthorized")));
    }
}

fn blocked() -> (u16, Value) {
    (401, json!("error-login-blocked-for-user"))
}

#[tokio::test]
async fn ten_failures_block_a_user_for_five_minutes_even_with_the_right_password() {
    let server = behind_a_proxy(&[]).await;
    fail(&server, "ada", 9).await;
    // From another address: one that the user has logged in from is not blocked with the user.
    let elsewhere = log_in_from(&server, "198.51.100.7", "ada", PASSWORD).await;
    assert_eq!(elsewhere.0, 200, "a success forgives");
    fail(&server, "ada", 10).await;
    let answer = server
        .anonymous()
        .post("login", &json!({"user": "ada@example.com", "password": PASSWORD}))
        .await;
    let words = "Login has been temporarily blocked For User";
    assert_eq!(answer.expect(401), login_refused("error-login-blocked-for-user", words));
    assert_eq!(
        log_in(&server, "admin", PASSWORD).await.0,
        200,
        "others are not blocked"
    );
    server.pass(5 * MINUTE - 1);
    assert_eq!(log_in(&server, "ada", PASSWORD).await, blocked());
    server.pass(1);
    assert_eq!(log_in(&server, "ada", PASSWORD).await.0, 200);
}

#[tokio::test]
async fn an_attacker_cannot_make_a_block_longer() {
    let server = TestServer::start().await;
    fail(&server, "admin", 10).await;
    for _ in 0..4 {
        server.pass(MINUTE);
        assert_eq!(log_in(&server, "admin", "wrong").await, blocked());
    }
    server.pass(MINUTE);
    assert_eq!(log_in(&server, "admin", PASSWORD).await.0, 200);
}

#[tokio::test]
async fn a_restart_forgives_nothing() {
    let server = TestServer::start().await;
    fail(&server, "ada", 10).await;
    let server = TestServer::open(server.stop().await, |_| {}).await;
    assert_eq!(log_in(&server, "ada", PASSWORD).await, blocked());
    server.pass(5 * MINUTE);
    assert_eq!(log_in(&server, "ada", PASSWORD).await.0, 200);
}

/// A server that believes the test which address a call comes from.
async fn behind_a_proxy(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        fix(options, settings);
    })
    .await
}

async fn log_in_from(server: &TestServer, address: &str, user: &str, password: &str) -> (u16, Value) {
    let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
    let body = json!({"user": user, "password": password}).to_string();
    let answer = server.anonymous().send("POST", "/api/v1/login", &headers, body).await;
    (answer.status, answer.json()["error"].clone())
}

#[tokio::test]
async fn fifty_failures_block_an_address_whoever_is_tried() {
    let server = behind_a_proxy(&[]).await;
    for number in 0..50 {
        let user = format!("nobody{number}");
        let refused = log_in_from(&server, "198.51.100.7", &user, "wrong").await;
        assert_eq!(refused, (401, json!("Unauthorized")));
    }
    let blocked = (401, json!("error-login-blocked-for-ip"));
    assert_eq!(log_in_from(&server, "198.51.100.7", "ada", PASSWORD).await, blocked);
    assert_eq!(log_in_from(&server, "198.51.100.8", "ada", PASSWORD).await.0, 200);
    server.pass(5 * MINUTE);
    assert_eq!(log_in_from(&server, "198.51.100.7", "ada", PASSWORD).await.0, 200);
}

#[tokio::test]
async fn listed_networks_are_never_blocked() {
    let whitelist = SettingValue::Text("192.0.2.1, 198.51.100.0/24".into());
    let server = behind_a_proxy(&[
        (SettingId::BlockAddressWhitelist, whitelist),
        (SettingId::BlockByAddressAttempts, SettingValue::Number(2)),
    ])
    .await;
    for address in ["198.51.100.7", "192.0.2.1", "203.0.113.9"] {
        for number in 0..2 {
            log_in_from(&server, address, &format!("nobody{number}"), "wrong").await;
        }
    }
    for (address, status) in [("198.51.100.7", 200), ("192.0.2.1", 200), ("203.0.113.9", 401)] {
        let answer = log_in_from(&server, address, "ada", PASSWORD).await;
        assert_eq!(answer.0, status, "{address}");
    }
}

#[tokio::test]
async fn attempts_and_minutes_are_settings_and_each_block_can_be_switched_off() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let set = async |id: &str, value: Value| {
        let answer = admin.post(&format!("settings/{id}"), &json!({"value": value})).await;
        answer.expect(200);
    };
    set("Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", json!(2)).await;
    set(
        "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes",
        json!(1),
    )
    .await;
    fail(&server, "ada", 2).await;
    assert_eq!(log_in(&server, "ada", PASSWORD).await, blocked());
    server.pass(MINUTE);
    fail(&server, "ada", 2).await;
    set("Block_Multiple_Failed_Logins_By_User", json!(false)).await;
    assert_eq!(log_in(&server, "ada", PASSWORD).await.0, 200);
    set("Block_Multiple_Failed_Logins_By_User", json!(true)).await;
    set("Block_Multiple_Failed_Logins_Enabled", json!(false)).await;
    fail(&server, "ada", 3).await;
    assert_eq!(log_in(&server, "ada", PASSWORD).await.0, 200);
}
