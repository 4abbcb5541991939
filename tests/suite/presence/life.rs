//! How long a status lives: with an end, set while connected, and set without a connection.

use std::sync::Arc;

use rollcall::app::Clock;
use rollcall::clock::SetClock;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::hub::GRACE_MILLIS;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::errors::coded;
use crate::support::server::{BEGINNING, DAY, MINUTE, create_user, fix};
use crate::support::{Client, Socket, TestServer, eventually};

/// Days after which a login ends by itself.
const LOGIN_DAYS: i64 = 90;

async fn set(client: &Client, body: Value) {
    client.post("users.setStatus", &body).await.expect(200);
}

/// What a viewer sees of `ada`: the status and the text.
async fn seen(viewer: &Client) -> (String, String) {
    let body = viewer.get("users.getStatus?username=ada").await.expect(200);
    let text = |field: &str| body[field].as_str().expect("a text").to_owned();
    (text("status"), text("message"))
}

fn shows(status: &str, message: &str) -> (String, String) {
    (status.to_owned(), message.to_owned())
}

/// Waits until a viewer sees this of `ada`.
async fn until(viewer: &Client, expected: (String, String)) {
    eventually(async || seen(viewer).await == expected).await;
}

/// Ends a socket without a word of its user, and lets the grace pass.
async fn lose(server: &TestServer, socket: Socket) {
    socket.close().await;
    server.pass(GRACE_MILLIS);
}

/// Stops a server, and starts the next one on its folder, with the clock at the beginning again.
async fn restarted(server: TestServer) -> TestServer {
    TestServer::open(server.stop().await, |_| {}).await
}

/// The same with the clock so many milliseconds after the beginning, where it stays.
async fn restarted_after(server: TestServer, millis: i64) -> TestServer {
    let folder: Arc<TempDir> = server.stop().await;
    TestServer::open(folder, |options| {
        options.clock = Clock::set_by(SetClock::at(BEGINNING + millis));
    })
    .await
}

async fn bob(server: &TestServer) -> Client {
    server.command(create_user("bob")).await;
    server.logged_in("bob").await
}

#[tokio::test]
async fn set_while_connected_it_shows_until_the_last_connection_is_gone_and_again_with_the_next_one() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    let (first, second) = (Socket::of(&ada).await, Socket::of(&ada).await);
    set(&ada, json!({"status": "busy", "message": "in a call"})).await;
    lose(&server, first).await;
    assert_eq!(seen(&bob).await, shows("busy", "in a call"), "one connection is left");
    second.close().await;
    assert_eq!(seen(&bob).await, shows("busy", "in a call"), "the grace counts");
    server.pass(GRACE_MILLIS);
    until(&bob, shows("offline", "in a call")).await;
    // Offline in all its parts, for others; the user sees what is declared.
    let other = bob.get("users.getStatus?username=ada").await.expect(200);
    assert_eq!((other.get("statusSource"), other.get("statusExpiresAt")), (None, None));
    let own = ada.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&own["status"], &own["statusSource"]),
        (&json!("offline"), &json!("manual"))
    );
    let server = restarted(server).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    assert_eq!(
        seen(&bob).await,
        shows("offline", "in a call"),
        "a restart brings no ghost"
    );
    let socket = Socket::of(&ada).await;
    assert_eq!(seen(&bob).await, shows("busy", "in a call"), "back with the user");
    // A logout ends the connection at once, and what was set while connected stays kept.
    let mut socket = socket;
    socket.call("logout", json!([])).await;
    assert_eq!(seen(&bob).await, shows("offline", "in a call"));
    let ada = server.user().await;
    let _socket = Socket::of(&ada).await;
    assert_eq!(seen(&bob).await, shows("busy", "in a call"));
    set(&ada, json!({"status": "online"})).await;
    assert_eq!(seen(&bob).await, shows("online", ""), "until the user changes it");
}

