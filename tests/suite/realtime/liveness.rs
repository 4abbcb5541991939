//! Clients that are silent, slow, stopped or gone.

use std::process::Stdio;
use std::time::Duration;

use rollcall::hub::GRACE_MILLIS;
use rollcall::realtime::Timing;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::support::process::signal;
use crate::support::server::{PASSWORD_DIGEST, create_user};
use crate::support::{Client, Socket, TestServer, eventually};

/// A server that loses its patience with clients after so many milliseconds of silence.
async fn impatient(millis: u64) -> TestServer {
    TestServer::start_with(|options| {
        options.timing = Timing {
            heartbeat: Duration::from_millis(millis),
            ..Timing::default()
        };
    })
    .await
}

/// Lets the grace pass again and again until a user is offline.
async fn wait_until_offline(server: &TestServer, viewer: &Client, id: &str) {
    eventually(async || {
        server.pass(GRACE_MILLIS);
        let status = viewer.get(&format!("users.getStatus?userId={id}")).await.expect(200);
        status["status"] == "offline"
    })
    .await;
}

#[tokio::test]
async fn a_silent_client_is_asked_once_and_then_closed() {
    let server = impatient(200).await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut socket = Socket::of(&ada).await;
    assert_eq!(socket.end().await, Some(4000));
    let pings = socket
        .left()
        .iter()
        .filter(|message| **message == json!({"msg": "ping"}))
        .count();
    assert_eq!(pings, 1);
    wait_until_offline(&server, &admin, ada.id()).await;
}

#[tokio::test]
async fn a_client_that_answers_stays() {
    // Long enough for a client on a machine that is busy.
    let server = impatient(1500).await;
    let mut socket = Socket::of(&server.user().await).await;
    for _ in 0..2 {
        socket.find(|message| *message == json!({"msg": "ping"})).await;
        socket.say(json!({"msg": "pong"})).await;
    }
    // Whatever a client says is a sign of life.
    for _ in 0..2 {
        socket.find(|message| *message == json!({"msg": "ping"})).await;
        socket.say(json!({"server_id": "0"})).await;
    }
    socket.ping().await;
}

#[tokio::test]
async fn somebody_whose_connection_is_reset_is_gone_after_the_grace() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut watcher = Socket::of(&admin).await;
    watcher.listen("notify-logged", "user-status").await;
    let socket = Socket::of(&ada).await;
    assert_eq!(watcher.event("notify-logged", "user-status").await[0][2], 1);
    socket.reset();
    wait_until_offline(&server, &admin, ada.id()).await;
    assert_eq!(watcher.event("notify-logged", "user-status").await[0][2], 0);
}

const ADDRESS: &str = "ROLLCALL_TEST_ADDRESS";
const TOKEN: &str = "ROLLCALL_TEST_TOKEN";

/// Not a test of its own: the client that [`a_stopped_client_delays_nobody_and_is_told_to_come_back`] stops.
#[tokio::test]
#[allow(clippy::print_stderr, reason = "the other test listens to it")]
#[ignore = "a client for another test, in a process of its own"]
async fn a_client_in_a_process_of_its_own() {
    let (Ok(address), Ok(token)) = (std::env::var(ADDRESS), std::env::var(TOKEN)) else {
        return;
    };
    let mut socket = Socket::connected(address.parse().expect("an address")).await;
    socket.resume(&token).await;
    socket.listen("notify-all", "public-settings-changed").await;
    eprintln!("listening");
    let end = socket.end().await;
    eprintln!("closed {end:?}");
}

/// Sends some 8,000 bytes to all who listen to public settings, and returns them.
async fn rename_site(admin: &Client, number: u32) -> Value {
    let words = Value::from(format!("{number} {}", "x".repeat(8000)));
    let body = json!({"value": words});
    let path = "settings/Site_Name";
    let answer = admin.post_confirmed(path, &body, "password", PASSWORD_DIGEST).await;
    answer.expect(200);
    words
}

#[tokio::test]
async fn a_client_that_takes_nothing_for_long_is_closed_however_little_waits_for_it() {
    /// More than a system keeps for a socket, and less than the server does.
    const TOLD: u32 = 800;
    let server = TestServer::start_with(|options| {
        options.timing = Timing {
            // Else it is closed because it says nothing.
            heartbeat: Duration::from_mins(10),
            send: Duration::from_millis(100),
        };
    })
    .await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut lazy = Socket::of(&ada).await;
    lazy.listen("notify-all", "public-settings-changed").await;
    for number in 0..TOLD {
        rename_site(&admin, number).await;
    }
    let closed = wait_until_offline(&server, &admin, ada.id());
    timeout(Duration::from_mins(1), closed).await.expect("it is closed");
}

#[tokio::test]
async fn a_stopped_client_delays_nobody_and_is_told_to_come_back() {
    let server = TestServer::start_with(|options| options.timing.send = Duration::from_secs(5)).await;
    server.command(create_user("bob")).await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut child = Command::new(std::env::current_exe().expect("the test itself"))
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("realtime::liveness::a_client_in_a_process_of_its_own")
        .env(ADDRESS, server.address.to_string())
        .env(TOKEN, ada.token())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client starts");
    let id = child.id().expect("it runs");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut next = async || said.next_line().await.expect("text").expect("a line");
    assert_eq!(next().await, "listening");
    let mut other = Socket::of(&server.logged_in("bob").await).await;
    other.listen("notify-all", "public-settings-changed").await;

    signal(id, libc::SIGSTOP);
    let mut told = 0_u32;
    loop {
        told += 1;
        let words = rename_site(&admin, told).await;
        // All others get it before the next one.
        let heard = other.event("notify-all", "public-settings-changed").await;
        assert_eq!(heard[1]["value"], words);
        server.pass(GRACE_MILLIS);
        let status = admin
            .get(&format!("users.getStatus?userId={}", ada.id()))
            .await
            .expect(200);
        if status["status"] == "offline" {
            break;
        }
    }
    signal(id, libc::SIGCONT);
    assert_eq!(next().await, "closed Some(1013)");
    assert!(child.wait().await.expect("the client ends").success());
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_and_others_are_not() {
    let server = TestServer::start_with(|options| options.timing.send = Duration::from_millis(500)).await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut lazy = Socket::of(&ada).await;
    let mut busy = Socket::of(&admin).await;
    // It asks and asks, and never hears the answers.
    let question = json!({"msg": "sub", "id": "x".repeat(128), "name": "y".repeat(4000), "params": []});
    loop {
        let asked = timeout(
            Duration::from_secs(2),
            futures_util::SinkExt::send(
                &mut lazy.stream,
                tokio_tungstenite::tungstenite::Message::text(question.to_string()),
            ),
        )
        .await;
        busy.ping().await;
        // The server reads no more, or has closed.
        if !matches!(asked, Ok(Ok(()))) {
            break;
        }
    }
    wait_until_offline(&server, &admin, ada.id()).await;
    busy.ping().await;
}
