//! Every form of a login, and every way it is refused.

use std::sync::Arc;

use rollcall::admin_socket::Command;
use rollcall::app::{App, Clock, Overrides};
use rollcall::auth::password::Passwords;
use rollcall::clock::SetClock;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::ops::sweep::sweep;
use serde_json::{Value, json};

use crate::support::errors::login_refused;
use crate::support::server::{ADMIN, BEGINNING, DAY, MINUTE, PASSWORD, PASSWORD_DIGEST as DIGEST, USER, fix};
use crate::support::store::open_store;
use crate::support::{Answer, Socket, TestServer};

fn refused() -> Value {
    json!({"success": false, "status": "error", "error": "Unauthorized", "message": "Unauthorized"})
}

fn assert_logged_in(answer: &Answer, what: &Value) {
    let body = answer.expect(200);
    assert_eq!(
        (&body["status"], &body["success"]),
        (&json!("success"), &json!(true)),
        "{what}"
    );
    assert_eq!(body["data"]["authToken"].as_str().map(str::len), Some(43), "{what}");
    assert_eq!(body["data"]["me"]["username"], USER, "{what}");
    assert_eq!(body["data"]["userId"], body["data"]["me"]["_id"], "{what}");
}

#[tokio::test]
async fn every_form_of_a_json_login_is_taken() {
    let server = TestServer::start().await;
    let id = server.user().await.id().to_owned();
    let email = "ada@example.com";
    let digest = json!({"digest": DIGEST, "algorithm": "sha-256"});
    for who in [
        json!({"user": USER}),
        json!({"user": "ADA"}),
        json!({"user": email}),
        json!({"user": "Ada@Example.COM"}),
        json!({"username": USER}),
        json!({"username": email}),
        json!({"email": email}),
        json!({"user": {"username": USER}}),
        json!({"user": {"email": email}}),
        json!({"user": {"id": id}}),
    ] {
        for password in [json!(PASSWORD), digest.clone()] {
            let mut body = who.clone();
            body["password"] = password;
            assert_logged_in(&server.anonymous().post("login", &body).await, &body);
        }
    }
}

#[tokio::test]
async fn a_form_login_is_taken() {
    let server = TestServer::start().await;
    for body in [
        "user=ada&password=correct+horse",
        "username=ada&password=correct%20horse",
        "email=ada%40example.com&password=correct+horse",
    ] {
        assert_logged_in(&server.anonymous().post_form("login", body).await, &json!(body));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_answered_alike() {
    let server = TestServer::start().await;
    let wrong_digest = DIGEST.replace('4', "0");
    for body in [
        json!({"user": USER, "password": "wrong"}),
        json!({"user": USER, "password": ""}),
        json!({"user": "nobody", "password": PASSWORD}),
        json!({"user": "nobody@example.com", "password": PASSWORD}),
        json!({"user": "", "password": PASSWORD}),
        json!({"user": {"id": "nobody"}, "password": PASSWORD}),
        json!({"user": USER, "password": {"digest": wrong_digest, "algorithm": "sha-256"}}),
        // The digest is no password.
        json!({"user": USER, "password": DIGEST}),
    ] {
        let answer = server.anonymous().post("login", &body).await;
        assert_eq!(answer.expect(401), refused(), "{body}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_body_of_no_known_form_is_refused() {
    let server = TestServer::start().await;
    let unrecognized = json!({
        "success": false,
        "error": "Unrecognized options for login request [400]",
        "errorType": "400",
    });
    for body in [
        json!({}),
        json!({"password": PASSWORD}),
        json!({"user": USER}),
        json!({"user": {}, "password": PASSWORD}),
        json!({"serviceName": "facebook", "accessToken": "x"}),
        json!({"user": USER, "password": PASSWORD, "extra": 1}),
    ] {
        assert_eq!(
            server.anonymous().post("login", &body).await.expect(400),
            unrecognized,
            "{body}"
        );
    }
    for body in [
        json!({"user": 5, "password": PASSWORD}),
        json!({"user": [USER], "password": PASSWORD}),
        json!({"user": USER, "password": 5}),
        json!({"user": USER, "password": {"digest": DIGEST}}),
        json!({"user": USER, "password": {"digest": DIGEST, "algorithm": "md5"}}),
        json!({"user": {"username": {"$ne": null}}, "password": PASSWORD}),
        json!({"resume": 5}),
    ] {
        let answer = server.anonymous().post("login", &body).await.expect(400);
        assert_eq!(answer["errorType"], "invalid-params", "{body}");
    }
}

#[tokio::test]
async fn a_token_resumes_its_session() {
    let server = TestServer::start().await;
    let user = server.user().await;
    let body = server
        .anonymous()
        .post("login", &json!({"resume": user.token()}))
        .await
        .expect(200);
    assert_eq!(body["data"]["authToken"], user.token(), "the same token");
    assert_eq!(body["data"]["userId"], user.id());
    let refused = json!({
        "success": false,
        "status": "error",
        "error": "403",
        "message": "You've been logged out by the server. Please log in again",
    });
    let unknown = server.anonymous().post("login", &json!({"resume": "unknown"})).await;
    assert_eq!(unknown.expect(401), refused);
    user.post("logout", &json!({})).await.expect(200);
    let ended = server.anonymous().post("login", &json!({"resume": user.token()})).await;
    assert_eq!(ended.expect(401), refused);
}

#[tokio::test]
async fn a_token_dies_after_its_lifetime() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::LoginExpiration, SettingValue::Number(2))]);
    })
    .await;
    let user = server.user().await;
    server.pass(2 * DAY - 1);
    user.get("me").await.expect(200);
    server.pass(1);
    user.get("me").await.expect(401);
    server
        .anonymous()
        .post("login", &json!({"resume": user.token()}))
        .await
        .expect(401);
}

