//! What is good once, shown fifty times at once.

use rollcall::domain::{SettingId, SettingValue};
use rollcall::server::Options;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::api::two_factor::{app_code, enable};
use crate::support::server::{BEGINNING, DAY, MINUTE, PASSWORD, fix, new_folder};
use crate::support::{Client, TestServer};

const MANY: usize = 50;

/// Options by which nothing but the rule of once refuses: all are verified at once, no failure blocks, and the server
/// takes the address of a call from its `X-Forwarded-For`.
fn all_at_once(options: &mut Options) {
    let many = || SettingValue::Number(100);
    let settings = [
        (SettingId::BlockFailedLogins, SettingValue::Flag(false)),
        (SettingId::VerificationsPerUser, many()),
        (SettingId::VerificationsPerAddress, many()),
        (SettingId::WaitingPerUser, many()),
        (SettingId::WaitingPerAddress, many()),
        crate::support::server::UNLIMITED,
    ];
    fix(options, &settings);
    options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
}

/// Posts all of these at once, each from an address of its own, so that no queue of an address brings them in order.
/// Returns the statuses and answers.
async fn at_once(calls: Vec<(Client, &'static str, Value)>) -> Vec<(u16, Value)> {
    let mut posts = JoinSet::new();
    for (number, (client, endpoint, body)) in calls.into_iter().enumerate() {
        posts.spawn(async move {
            let address = format!("198.51.100.{number}");
            let headers = [("content-type", "application/json"), ("x-forwarded-for", &address)];
            let path = format!("/api/v1/{endpoint}");
            let answer = client.send("POST", &path, &headers, body.to_string()).await;
            (answer.status, answer.json())
        });
    }
    posts.join_all().await
}

/// Asserts that one succeeded and all others were refused with this code.
#[track_caller]
fn assert_one(answers: &[(u16, Value)], code: &str) {
    let won = answers.iter().filter(|(status, _)| *status == 200).count();
    let refused = answers
        .iter()
        .filter(|(_, body)| body["errorType"] == code || body["error"] == code);
    assert_eq!((won, refused.count()), (1, MANY - 1), "{answers:?}");
}

fn login(code: &str) -> Value {
    json!({"user": "ada", "password": PASSWORD, "code": code})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_an_authenticator_logs_in_once() {
    let server = TestServer::start_with(all_at_once).await;
    let (secret, _) = enable(&server.user().await, BEGINNING).await;
    server.pass(MINUTE);
    let code = login(&app_code(&secret, BEGINNING + MINUTE));
    let calls = (0..MANY).map(|_| (server.anonymous(), "login", code.clone()));
    assert_one(&at_once(calls.collect()).await, "totp-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_an_authenticator_is_good_once_whatever_it_is_shown_for() {
    let server = TestServer::start_with(all_at_once).await;
    let ada = server.user().await;
    let (secret, _) = enable(&ada, BEGINNING).await;
    server.pass(MINUTE);
    let code = app_code(&secret, BEGINNING + MINUTE);
    let renew = json!({"code": code});
    let calls = (0..MANY).map(|number| match number % 2 {
        0 => (server.anonymous(), "login", login(&code)),
        _ => (ada.clone(), "users.regenerateTotpCodes", renew.clone()),
    });
    let answers = at_once(calls.collect()).await;
    let won = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(won, 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_code_logs_in_once() {
    let server = TestServer::start_with(all_at_once).await;
    let (_, codes) = enable(&server.user().await, BEGINNING).await;
    let calls = (0..MANY).map(|_| (server.anonymous(), "login", login(&codes[0])));
    assert_one(&at_once(calls.collect()).await, "totp-invalid");
    // The others are still valid.
    server.anonymous().post("login", &login(&codes[1])).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_sets_one_password() {
    let server = TestServer::start_with(all_at_once).await;
    let admin = server.admin().await;
    let made = admin
        .post_proved("users.createPasswordResetLink", &json!({"username": "ada"}))
        .await;
    let link = made.expect(200)["link"].as_str().expect("a link").to_owned();
    let token = link.split('#').next_back().expect("a token");
    let password = |number: usize| format!("another horse {number}");
    let calls = (0..MANY).map(|number| {
        let reset = json!({"token": token, "newPassword": password(number)});
        (server.anonymous(), "users.resetPassword", reset)
    });
    assert_one(&at_once(calls.collect()).await, "error-reset-link-invalid");
    let logins = (0..MANY).map(|number| {
        let login = json!({"user": "ada", "password": password(number)});
        (server.anonymous(), "login", login)
    });
    assert_one(&at_once(logins.collect()).await, "Unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_link_makes_one_administrator() {
    let server = TestServer::open(new_folder(), all_at_once).await;
    let link = server.setup_link.clone().expect("a link");
    let secret = link.split('#').next_back().expect("a secret");
    let calls = (0..MANY).map(|number| {
        let body = json!({"link": secret, "username": format!("root{number}"), "password": PASSWORD});
        (server.anonymous(), "setup.createAdministrator", body)
    });
    let answers = at_once(calls.collect()).await;
    assert_one(&answers, "error-setup-link-invalid");
    let winner = answers.iter().find(|(status, _)| *status == 200).expect("a winner");
    let name = winner.1["user"]["username"].as_str().expect("a name");
    let root = server.logged_in(name).await;
    assert_eq!(root.get("users.list").await.expect(200)["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_an_authenticator_that_was_used_before_a_restart_is_refused_after_it() {
    let server = TestServer::start_with(all_at_once).await;
    let ada = server.user().await;
    let (secret, _) = enable(&ada, BEGINNING).await;
    server.pass(MINUTE);
    let (first, second) = (
        app_code(&secret, BEGINNING + MINUTE - 30_000),
        app_code(&secret, BEGINNING + MINUTE),
    );
    // One is spent by a login, and one by a call that makes no change of its own.
    server.anonymous().post("login", &login(&first)).await.expect(200);
    let admin = server.admin().await;
    let (admin_secret, _) = enable(&admin, BEGINNING + MINUTE).await;
    server.pass(30_000);
    let code = app_code(&admin_secret, BEGINNING + MINUTE + 30_000);
    let token = json!({"tokenName": "phone"});
    admin
        .post_confirmed("users.generatePersonalAccessToken", &token, "totp", &code)
        .await
        .expect(200);
    let server = TestServer::open(server.stop().await, all_at_once).await;
    server.pass(MINUTE + 30_000);
    server.anonymous().post("login", &login(&first)).await.expect(401);
    let replayed = json!({"user": "admin", "password": PASSWORD, "code": code});
    server.anonymous().post("login", &replayed).await.expect(401);
    // A newer one is good.
    server.anonymous().post("login", &login(&second)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_while_the_clock_was_wrong_locks_the_user_out_of_nothing() {
    let server = TestServer::start_with(all_at_once).await;
    let (secret, _) = enable(&server.user().await, BEGINNING).await;
    server.pass(DAY);
    let code = login(&app_code(&secret, BEGINNING + DAY));
    server.anonymous().post("login", &code).await.expect(200);
    server.set_back(DAY - MINUTE);
    let code = login(&app_code(&secret, BEGINNING + MINUTE));
    server.anonymous().post("login", &code).await.expect(200);
    server.anonymous().post("login", &code).await.expect(401);
}
