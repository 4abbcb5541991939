//! Strangers who guess wrongly so that a user is locked out.

use rollcall::admin_socket::Command;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::server::{DAY, MINUTE, PASSWORD, PASSWORD_DIGEST, create_user, fix};
use crate::support::{Answer, Client, Socket, TestServer};

/// Failures that block a user, by default.
const LIMIT: usize = 10;

const HOME: &str = "198.51.100.1";
const STRANGER: &str = "203.0.113.9";
const ELSEWHERE: &str = "192.0.2.44";

/// A server that takes the address of a call from its `X-Forwarded-For`.
async fn server(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        fix(options, settings);
    })
    .await
}

async fn post_from(client: &Client, address: &str, endpoint: &str, body: &Value) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", address),
        ("x-2fa-method", "password"),
        ("x-2fa-code", PASSWORD_DIGEST),
    ];
    // A login takes the code of an authenticator from these headers.
    let sent = if client.login.is_some() {
        &headers[..]
    } else {
        &headers[..2]
    };
    client
        .send("POST", &format!("/api/v1/{endpoint}"), sent, body.to_string())
        .await
}

/// Logs in as ada, and returns the error if there is one.
async fn log_in(server: &TestServer, address: &str, password: &str) -> Value {
    let body = json!({"user": "ada", "password": password});
    post_from(&server.anonymous(), address, "login", &body).await.json()["error"].clone()
}

async fn session_from(server: &TestServer, address: &str) -> Client {
    let body = json!({"user": "ada", "password": PASSWORD});
    let data = post_from(&server.anonymous(), address, "login", &body)
        .await
        .expect(200)["data"]
        .clone();
    let text = |field: &str| data[field].as_str().expect("a text").to_owned();
    server.anonymous().with_login(&text("userId"), &text("authToken"))
}

async fn lock_out(server: &TestServer, address: &str) {
    for _ in 0..LIMIT {
        assert_eq!(log_in(server, address, "wrong").await, "Unauthorized");
    }
    assert_eq!(log_in(server, address, PASSWORD).await, "error-login-blocked-for-user");
}

#[tokio::test]
async fn a_device_that_logged_in_before_is_not_locked_out_by_strangers() {
    let server = server(&[]).await;
    let session = session_from(&server, HOME).await;
    lock_out(&server, STRANGER).await;
    assert_eq!(
        log_in(&server, ELSEWHERE, PASSWORD).await,
        "error-login-blocked-for-user"
    );
    for _ in 0..3 {
        assert_eq!(log_in(&server, HOME, PASSWORD).await, Value::Null);
        // The login does not give the stranger new tries.
        assert_eq!(log_in(&server, STRANGER, "wrong").await, "error-login-blocked-for-user");
    }
    assert_eq!(log_in(&server, HOME, "mistyped").await, "Unauthorized");
    assert_eq!(log_in(&server, HOME, PASSWORD).await, Value::Null);
    // A device whose logins have ended is as any other.
    post_from(&session, HOME, "users.logout", &json!({})).await.expect(200);
    assert_eq!(log_in(&server, HOME, PASSWORD).await, "error-login-blocked-for-user");
    server.pass(5 * MINUTE);
    assert_eq!(log_in(&server, ELSEWHERE, PASSWORD).await, Value::Null);
}

#[tokio::test]
async fn a_socket_from_a_known_device_logs_in_as_well() {
    let server = server(&[]).await;
    session_from(&server, HOME).await;
    lock_out(&server, STRANGER).await;
    let params = json!([{"user": {"username": "ada"}, "password": PASSWORD}]);
    let mut home = Socket::connected_with(server.address, &[("x-forwarded-for", HOME)]).await;
    let mut elsewhere = Socket::connected_with(server.address, &[("x-forwarded-for", ELSEWHERE)]).await;
    let refused = elsewhere.error("login", params.clone()).await;
    assert_eq!(refused["error"], "error-login-blocked-for-user");
    assert!(home.result("login", params).await["token"].is_string());
}