#[tokio::test]
async fn a_deactivated_user_is_out_at_once_and_told_only_with_the_right_password() {
    let server = TestServer::start().await;
    let user = server.user().await;
    let (off, on) = (
        |active| Command::SetActive {
            user: USER.into(),
            active,
        },
        true,
    );
    server.command(off(false)).await;
    user.get("me").await.expect(401);
    let told = json!({
        "success": false,
        "status": "error",
        "error": "error-user-is-not-activated",
        "message": "User is not activated",
    });
    let login = async |password: &str| {
        let body = json!({"user": USER, "password": password});
        server.anonymous().post("login", &body).await
    };
    assert_eq!(login(PASSWORD).await.expect(401), told);
    assert_eq!(login("wrong").await.expect(401), refused());
    server.command(off(on)).await;
    user.get("me").await.expect(401);
    login(PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_changed_password_ends_every_token_and_the_old_password() {
    let server = TestServer::start().await;
    let (one, two) = (server.user().await, server.user().await);
    let password = "battery staple".to_owned();
    server
        .command(Command::SetPassword {
            user: USER.into(),
            password: password.clone(),
        })
        .await;
    one.get("me").await.expect(401);
    two.get("me").await.expect(401);
    let body = |password: &str| json!({"user": USER, "password": password});
    assert_eq!(
        server.anonymous().post("login", &body(PASSWORD)).await.expect(401),
        refused()
    );
    assert_logged_in(
        &server.anonymous().post("login", &body(&password)).await,
        &json!(password),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_races_with_a_new_password_leaves_no_token() {
    let server = TestServer::start().await;
    let mut password = PASSWORD.to_owned();
    for round in 0..5 {
        let logins: Vec<_> = (0..16)
            .map(|_| {
                let (client, password) = (server.anonymous(), password.clone());
                tokio::spawn(async move {
                    let body = json!({"user": USER, "password": password});
                    client.post("login", &body).await
                })
            })
            .collect();
        password = format!("{PASSWORD} {round}");
        let user = USER.to_owned();
        server
            .command(Command::SetPassword {
                user,
                password: password.clone(),
            })
            .await;
        for login in logins {
            let answer = login.await.expect("the login ends");
            if answer.status == 200 {
                let token = answer.json()["data"]["authToken"].as_str().expect("a token").to_owned();
                let resumed = server.anonymous().post("login", &json!({"resume": token})).await;
                assert_eq!(resumed.status, 401, "round {round}: the token outlived the password");
            }
        }
        // The logins with the old password block the user.
        server.pass(5 * MINUTE);
    }
}

#[tokio::test]
async fn of_a_users_tokens_the_newest_fifty_live() {
    let server = TestServer::start().await;
    let first = server.user().await;
    server.pass(1);
    let second = server.user().await;
    for _ in 0..49 {
        server.pass(1);
        server.user().await;
    }
    first.get("me").await.expect(401);
    second.get("me").await.expect(200);
}

#[tokio::test]
async fn the_session_that_was_not_used_for_the_longest_time_ends_first() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let personal = json!({"tokenName": "phone"});
    let personal = ada
        .post_proved("users.generatePersonalAccessToken", &personal)
        .await
        .expect(200);
    let personal = ada.with_login(ada.id(), personal["token"].as_str().expect("a token"));
    let mut sessions = vec![ada];
    // The second and third session have sockets, which say nothing from then on.
    server.pass(MINUTE);
    sessions.push(server.user().await);
    let _resumed = Socket::of(&sessions[1]).await;
    server.pass(MINUTE);
    sessions.push(server.user().await);
    let mut socket = Socket::connected(server.address).await;
    socket.resume(sessions[2].token()).await;
    while sessions.len() < 50 {
        server.pass(MINUTE);
        sessions.push(server.user().await);
    }
    // The first one is used. The note of that is stored after its answer.
    server.pass(MINUTE);
    let is_noted = |listed: &Value| {
        let sessions = listed["sessions"].as_array().expect("a list");
        let own = sessions
            .iter()
            .find(|session| session["current"] == true)
            .expect("a session");
        own["lastUsedAt"] != own["createdAt"]
    };
    while !is_noted(&sessions[0].get("sessions/list").await.expect(200)) {}
    for _ in 0..3 {
        server.user().await;
    }
    let mut live = Vec::new();
    for session in sessions.iter().take(8).chain([&personal]) {
        live.push(session.get("me").await.status == 200);
    }
    assert_eq!(live, [true, true, true, false, false, false, true, true, true]);
}

#[tokio::test]
async fn expired_tokens_are_swept_out_of_the_store() {
    let server = TestServer::start().await;
    server.user().await;
    let data = server.data_dir();
    let folder = server.stop().await;

    let store = open_store(&data).expect("the store opens");
    let later = SetClock::at(BEGINNING);
    let clock = Clock::set_by(Arc::clone(&later));
    let app = App::new(store, clock, Passwords::default(), Overrides::default());
    later.pass(90 * DAY - 1);
    let kept = || app.store.read().tokens().count();
    sweep(&app).await;
    assert_eq!(kept(), 1, "it is alive");
    later.pass(1);
    sweep(&app).await;
    assert_eq!(kept(), 0);
    app.store.close().await;
    drop(folder);
}

#[tokio::test]
async fn a_full_queue_answers_503_with_retry_after() {
    let folder = TestServer::start().await.stop().await;
    let server = TestServer::open(folder, |options| options.passwords = Passwords::new(1, 0)).await;
    let answer = server
        .anonymous()
        .post("login", &json!({"user": ADMIN, "password": PASSWORD}))
        .await;
    let expected = json!({
        "success": false,
        "error": "Service Unavailable [error-overloaded]",
        "errorType": "error-overloaded",
    });
    assert_eq!(answer.expect(503), expected);
    let seconds: u32 = answer
        .header("retry-after")
        .expect("a header")
        .parse()
        .expect("seconds");
    assert!(seconds > 0);
}

#[tokio::test]
async fn me_shows_the_documented_fields_and_no_secret() {
    let server = TestServer::start().await;
    let answer = server.user().await.get("me").await;
    let body = answer.expect(200);
    let expected = json!({
        "_id": body["_id"],
        "name": USER,
        "username": USER,
        "emails": [{"address": "ada@example.com", "verified": false}],
        "status": "offline",
        "statusDefault": "online",
        "statusConnection": "offline",
        "statusText": "",
        "utcOffset": 0,
        "roles": ["user"],
        "active": true,
        "settings": {"profile": {}, "preferences": {"enableAutoAway": true, "idleTimeLimit": 300}},
        "avatarUrl": format!("http://{}/avatar/ada", server.address),
        "isOAuthUser": false,
        "services": {"password": {"exists": true}},
        "_updatedAt": "2023-11-04T11:44:23.366Z",
        "success": true,
    });
    assert_eq!(body, expected);
    assert_eq!(body["_id"].as_str().map(str::len), Some(17));
    assert!(!String::from_utf8_lossy(&answer.body).contains("argon2"));
    server.anonymous().get("me").await.expect(401);
}

#[tokio::test]
async fn an_unverified_address_keeps_everybody_but_administrators_out_where_it_has_to_be_verified() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::EmailVerification, SettingValue::Flag(true))]);
    })
    .await;
    let body = json!({"user": USER, "password": PASSWORD});
    let refused = login_refused("error-invalid-email", "Invalid email ada@example.com");
    assert_eq!(server.anonymous().post("login", &body).await.expect(401), refused);
    let admin = server.admin().await;
    let found = admin.get("users.info?username=ada").await.expect(200);
    let verified = json!({"userId": found["user"]["_id"], "data": {"verified": true}});
    admin.post("users.update", &verified).await.expect(200);
    server.user().await;
}

#[tokio::test]
async fn who_has_no_roles_is_kept_out() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let admin = server.admin().await;
    let take = json!({"roleName": "user", "username": USER});
    admin.post("roles.removeUserFromRole", &take).await.expect(200);
    let body = json!({"user": USER, "password": PASSWORD});
    let refused = login_refused("error-user-has-no-roles", "User has no roles");
    assert_eq!(server.anonymous().post("login", &body).await.expect(401), refused);
    let resumed = json!({"resume": ada.token()});
    assert_eq!(server.anonymous().post("login", &resumed).await.expect(401), refused);
}
