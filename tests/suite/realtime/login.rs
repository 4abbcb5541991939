//! Logging in and out over a socket.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::api::two_factor::app_code;
use crate::support::errors::error_json;
use crate::support::server::{BEGINNING, DAY, MINUTE, PASSWORD, PASSWORD_DIGEST, create_user, fix};
use crate::support::{Client, Socket, TestServer};

fn digest() -> Value {
    json!({"digest": PASSWORD_DIGEST, "algorithm": "sha-256"})
}

/// A client that calls over HTTP with what a login over a socket gave.
fn over_http(server: &TestServer, begun: &Value) -> Client {
    let text = |field: &str| begun[field].as_str().expect("a text").to_owned();
    server.anonymous().with_login(&text("id"), &text("token"))
}

#[tokio::test]
async fn every_form_of_a_login_is_let_in() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let end = BEGINNING + 90 * DAY;
    for (credentials, kind) in [
        (json!({"user": {"username": "ada"}, "password": digest()}), "password"),
        (json!({"user": {"username": "ADA"}, "password": digest()}), "password"),
        (
            json!({"user": {"email": "ada@example.com"}, "password": digest()}),
            "password",
        ),
        (json!({"user": {"username": "ada"}, "password": PASSWORD}), "password"),
        (json!({"resume": ada.token()}), "resume"),
    ] {
        let mut socket = Socket::connected(server.address).await;
        let begun = socket.result("login", json!([credentials])).await;
        assert_eq!(begun["id"], ada.id());
        assert_eq!(begun["type"], kind);
        assert_eq!(begun["tokenExpires"], json!({"$date": end}));
        assert_eq!(begun["token"] == ada.token(), kind == "resume");
        // The same token is good over HTTP.
        over_http(&server, &begun).get("me").await.expect(200);
    }
}

#[tokio::test]
async fn the_client_learns_who_it_is_before_it_learns_that_it_is_logged_in() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::connected(server.address).await;
    let login = json!([{"resume": ada.token()}]);
    socket
        .say(json!({"msg": "method", "method": "login", "id": "0", "params": login}))
        .await;
    let added = socket.hear().await;
    let expected = json!({
        "msg": "added", "collection": "users", "id": ada.id(),
        "fields": {
            "username": "ada", "name": "ada",
            "emails": [{"address": "ada@example.com", "verified": false}],
            "roles": ["user"], "active": true, "avatarETag": null, "status": "online", "statusText": "",
        },
    });
    assert_eq!(added, expected);
    let result = socket.find(|message| message["msg"] == "result").await;
    assert_eq!(result["id"], "0");
    socket
        .find(|message| *message == json!({"msg": "updated", "methods": ["0"]}))
        .await;
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_dead_token_are_refused() {
    let server = TestServer::start().await;
    let mut socket = Socket::connected(server.address).await;
    let refused = error_json(&json!(403), "User not found or incorrect password", None);
    for user in ["ada", "nobody"] {
        let wrong = json!([{"user": {"username": user}, "password": "wrong"}]);
        assert_eq!(socket.error("login", wrong).await, refused);
    }
    let dead = json!([{"resume": "x".repeat(43)}]);
    let words = "You've been logged out by the server. Please log in again";
    assert_eq!(socket.error("login", dead).await, error_json(&json!(403), words, None));
    let unknown = socket.error("login", json!([{"iframe": true, "token": "x"}])).await;
    assert_eq!(
        unknown,
        error_json(&json!(400), "Unrecognized options for login request", None)
    );
    for params in [json!([]), json!([null]), json!([5]), json!(["x"])] {
        assert_eq!(socket.error("login", params).await["error"], 400);
    }
    // No user is logged in.
    assert_eq!(
        socket.error("setUserStatus", json!(["busy"])).await["error"],
        "error-not-allowed"
    );
}

#[tokio::test]
async fn a_personal_access_token_logs_in_and_tells_an_end_though_it_has_none() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let made = admin
        .post_proved("users.generatePersonalAccessToken", &json!({"tokenName": "lamp"}))
        .await
        .expect(200);
    let mut socket = Socket::connected(server.address).await;
    let begun = socket.resume(made["token"].as_str().expect("a token")).await;
    assert_eq!((&begun["type"], &begun["token"]), (&json!("resume"), &made["token"]));
    let end = begun["tokenExpires"]["$date"].as_i64().expect("a moment");
    assert!(end > BEGINNING + 1000 * DAY);
}

