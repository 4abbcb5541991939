//! Who is here: a login begins it, and the end of its socket ends it.

use std::sync::Arc;

use rollcall::admin_socket::{self, Command};
use rollcall::app::Clock;
use rollcall::clock::SetClock;
use rollcall::domain::lost_connections::RESTART_MILLIS;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::hub::GRACE_MILLIS;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::{BEGINNING, MINUTE, create_user, fix, new_folder};
use crate::support::store::{is_in_cluster, overrides};
use crate::support::{Client, Process, Socket, TestServer, eventually};

/// A socket that gets the presence of all users.
async fn watcher(server: &TestServer) -> Socket {
    let mut socket = Socket::of(&server.admin().await).await;
    socket.listen("notify-logged", "user-status").await;
    socket
}

/// The next status event: the user and the number of the status.
async fn told(socket: &mut Socket) -> (String, u64) {
    let args = socket.event("notify-logged", "user-status").await;
    let text = args[0][1].as_str().expect("a username").to_owned();
    (text, args[0][2].as_u64().expect("a number"))
}

async fn status(viewer: &Client, id: &str) -> String {
    let body = viewer.get(&format!("users.getStatus?userId={id}")).await.expect(200);
    body["status"].as_str().expect("a status").to_owned()
}

const OFFLINE: u64 = 0;
const ONLINE: u64 = 1;
const AWAY: u64 = 2;
const BUSY: u64 = 3;

fn ada(code: u64) -> (String, u64) {
    ("ada".to_owned(), code)
}

#[tokio::test]
async fn a_login_shows_as_online_and_a_logout_as_offline_at_once() {
    let server = TestServer::start().await;
    let mut watcher = watcher(&server).await;
    let mut socket = Socket::of(&server.user().await).await;
    assert_eq!(told(&mut watcher).await, ada(ONLINE));
    socket.call("logout", json!([])).await;
    assert_eq!(told(&mut watcher).await, ada(OFFLINE));
}

#[tokio::test]
async fn a_lost_socket_shows_as_offline_only_after_the_grace() {
    let server = TestServer::start().await;
    let mut watcher = watcher(&server).await;
    let client = server.user().await;
    let lost = Socket::of(&client).await;
    assert_eq!(told(&mut watcher).await, ada(ONLINE));
    drop(lost);
    let admin = server.admin().await;
    // Its end may not have been noticed yet: it counts all the same.
    assert_eq!(status(&admin, client.id()).await, "online");
    wait_until_lost(&server, &admin).await;
    server.pass(GRACE_MILLIS - 1);
    assert_eq!(status(&admin, client.id()).await, "online");
    server.pass(1);
    assert_eq!(told(&mut watcher).await, ada(OFFLINE));
    assert_eq!(watcher.left(), Vec::<Value>::new(), "nothing else was told");
}

