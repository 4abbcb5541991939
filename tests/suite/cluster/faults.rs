//! What the surroundings may do: the cluster is away, or a process sleeps for longer than its lease.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use super::SharedStore;
use crate::support::etcd::Etcd;
use crate::support::process::{serve, signal};
use crate::support::server::new_folder;
use crate::support::{Client, Process, Socket, eventually};

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

/// Starts a process whose log goes to a file, and waits until it says that it waits for the cluster for this reason.
async fn waiting(store: &Arc<SharedStore>, reason: &str) -> JoinHandle<Result<Process, String>> {
    let home = new_folder();
    let path = home.path().join("log");
    let log = File::create(&path).expect("a file");
    let store = Arc::clone(store);
    let into_file = |command: &mut Command| {
        command.stderr(log);
    };
    let starting = spawn_blocking(move || store.try_process(into_file));
    let waits = async || {
        let told = std::fs::read_to_string(&path).expect("a log");
        told.contains("waiting until the cluster takes writes") && told.contains(reason)
    };
    eventually(waits).await;
    starting
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_waits_at_its_start_until_the_cluster_answers_and_has_room() {
    let mut etcd = Etcd::start();
    let store = Arc::new(SharedStore::in_etcd(&etcd));
    // An etcd that is killed while it begins may not come back.
    etcd.control(&["endpoint", "health"]);
    etcd.kill();
    let starting = waiting(&store, "no node answers").await;
    etcd.start_again();
    let one = starting.await.expect("a thread").expect("it starts");
    one.admin().await.create_status("one", "busy").await.expect(200);
    drop(one.kill());
    etcd.kill();
    etcd.start_again_with_quota(1);
    let starting = waiting(&store, "its database is full").await;
    etcd.kill();
    etcd.start_again();
    etcd.control(&["alarm", "disarm"]);
    let other = starting.await.expect("a thread").expect("it starts");
    assert_eq!(other.admin().await.status_names().await, ["one"]);
}

#[test]
fn a_server_that_waits_for_its_cluster_ends_when_it_is_told() {
    let home = new_folder();
    let mut command = serve(home.path());
    // With one thread, a start that waits on it would not learn of the signal.
    command
        .env("ROLLCALL_STORE", "etcd://127.0.0.1:1/acme")
        .env("TOKIO_WORKER_THREADS", "1");
    let mut server = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut log = BufReader::new(server.stderr.take().expect("a pipe")).lines();
    let waits = |line: std::io::Result<String>| line.expect("text").contains("waiting until the cluster takes writes");
    assert!(log.any(waits), "it waits");
    signal(server.id(), libc::SIGTERM);
    assert!(server.wait().expect("it ends").success());
    let rest: Vec<_> = log.map(|line| line.expect("text")).collect();
    assert!(
        rest.iter().any(|line| line.contains("stopped before it listened")),
        "{rest:?}"
    );
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