#[tokio::test]
async fn with_an_end_it_shows_until_then_connection_or_not() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    let socket = Socket::of(&ada).await;
    let end = "2023-11-04T12:44:23.366Z";
    set(&ada, json!({"status": "busy", "message": "lunch", "expiresAt": end})).await;
    lose(&server, socket).await;
    let mut socket = Socket::of(&ada).await;
    socket.call("logout", json!([])).await;
    assert_eq!(
        seen(&bob).await,
        shows("busy", "lunch"),
        "without a connection and without a token"
    );
    let viewed = bob.get("users.info?username=ada").await.expect(200)["user"].clone();
    assert_eq!(
        (&viewed["statusSource"], &viewed["statusExpiresAt"]),
        (&json!("manual"), &json!(end))
    );
    server.pass(60 * MINUTE);
    until(&bob, shows("offline", "")).await;
    // To be online has an end too.
    let ada = server.user().await;
    set(
        &ada,
        json!({"status": "online", "expiresAt": "2023-11-04T13:44:23.366Z"}),
    )
    .await;
    assert_eq!(seen(&bob).await, shows("online", ""));
    server.pass(60 * MINUTE);
    until(&bob, shows("offline", "")).await;
}

#[tokio::test]
async fn set_without_a_connection_it_stands_over_connections_and_restarts() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    for (status, while_connected) in [("busy", "busy"), ("away", "away"), ("online", "online")] {
        set(&ada, json!({"status": status, "message": "by a script"})).await;
        assert_eq!(seen(&bob).await, shows(status, "by a script"));
        let socket = Socket::of(&ada).await;
        assert_eq!(seen(&bob).await, shows(while_connected, "by a script"));
        lose(&server, socket).await;
        assert_eq!(seen(&bob).await, shows(status, "by a script"));
    }
    let server = restarted(server).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    assert_eq!(seen(&bob).await, shows("online", "by a script"));
    // Superseded while connected, it lives as the newer one does.
    let socket = Socket::of(&ada).await;
    set(&ada, json!({"status": "online", "message": "by a script"})).await;
    lose(&server, socket).await;
    until(&bob, shows("offline", "by a script")).await;
}

#[tokio::test]
async fn a_bare_online_without_a_connection_is_dropped_when_the_first_connection_begins() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    set(&ada, json!({"status": "online"})).await;
    assert_eq!(seen(&bob).await, shows("online", ""));
    let own = ada.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&own["status"], &own["connectionStatus"]),
        (&json!("online"), &json!("offline"))
    );
    let server = restarted(server).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    assert_eq!(seen(&bob).await, shows("online", ""), "it outlives the server");
    // Words alone leave it as it is.
    set(&ada, json!({"message": "at my desk"})).await;
    assert_eq!(seen(&bob).await, shows("online", "at my desk"));
    set(&ada, json!({"status": "online", "message": ""})).await;
    let socket = Socket::of(&ada).await;
    assert_eq!(seen(&bob).await, shows("online", ""));
    lose(&server, socket).await;
    until(&bob, shows("offline", "")).await;
    let server = restarted(server).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    assert_eq!(seen(&bob).await, shows("offline", ""), "the drop is durable");
    // While connected it is no status of its own.
    let socket = Socket::of(&ada).await;
    set(&ada, json!({"status": "online"})).await;
    lose(&server, socket).await;
    until(&bob, shows("offline", "")).await;
}

#[tokio::test]
async fn words_alone_make_no_offline_user_appear() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    set(&ada, json!({"message": "on vacation"})).await;
    assert_eq!(seen(&bob).await, shows("offline", "on vacation"));
    set(
        &ada,
        json!({"message": "on vacation", "expiresAt": "2023-11-05T00:00:00.000Z"}),
    )
    .await;
    assert_eq!(seen(&bob).await, shows("offline", "on vacation"));
    let socket = Socket::of(&ada).await;
    assert_eq!(seen(&bob).await, shows("online", "on vacation"));
    set(&ada, json!({"status": "busy", "message": "in a call"})).await;
    lose(&server, socket).await;
    until(&bob, shows("offline", "in a call")).await;
    set(&ada, json!({"message": "gone for today"})).await;
    assert_eq!(seen(&bob).await, shows("offline", "gone for today"));
}