/// Waits until the server has noticed the end of a socket: then its seat is free.
async fn wait_until_lost(server: &TestServer, admin: &Client) {
    // Two sockets are allowed: that of the watcher, and this one once the other is gone.
    let limit = json!({"value": 2});
    let set = admin
        .post_confirmed(
            "settings/Presence_Max_Connections",
            &limit,
            "password",
            crate::support::server::PASSWORD_DIGEST,
        )
        .await;
    set.expect(200);
    eventually(async || {
        let upgrade = [
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ];
        let answer = server.anonymous().send("GET", "/websocket", &upgrade, "").await;
        assert!([101, 503].contains(&answer.status), "{}", answer.status);
        answer.status == 101
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_within_the_grace_was_never_away_and_nobody_is_told() {
    let server = TestServer::start().await;
    let mut watcher = watcher(&server).await;
    let client = server.user().await;
    let mut socket = Socket::of(&client).await;
    assert_eq!(told(&mut watcher).await, ada(ONLINE));
    assert_eq!(socket.result("UserPresence:away", json!([])).await, json!(true));
    assert_eq!(told(&mut watcher).await, ada(AWAY));
    for _ in 0..3 {
        socket.close().await;
        server.pass(GRACE_MILLIS - 1);
        socket = Socket::of(&client).await;
    }
    // The next event is the one after it, so that it caused none.
    assert_eq!(socket.result("setUserStatus", json!(["busy"])).await, Value::Null);
    assert_eq!(told(&mut watcher).await, ada(BUSY));
    server.pass(2 * GRACE_MILLIS);
    assert_eq!(socket.result("setUserStatus", json!(["online"])).await, Value::Null);
    assert_eq!(told(&mut watcher).await, ada(AWAY), "as it was before");
    assert_eq!(watcher.left(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_socket_says_whether_its_user_is_at_it() {
    let server = TestServer::start().await;
    let mut watcher = watcher(&server).await;
    let client = server.user().await;
    let mut one = Socket::of(&client).await;
    assert_eq!(told(&mut watcher).await, ada(ONLINE));
    let mut other = Socket::of(&client).await;
    for (socket, method) in [(&mut one, "UserPresence:away"), (&mut other, "UserPresence:away")] {
        assert_eq!(socket.result(method, json!([])).await, json!(true));
    }
    // Away only when both are.
    assert_eq!(told(&mut watcher).await, ada(AWAY));
    assert_eq!(one.result("UserPresence:online", json!([])).await, json!(true));
    assert_eq!(told(&mut watcher).await, ada(ONLINE));
    // The declared status is above it.
    one.result("UserPresence:setDefaultStatus", json!(["busy"])).await;
    assert_eq!(told(&mut watcher).await, ada(BUSY));
    one.result("UserPresence:away", json!([])).await;
    let me = client.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&me["status"], &me["connectionStatus"]),
        (&json!("busy"), &json!("away"))
    );
    // A socket without a login belongs to no user.
    let mut nobody = Socket::connected(server.address).await;
    assert_eq!(nobody.result("UserPresence:online", json!([])).await, json!(false));
}

#[tokio::test]
async fn with_the_rule_of_newer_servers_only_a_socket_makes_a_status_show() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::PresenceRequiresConnection, SettingValue::Flag(true))],
        );
    })
    .await;
    let mut watcher = watcher(&server).await;
    let client = server.user().await;
    client
        .post("users.setStatus", &json!({"status": "busy"}))
        .await
        .expect(200);
    let admin = server.admin().await;
    assert_eq!(status(&admin, client.id()).await, "offline");
    let mut socket = Socket::of(&client).await;
    // The claim was sent as the text of an absent user.
    while told(&mut watcher).await != ada(BUSY) {}
    assert_eq!(status(&admin, client.id()).await, "busy");
    socket.call("logout", json!([])).await;
    while told(&mut watcher).await != ada(OFFLINE) {}
}

#[tokio::test]
async fn connections_are_counted_while_they_last() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let admin = server.admin().await;
    let count = async || admin.get("presence.getConnections").await.expect(200)["current"].clone();
    assert_eq!(count().await, 0);
    let mut ada = Socket::of(&server.user().await).await;
    let _bob = Socket::of(&server.logged_in("bob").await).await;
    let _nobody = Socket::connected(server.address).await;
    assert_eq!(count().await, 2);
    ada.call("logout", json!([])).await;
    assert_eq!(count().await, 1);
}

/// A stopped server at which ada was, from which bob was away, and cleo's token ended since.
async fn stopped() -> (Arc<TempDir>, [Client; 3]) {
    let server = TestServer::start().await;
    for username in ["bob", "cleo"] {
        server.command(create_user(username)).await;
    }
    let mut clients = Vec::new();
    let mut sockets = Vec::new();
    for username in ["ada", "bob", "cleo"] {
        let client = server.logged_in(username).await;
        sockets.push(Socket::of(&client).await);
        clients.push(client);
    }
    sockets[1].result("UserPresence:away", json!([])).await;
    let folder = server.stop().await;
    for socket in &mut sockets {
        assert_eq!(socket.end().await, Some(1001));
    }
    let user = "cleo".to_owned();
    let revoke = Command::RevokeTokensOf { user };
    let revoked = admin_socket::run(
        &folder.path().join("data"),
        overrides(&folder.path().join("data")),
        revoke,
    )
    .await;
    revoked.expect("the command is carried out");
    (folder, clients.try_into().expect("three"))
}