#[tokio::test]
async fn who_has_a_second_factor_logs_in_with_its_code() {
    let server = TestServer::start().await;
    let mut socket = Socket::of(&server.user().await).await;
    let secret = socket.result("2fa:enable", json!([Socket::proof()])).await["secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    let code = app_code(&secret, BEGINNING);
    let codes = socket.result("2fa:validateTempToken", json!([code])).await["codes"].clone();
    assert_eq!(
        socket.result("2fa:checkCodesRemaining", json!([])).await,
        json!({"remaining": codes.as_array().expect("codes").len()})
    );
    let mut other = Socket::connected(server.address).await;
    let login = json!({"user": {"username": "ada"}, "password": digest()});
    let refused = other.error("login", json!([login])).await;
    assert_eq!(
        (&refused["error"], &refused["details"]["method"]),
        (&json!("totp-required"), &json!("totp"))
    );
    let wrong = json!([{"totp": {"code": "000000", "login": login}}]);
    assert_eq!(other.error("login", wrong).await["error"], "totp-invalid");
    server.pass(MINUTE);
    let code = app_code(&secret, BEGINNING + MINUTE);
    let begun = other
        .result("login", json!([{"totp": {"code": code, "login": login}}]))
        .await;
    assert_eq!(begun["type"], "password");
}

#[tokio::test]
async fn a_logout_ends_the_token_everywhere_and_the_rights_of_the_socket() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    socket.listen("notify-logged", "user-status").await;
    socket.listen("notify-all", "public-settings-changed").await;
    assert_eq!(socket.call("logout", json!([])).await.get("error"), None);
    let left = socket.left_with_own();
    let gone = json!({"msg": "removed", "collection": "users", "id": ada.id()});
    assert!(left.contains(&gone), "{left:?}");
    let ended = left.iter().filter(|message| message["msg"] == "nosub").count();
    assert_eq!(ended, 1, "what needs no login stays: {left:?}");
    ada.get("me").await.expect(401);
    assert_eq!(
        socket.error("listCustomUserStatus", json!([])).await["error"],
        "error-not-allowed"
    );
    let refused = socket.sub("stream-notify-logged", json!(["user-status", false])).await;
    assert_eq!(refused["error"], error_json(&json!("not-allowed"), "Not allowed", None));
    // The socket is good for another login.
    socket.resume(server.user().await.token()).await;
}

#[tokio::test]
async fn a_logout_over_http_reaches_the_socket() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    ada.post("logout", &json!({})).await.expect(200);
    let gone = json!({"msg": "removed", "collection": "users", "id": ada.id()});
    socket.find(|message| *message == gone).await;
}

#[tokio::test]
async fn another_user_takes_the_socket_over() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    let mut socket = Socket::of(&ada).await;
    socket.listen("notify-user", &format!("{}/userData", ada.id())).await;
    socket.left();
    socket.resume(bob.token()).await;
    let order: Vec<_> = socket
        .left_with_own()
        .iter()
        .filter(|message| message["msg"] != "changed")
        .map(|message| (message["msg"].clone(), message["id"].clone()))
        .collect();
    let expected = [
        (json!("nosub"), json!("2")),
        (json!("removed"), json!(ada.id())),
        (json!("added"), json!(bob.id())),
    ];
    assert_eq!(order, expected);
    let status = server
        .admin()
        .await
        .get(&format!("users.getStatus?userId={}", ada.id()))
        .await;
    assert_eq!(
        status.expect(200)["status"],
        "offline",
        "who was logged in is here no longer"
    );
}

#[tokio::test]
async fn failed_logins_over_a_socket_block_the_user_as_over_http() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::BlockByUserAttempts, SettingValue::Number(2))]);
    })
    .await;
    let mut socket = Socket::connected(server.address).await;
    let login = |password: &str| json!([{"user": {"username": "ada"}, "password": password}]);
    for _ in 0..2 {
        socket.error("login", login("wrong")).await;
    }
    let blocked = socket.error("login", login(PASSWORD)).await;
    assert_eq!(blocked["error"], "error-login-blocked-for-user");
}
