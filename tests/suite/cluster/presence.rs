//! All servers show the same people, wherever these are connected.

use serde_json::{Value, json};

use super::SharedStore;
use crate::support::server::USER;
use crate::support::{Client, Socket, TestServer, eventually};

/// Returns the status of the user as the viewer sees it.
async fn status(viewer: &Client, id: &str) -> String {
    let body = viewer.get(&format!("users.getStatus?userId={id}")).await.expect(200);
    body["status"].as_str().expect("a status").to_owned()
}

async fn shows(viewers: &[&Client], id: &str, expected: &str) {
    for viewer in viewers {
        eventually(async || status(viewer, id).await == expected).await;
    }
}

/// Returns the numbers of the statuses that a watcher receives, up to this one.
async fn told_until(watcher: &mut Socket, last: u64) -> Vec<u64> {
    let mut told = Vec::new();
    while told.last() != Some(&last) {
        let args = watcher.event("notify-logged", "user-status").await;
        if args[0][1] == USER {
            told.push(args[0][2].as_u64().expect("a number"));
        }
    }
    told
}

async fn watcher(server: &TestServer) -> Socket {
    let mut socket = Socket::of(&server.admin().await).await;
    socket.listen("notify-logged", "user-status").await;
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_at_one_server_shows_at_both_and_counts_until_its_grace_has_passed() {
    let store = SharedStore::new();
    let (one, other) = (store.first().await, store.further().await);
    let (here, there) = (one.admin().await, other.admin().await);
    let mut watcher = watcher(&other).await;
    let ada = one.user().await;
    let mut socket = Socket::of(&ada).await;
    shows(&[&here, &there], ada.id(), "online").await;
    socket.call("UserPresence:away", json!([])).await;
    shows(&[&here, &there], ada.id(), "away").await;
    // A second connection at the other server makes her online, and its end away again.
    let second = Socket::of(&ada.at(other.address)).await;
    shows(&[&here, &there], ada.id(), "online").await;
    second.close().await;
    other.pass(6_000);
    shows(&[&here, &there], ada.id(), "away").await;
    socket.close().await;
    one.pass(6_000);
    shows(&[&here, &there], ada.id(), "offline").await;
    assert_eq!(told_until(&mut watcher, 0).await, [1, 2, 1, 2, 0]);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reconnects_at_another_server_within_the_grace_never_went() {
    let store = SharedStore::new();
    let (one, other) = (store.first().await, store.further().await);
    let there = other.admin().await;
    let mut watcher = watcher(&other).await;
    let ada = one.user().await;
    let socket = Socket::of(&ada).await;
    shows(&[&there], ada.id(), "online").await;
    socket.close().await;
    let back = Socket::of(&ada.at(other.address)).await;
    one.pass(6_000);
    // The other server has followed the report after the grace when it has this.
    let admin = one.admin().await;
    admin.create_status("after the grace", "busy").await.expect(200);
    eventually(async || there.status_names().await.contains(&"after the grace".to_owned())).await;
    shows(&[&there], ada.id(), "online").await;
    back.close().await;
    other.pass(6_000);
    assert_eq!(told_until(&mut watcher, 0).await, [1, 0]);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_later_shows_who_is_connected_elsewhere_and_lists_of_changes_miss_nobody() {
    let store = SharedStore::new();
    let one = store.first().await;
    let ada = one.user().await;
    let _socket = Socket::of(&ada).await;
    let other = store.further().await;
    let there = other.admin().await;
    shows(&[&there], ada.id(), "online").await;
    // A time from an answer of the first server, at the other one.
    let here = one.admin().await;
    let at = here.get("users.presence").await.expect(200);
    let from = at["from"].as_str().unwrap_or("2023-11-04T11:44:23.366Z").to_owned();
    let body = there.get(&format!("users.presence?from={from}")).await.expect(200);
    let listed = |body: &Value| {
        let users = body["users"].as_array().expect("a list").clone();
        users.iter().any(|user| user["_id"] == ada.id())
    };
    assert!(listed(&body), "{body}");
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_connected_to_a_killed_server_is_offline_when_its_lease_has_ended() {
    let store = SharedStore::new();
    let (one, killed) = (store.process(), store.process());
    let here = one.admin().await;
    let _socket = Socket::of(&here.at(killed.address)).await;
    shows(&[&here], here.id(), "online").await;
    killed.kill();
    shows(&[&here], here.id(), "offline").await;
}