#[tokio::test]
async fn the_devices_of_an_ipv6_network_are_known_together() {
    let server = server(&[]).await;
    session_from(&server, "2001:db8:1:2::1").await;
    lock_out(&server, STRANGER).await;
    assert_eq!(log_in(&server, "2001:db8:1:2:ffff::9", PASSWORD).await, Value::Null);
    let other = log_in(&server, "2001:db8:1:3::1", PASSWORD).await;
    assert_eq!(other, "error-login-blocked-for-user");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_known_address_no_more_is_guessed_than_from_any_address() {
    let number = SettingValue::Number;
    let server = server(&[
        (SettingId::BlockByAddressAttempts, number(15)),
        (SettingId::WaitingPerUser, number(1000)),
    ])
    .await;
    session_from(&server, HOME).await;
    let mut guesses = JoinSet::new();
    for place in 0..60 {
        let client = server.anonymous();
        guesses.spawn(async move {
            let body = json!({"user": "ada", "password": format!("bad{place}")});
            post_from(&client, HOME, "login", &body).await.json()["error"].clone()
        });
    }
    let answers = guesses.join_all().await;
    let verified = answers.iter().filter(|error| **error == "Unauthorized").count();
    assert_eq!(verified, 15, "{answers:?}");
    assert_eq!(log_in(&server, HOME, PASSWORD).await, "error-login-blocked-for-ip");
}

#[tokio::test]
async fn an_address_that_nothing_else_bounds_is_blocked_with_the_user() {
    let listed = SettingValue::Text(HOME.into());
    for setting in [
        (SettingId::BlockAddressWhitelist, listed),
        (SettingId::BlockByAddress, SettingValue::Flag(false)),
    ] {
        let server = server(&[setting]).await;
        session_from(&server, HOME).await;
        lock_out(&server, HOME).await;
    }
}

#[tokio::test]
async fn strangers_do_not_keep_a_user_who_is_logged_in_from_proving_it() {
    let server = server(&[]).await;
    let session = session_from(&server, HOME).await;
    lock_out(&server, STRANGER).await;
    // Also from where the user never logged in.
    let named = json!({"tokenName": "phone"});
    let made = post_from(&session, ELSEWHERE, "users.generatePersonalAccessToken", &named).await;
    made.expect(200);
    let data = json!({"data": {"email": "a@example.com", "currentPassword": PASSWORD_DIGEST}});
    post_from(&session, ELSEWHERE, "users.updateOwnBasicInfo", &data)
        .await
        .expect(200);
    // Guesses with the session are counted by themselves, and block the logins of the user too.
    let data = json!({"data": {"bio": "x", "currentPassword": "0".repeat(64)}});
    for _ in 0..LIMIT {
        let refused = post_from(&session, ELSEWHERE, "users.updateOwnBasicInfo", &data).await;
        assert_eq!(refused.expect(400)["errorType"], "error-invalid-password");
    }
    let data = json!({"data": {"bio": "x", "currentPassword": PASSWORD_DIGEST}});
    let refused = post_from(&session, HOME, "users.updateOwnBasicInfo", &data).await;
    assert_eq!(refused.expect(400)["errorType"], "error-invalid-password");
    assert_eq!(log_in(&server, HOME, PASSWORD).await, "error-login-blocked-for-user");
}

#[tokio::test]
async fn an_administrator_and_whatever_sets_a_password_unlocks() {
    let server = server(&[]).await;
    let admin = server.admin().await;
    let id = admin.get("users.info?username=ada").await.expect(200)["user"]["_id"].clone();
    for body in [
        json!({"userId": id}),
        json!({"username": "ada"}),
        json!({"user": "ADA"}),
    ] {
        lock_out(&server, STRANGER).await;
        let done = admin.post("users.unlock", &body).await.expect(200);
        assert_eq!(done, json!({"success": true}));
        assert_eq!(log_in(&server, ELSEWHERE, PASSWORD).await, Value::Null);
        server.pass(5 * MINUTE);
    }
    let log = admin
        .get("audit.list?action=user-unlocked&target=ada")
        .await
        .expect(200);
    assert_eq!(
        (&log["total"], &log["entries"][0]["actor"]["name"]),
        (&json!(3), &json!("admin"))
    );

    lock_out(&server, STRANGER).await;
    server.command(Command::UnlockUser { user: "ada".into() }).await;
    assert_eq!(log_in(&server, ELSEWHERE, PASSWORD).await, Value::Null);

    server.pass(5 * MINUTE);
    lock_out(&server, STRANGER).await;
    let update = json!({"userId": id, "data": {"password": PASSWORD}});
    admin.post_proved("users.update", &update).await.expect(200);
    assert_eq!(log_in(&server, ELSEWHERE, PASSWORD).await, Value::Null);

    server.pass(5 * MINUTE);
    lock_out(&server, STRANGER).await;
    let user = "ada".into();
    server
        .command(Command::SetPassword {
            user,
            password: PASSWORD.into(),
        })
        .await;
    assert_eq!(log_in(&server, ELSEWHERE, PASSWORD).await, Value::Null);

    server.pass(5 * MINUTE);
    lock_out(&server, STRANGER).await;
    let link = admin
        .post_proved("users.createPasswordResetLink", &json!({"username": "ada"}))
        .await;
    let link = link.expect(200)["link"].as_str().expect("a link").to_owned();
    let token = link.split('#').next_back().expect("a token");
    let reset = json!({"token": token, "newPassword": "another horse"});
    post_from(&server.anonymous(), ELSEWHERE, "users.resetPassword", &reset)
        .await
        .expect(200);
    assert_eq!(log_in(&server, ELSEWHERE, "another horse").await, Value::Null);
}

#[tokio::test]
async fn unlocking_gives_nobody_new_guesses_at_their_own_account() {
    let server = server(&[]).await;
    let admin = server.admin().await;
    let own = admin.post("users.unlock", &json!({"userId": admin.id()})).await;
    assert_eq!(own.expect(400)["errorType"], "error-action-not-allowed");
    let refused = server
        .user()
        .await
        .post("users.unlock", &json!({"username": "admin"}))
        .await;
    assert_eq!(
        refused.expect(403)["error"],
        "User does not have the permissions required for this action [error-unauthorized]"
    );
    for (body, code) in [
        (json!({}), "error-user-param-not-provided"),
        (json!({"username": "nobody"}), "error-invalid-user"),
    ] {
        let refused = admin.post("users.unlock", &body).await;
        assert_eq!(refused.expect(400)["errorType"], code);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_prolongs_no_block() {
    let rate = (SettingId::RateLimiterLoginsPerUser, SettingValue::Number(30));
    let server = server(&[rate]).await;
    for (name, error) in [
        ("ada", "error-login-blocked-for-user"),
        ("nobody", "error-login-blocked-for-user"),
    ] {
        let log_in = async |password: &str| {
            let body = json!({"user": name, "password": password});
            post_from(&server.anonymous(), STRANGER, "login", &body).await.json()["error"].clone()
        };
        for _ in 0..LIMIT {
            assert_eq!(log_in("wrong").await, "Unauthorized");
        }
        server.set_back(DAY);
        server.pass(5 * MINUTE - 1);
        assert_eq!(log_in("wrong").await, error);
        server.pass(1);
        assert_eq!(log_in("wrong").await, "Unauthorized");
    }
    // Nor does it make a caller wait longer for the next call.
    server.command(create_user("bob")).await;
    let log_in = async || {
        let body = json!({"user": "bob", "password": PASSWORD});
        post_from(&server.anonymous(), HOME, "login", &body).await.status
    };
    for _ in 0..30 {
        assert_eq!(log_in().await, 200);
    }
    assert_eq!(log_in().await, 429);
    server.set_back(DAY);
    server.pass(MINUTE);
    assert_eq!(log_in().await, 200);
}

#[tokio::test]
async fn a_block_from_before_the_clock_was_set_back_lasts_its_own_time_from_the_start() {
    let server = server(&[]).await;
    server.pass(DAY);
    lock_out(&server, STRANGER).await;
    // Each test server begins at the same moment.
    let server = TestServer::open(server.stop().await, |options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    server.pass(5 * MINUTE - 1);
    assert_eq!(
        log_in(&server, ELSEWHERE, PASSWORD).await,
        "error-login-blocked-for-user"
    );
    server.pass(1);
    assert_eq!(log_in(&server, ELSEWHERE, PASSWORD).await, Value::Null);
}