#[tokio::test]
async fn what_stands_ends_with_the_last_token_however_it_ends() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let ends = ["logout", "users.logout", "users.update", "deactivation", "operator"];
    for how in ends {
        let (one, other) = (server.user().await, server.user().await);
        set(&one, json!({"status": "busy", "message": how})).await;
        one.post("logout", &json!({})).await.expect(200);
        assert_eq!(seen(&admin).await, shows("busy", how), "one token is left");
        let id = json!({"userId": other.id()});
        match how {
            "logout" => drop(other.post("logout", &json!({})).await.expect(200)),
            "users.logout" => drop(admin.post("users.logout", &id).await.expect(200)),
            "users.update" => {
                let password = json!({"userId": other.id(), "data": {"password": "another battery staple"}});
                admin.post("users.update", &password).await.expect(200);
                let back = json!({"userId": other.id(), "data": {"password": crate::support::server::PASSWORD}});
                admin.post("users.update", &back).await.expect(200);
            }
            "deactivation" => {
                for active in [false, true] {
                    let body = json!({"userId": other.id(), "activeStatus": active});
                    admin.post("users.setActiveStatus", &body).await.expect(200);
                }
            }
            _ => {
                let user = "ada".to_owned();
                server
                    .command(rollcall::admin_socket::Command::RevokeTokensOf { user })
                    .await;
            }
        }
        assert_eq!(seen(&admin).await, shows("offline", ""), "{how}");
        let again = server.user().await;
        assert_eq!(
            seen(&admin).await,
            shows("offline", ""),
            "{how}: a new login brings nothing back"
        );
        again.post("logout", &json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_personal_token_keeps_what_stands_and_its_removal_ends_it() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let name = json!({"tokenName": "script"});
    let made = ada
        .post_proved("users.generatePersonalAccessToken", &name)
        .await
        .expect(200);
    let script = server
        .anonymous()
        .with_login(ada.id(), made["token"].as_str().expect("a token"));
    set(&script, json!({"status": "online"})).await;
    ada.post("logout", &json!({})).await.expect(200);
    assert_eq!(seen(&admin).await, shows("online", ""));
    script.post("logout", &json!({})).await.expect(200);
    assert_eq!(seen(&admin).await, shows("offline", ""));
}

#[tokio::test]
async fn a_deactivation_ends_what_stands_also_without_a_token() {
    let server = TestServer::start().await;
    let (admin, bob) = (server.admin().await, bob(&server).await);
    // `ada` has never logged in.
    set(
        &admin,
        json!({"status": "busy", "message": "by an administrator", "username": "ada"}),
    )
    .await;
    assert_eq!(seen(&bob).await, shows("busy", "by an administrator"));
    let id = admin.get("users.info?username=ada").await.expect(200)["user"]["_id"].clone();
    for active in [false, true] {
        let body = json!({"userId": id, "data": {"active": active}});
        admin.post("users.update", &body).await.expect(200);
    }
    assert_eq!(seen(&bob).await, shows("offline", ""));
    // One change that switches the account off and sets a status.
    let both = json!({"userId": id, "data": {"active": false, "status": "busy", "statusText": "gone"}});
    admin.post("users.update", &both).await.expect(200);
    let on = json!({"userId": id, "data": {"active": true}});
    admin.post("users.update", &on).await.expect(200);
    assert_eq!(seen(&bob).await, shows("offline", ""));
}

#[tokio::test]
async fn what_stands_ends_when_the_last_token_expires() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    set(&ada, json!({"status": "busy", "message": "by a script"})).await;
    server.pass(DAY);
    let later = server.user().await;
    server.pass((LOGIN_DAYS - 1) * DAY);
    let admin = server.admin().await;
    assert_eq!(
        seen(&admin).await,
        shows("busy", "by a script"),
        "the later token lives"
    );
    server.pass(DAY);
    until(&admin, shows("offline", "")).await;
    drop(later);
}