#[tokio::test]
async fn who_comes_back_after_a_restart_was_never_away_and_nobody_is_told() {
    let (folder, clients) = stopped().await;
    let server = TestServer::open(folder, |_| {}).await;
    let admin = server.admin().await;
    let [ada_now, bob_now, cleo_now] = clients.map(|client| server.anonymous().with_login(client.id(), client.token()));
    assert_eq!(status(&admin, ada_now.id()).await, "online");
    assert_eq!(status(&admin, bob_now.id()).await, "away");
    assert_eq!(status(&admin, cleo_now.id()).await, "offline");
    let mut watcher = watcher(&server).await;
    server.pass(GRACE_MILLIS - 1);
    let mut socket = Socket::of(&ada_now).await;
    // The next event is the one after it, so that it caused none.
    assert_eq!(socket.result("setUserStatus", json!(["busy"])).await, Value::Null);
    assert_eq!(told(&mut watcher).await, ada(BUSY));
    server.pass(1);
    assert_eq!(told(&mut watcher).await, ("bob".to_owned(), OFFLINE));
    assert_eq!(watcher.left(), Vec::<Value>::new());
}

#[tokio::test]
async fn nobody_is_waited_for_after_a_server_was_away_for_long() {
    let (folder, [ada, bob, _]) = stopped().await;
    let server = TestServer::open(folder, |options| {
        options.clock = Clock::set_by(SetClock::at(BEGINNING + RESTART_MILLIS + 1));
    })
    .await;
    let admin = server.admin().await;
    for client in [ada, bob] {
        assert_eq!(status(&admin, client.id()).await, "offline");
    }
}

#[tokio::test]
async fn a_killed_server_leaves_no_ghost() {
    let mut server = Process::start_in(new_folder(), |_| {});
    let admin = server.admin().await;
    let mut socket = Socket::of(&admin).await;
    server.signal(libc::SIGTERM);
    assert_eq!(socket.end().await, Some(1001));
    assert_eq!(server.wait().0.code(), Some(0));
    // It knows who was here a moment ago, and is killed with a socket open.
    let again = Process::start_in(server.folder.clone(), |_| {});
    let admin = again.anonymous().with_login(admin.id(), admin.token());
    let socket = Socket::of(&admin).await;
    assert_eq!(status(&admin, admin.id()).await, "online");
    let folder = again.kill();
    drop(socket);
    let third = Process::start_in(folder, |_| {});
    let admin = third.anonymous().with_login(admin.id(), admin.token());
    if is_in_cluster() {
        // The second server may have reported its users, if the lease of the first one had not ended. Its own lease ends too.
        eventually(async || status(&admin, admin.id()).await == "offline").await;
    }
    assert_eq!(status(&admin, admin.id()).await, "offline");
}

#[tokio::test]
async fn the_end_of_a_socket_is_when_its_user_was_last_seen() {
    let server = TestServer::start().await;
    let client = server.user().await;
    let socket = Socket::of(&client).await;
    server.pass(10 * MINUTE);
    let admin = server.admin().await;
    drop(socket);
    let before = rollcall::domain::Timestamp::from_millis(crate::support::server::BEGINNING);
    let now = before.plus_minutes(10).to_string();
    eventually(async || {
        let info = format!("users.info?userId={}", client.id());
        admin.get(&info).await.expect(200)["user"]["lastSeen"] == now
    })
    .await;
}
