//! What the surroundings may do: the cluster is away, or a process sleeps for longer than its lease.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::SharedStore;
use crate::support::etcd::Etcd;
use crate::support::server::new_folder;
use crate::support::{Client, Socket, eventually};

/// Creates statuses one after the other until one is refused in another way than by 503. Returns the names of those that
/// were acknowledged.
async fn create_until_told(
    admin: Client,
    prefix: String,
    mut stopped: tokio::sync::watch::Receiver<bool>,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while !*stopped.borrow_and_update() {
        let name = format!("{prefix} {number:05}");
        let answer = admin.create_status(&name, "busy").await;
        match answer.status {
            200 => acknowledged.push(name),
            503 => {}
            _ => panic!("{answer:?}"),
        }
        number += 1;
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_killed_and_comes_back_has_all_that_was_acknowledged() {
    let mut etcd = Etcd::start();
    let store = SharedStore::in_etcd(&etcd);
    let (one, other) = (store.first().await, store.further().await);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut callers = Vec::new();
    for (number, server) in [&one, &other, &one, &other].into_iter().enumerate() {
        let admin = server.admin().await;
        callers.push(tokio::spawn(create_until_told(
            admin,
            format!("caller {number}"),
            stopped.clone(),
        )));
    }
    let admin = one.admin().await;
    for round in 0..3 {
        let before = admin.status_names().await.len();
        eventually(async || admin.status_names().await.len() > before + 5).await;
        etcd.kill();
        // Reads go on without the cluster.
        assert!(admin.status_names().await.len() > before, "round {round}");
        etcd.start_again();
    }
    let before = admin.status_names().await.len();
    eventually(async || admin.status_names().await.len() > before + 5).await;
    stop.send(true).expect("the callers listen");
    let mut acknowledged = Vec::new();
    for caller in callers {
        acknowledged.extend(caller.await.expect("a caller"));
    }
    for server in [&one, &other] {
        let viewer = server.admin().await;
        let has_all = async || {
            let names = viewer.status_names().await;
            acknowledged.iter().all(|name| names.contains(name))
        };
        eventually(has_all).await;
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_lost_the_cluster_sends_its_clients_elsewhere_until_it_is_back() {
    let mut etcd = Etcd::start();
    let store = SharedStore::in_etcd(&etcd);
    let server = store.first().await;
    let admin = server.admin().await;
    let anonymous = server.anonymous();
    let ready = async || anonymous.send("GET", "/readyz", &[], "").await;
    let body = ready().await.json();
    assert_eq!(body["checks"]["cluster"], "ok", "{body}");
    let mut socket = Socket::of(&admin).await;
    etcd.kill();
    // Its lease may have ended some seconds later.
    let lost = async || ready().await.status == 503;
    eventually(lost).await;
    let body = ready().await.json();
    assert_eq!(body["checks"]["cluster"], "unavailable", "{body}");
    let refused = admin.get("me").await;
    assert_eq!(refused.header("retry-after"), Some("2"));
    assert_eq!(refused.expect(503)["errorType"], "error-cluster-lost");
    let page = anonymous.send("GET", "/", &[("accept", "text/html")], "").await;
    assert_eq!((page.status, page.header("refresh")), (503, Some("2")));
    assert_eq!(anonymous.send("GET", "/livez", &[], "").await.status, 200);
    assert_eq!(socket.end().await, Some(1012));
    etcd.start_again();
    eventually(async || ready().await.status == 200).await;
    admin.create_status("back", "busy").await.expect(200);
    let mut socket = Socket::of(&admin).await;
    socket.call("UserPresence:online", json!([])).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes 15 seconds; .ci/run runs it"]
async fn a_process_that_slept_for_longer_than_its_lease_ends_and_writes_nothing_more() {
    let store = SharedStore::new();
    let (one, mut sleeper) = (store.process(), store.process());
    let admin = one.admin().await;
    let there = admin.at(sleeper.address);
    there.create_status("before", "busy").await.expect(200);
    sleeper.signal(libc::SIGSTOP);
    let late = tokio::spawn(async move { there.create_status("after", "busy").await.status });
    // The lease ends after ten seconds.
    sleep(Duration::from_secs(14)).await;
    sleeper.signal(libc::SIGCONT);
    let (status, log) = sleeper.wait();
    assert!(!status.success(), "{log}");
    let last = "the membership of the cluster ended unexpectedly: the other processes count this one as gone";
    assert!(log.contains(last), "{log}");
    // The caller was refused or cut off.
    assert_ne!(late.await.ok(), Some(200));
    assert_eq!(admin.status_names().await, ["before"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_was_restored_from_a_snapshot_is_not_followed() {
    let mut etcd = Etcd::start();
    let store = SharedStore::in_etcd(&etcd);
    let mut process = store.process();
    let admin = process.admin().await;
    let home = new_folder();
    let snapshot = home.path().join("snapshot");
    etcd.control(&["snapshot", "save", snapshot.to_str().expect("a path")]);
    admin
        .create_status("lost with the restoration", "busy")
        .await
        .expect(200);
    etcd.kill();
    etcd.restore(&snapshot);
    etcd.start_again();
    let (status, log) = process.wait();
    assert!(!status.success(), "{log}");
    // Its lease may be missing in the snapshot.
    let reasons = ["was restored from a snapshot", "count this one as gone"];
    assert!(reasons.iter().any(|reason| log.contains(reason)), "{log}");
    let again = store.process();
    assert_eq!(again.admin().await.status_names().await, [""; 0]);
}