#[tokio::test]
async fn a_token_that_expires_while_no_server_runs_ends_what_stands_before_the_first_read() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    set(&ada, json!({"status": "busy", "message": "by a script"})).await;
    let server = restarted_after(server, (LOGIN_DAYS - 1) * DAY).await;
    assert_eq!(seen(&server.admin().await).await, shows("busy", "by a script"));
    let server = restarted_after(server, LOGIN_DAYS * DAY).await;
    assert_eq!(seen(&server.admin().await).await, shows("offline", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_last_tokens_that_end_at_once_leave_nothing_behind() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for round in 0..20 {
        let (one, other) = (server.user().await, server.user().await);
        set(&one, json!({"status": "busy", "message": "by a script"})).await;
        let nothing = json!({});
        let (first, second) = tokio::join!(one.post("logout", &nothing), other.post("logout", &nothing));
        first.expect(200);
        second.expect(200);
        assert_eq!(seen(&admin).await, shows("offline", ""), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_online_that_races_with_the_first_connection_leaves_no_ghost() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    for _ in 0..20 {
        let online = json!({"status": "online"});
        let (set, socket) = tokio::join!(ada.post("users.setStatus", &online), Socket::of(&ada));
        set.expect(200);
        lose(&server, socket).await;
        until(&admin, shows("offline", "")).await;
        server.pass(MINUTE);
    }
}

#[tokio::test]
async fn offline_users_with_a_text_are_listed_by_their_ids() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    let listed = async |viewer: &Client| {
        let query = format!("users.presence?ids={}", ada.id());
        viewer.get(&query).await.expect(200)["users"].clone()
    };
    assert_eq!(listed(&bob).await, json!([]));
    set(&ada, json!({"message": "on vacation"})).await;
    let line = json!([{
        "_id": ada.id(), "username": "ada", "name": "ada", "status": "offline", "utcOffset": 0, "statusText": "on vacation",
    }]);
    assert_eq!(listed(&bob).await, line);
    // An invisible user with the same text is the same.
    let end = "2023-11-05T00:00:00.000Z";
    set(
        &ada,
        json!({"status": "offline", "message": "on vacation", "expiresAt": end}),
    )
    .await;
    assert_eq!(listed(&bob).await, line);
    let own = listed(&ada).await;
    assert_eq!(own[0]["statusExpiresAt"], end);
    // An end alone is for the user: to others it would show that the user is invisible.
    set(&ada, json!({"status": "offline", "message": "", "expiresAt": end})).await;
    assert_eq!(listed(&bob).await, json!([]));
    assert_eq!(listed(&ada).await[0]["statusExpiresAt"], end);
    // A user who hides is not listed.
    set(&ada, json!({"message": "on vacation"})).await;
    let hide = json!({"hideFrom": {"users": [bob.id()]}});
    ada.post("presence.setPrivacy", &hide).await.expect(200);
    assert_eq!(listed(&bob).await, json!([]));
    let all = bob.get("users.presence").await.expect(200);
    assert_eq!((&all["users"], &all["full"]), (&json!([]), &json!(true)));
}

#[tokio::test]
async fn words_alone_of_an_invisible_user_are_refused_where_invisible_is_forbidden() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    set(&ada, json!({"status": "offline", "message": "away"})).await;
    let forbid = json!({"value": false});
    admin
        .post("settings/Accounts_AllowInvisibleStatusOption", &forbid)
        .await
        .expect(200);
    let refused = |method: &str| {
        coded(
            "Invisible status is disabled",
            "error-status-not-allowed",
            json!({"method": method}),
        )
    };
    for (endpoint, body) in [
        ("users.setStatus", json!({"message": "still away"})),
        ("users.setStatus", json!({"message": ""})),
        (
            "users.updateOwnBasicInfo",
            json!({"data": {"statusText": "still away"}}),
        ),
        ("users.updateOwnBasicInfo", json!({"data": {"statusType": "offline"}})),
    ] {
        let method = match endpoint {
            "users.updateOwnBasicInfo" => "saveUserProfile",
            other => other,
        };
        assert_eq!(
            ada.post(endpoint, &body).await.expect(400),
            refused(method),
            "{endpoint} {body}"
        );
    }
    let body = json!({"userId": ada.id(), "data": {"statusText": "still away"}});
    assert_eq!(
        admin.post("users.update", &body).await.expect(400),
        refused("insertOrUpdateUser")
    );
    let mut socket = Socket::of(&ada).await;
    let error = socket.error("setUserStatus", json!([null, "still away"])).await;
    assert_eq!(error["error"], "error-status-not-allowed");
    assert_eq!(seen(&admin).await, shows("offline", "away"));
    set(&ada, json!({"status": "busy", "message": "back"})).await;
    assert_eq!(seen(&admin).await, shows("busy", "back"));
}

#[tokio::test]
async fn where_presence_requires_a_connection_nothing_stands_without_one() {
    let requires = (SettingId::PresenceRequiresConnection, SettingValue::Flag(true));
    let server = TestServer::start_with(|options| fix(options, &[requires])).await;
    let (ada, bob) = (server.user().await, bob(&server).await);
    for body in [
        json!({"status": "busy", "message": "x"}),
        json!({"status": "busy", "message": "x", "expiresAt": "2023-11-05T00:00:00.000Z"}),
    ] {
        set(&ada, body).await;
        assert_eq!(seen(&bob).await, shows("offline", "x"));
    }
    set(&ada, json!({"status": "online"})).await;
    assert_eq!(seen(&bob).await, shows("offline", ""));
}
