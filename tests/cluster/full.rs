//! A database that is full: etcd takes no writes until it is freed.

use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::caller::Reply;
use crate::trial::Trial;
use crate::waiting::{until, until_true};

/// The room that is left below the quota before it is filled: the load alone writes half a megabyte a second.
const ROOM_BYTES: u64 = 64 << 20;

/// The size of one value that fills the database.
const VALUE_BYTES: usize = 1 << 20;

/// The prefix of the keys that fill the database. No server has keys there.
const PREFIX: &str = "/filling/";

/// Fills the database, and frees it.
pub async fn fill_and_free(trial: &mut Trial) {
    let mut largest = 0;
    for number in 0..3 {
        let state = async || trial.nodes.state(number).await;
        largest = until("the size of a database", state).await.database_bytes.max(largest);
    }
    println!("the databases have {largest} bytes");
    set_quota(trial, Some(largest + ROOM_BYTES)).await;
    println!("the databases have a quota");
    let mut number = 0;
    while put(&trial.nodes.clients(), number).await {
        number += 1;
        assert!(number < 500, "the database is never full");
    }
    println!("the databases are full after {number} values");
    let starts = trial.servers.starts();
    for admin in &trial.servers.admins {
        let body =
            json!({"name": format!("while full at {}", admin.server), "statusType": "busy", "durationMinutes": 1});
        let is_refused = async || {
            let reply = admin.post("custom-user-status.create", &body).await;
            matches!(reply, Reply::Refused(507, _))
        };
        until_true("a server that says that it is full", is_refused).await;
    }
    let alarms = trial.nodes.control(&["alarm", "list"]).await;
    assert!(alarms.contains("NOSPACE"), "{alarms}");
    trial.nodes.control(&["del", "--prefix", PREFIX]).await;
    let revision = trial.nodes.revision().await.to_string();
    trial.nodes.control(&["compact", "--physical", &revision]).await;
    for node in 0..3 {
        let defragment = async || trial.nodes.try_control(Some(node), &["defrag"]).await.ok();
        until("a defragmentation", defragment).await;
    }
    trial.nodes.control(&["alarm", "disarm"]).await;
    println!("the databases are free");
    trial.load.until_written_at(&[0, 1, 2]).await;
    assert_eq!(
        trial.servers.starts(),
        starts,
        "no server ends because the database is full"
    );
    set_quota(trial, None).await;
}

/// Starts the nodes again, one after the other, with this limit of the database.
async fn set_quota(trial: &mut Trial, bytes: Option<u64>) {
    for number in 0..3 {
        let node = &mut trial.nodes.nodes[number];
        node.set_quota(bytes);
        node.kill().await;
        node.start_again().await;
        trial.nodes.until_healthy().await;
    }
}

/// Puts a large value. Returns `false` if the database is full.
async fn put(clients: &str, number: usize) -> bool {
    let mut child = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .args(["--endpoints", clients, "put", &format!("{PREFIX}{number}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("etcdctl runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(&vec![b'x'; VALUE_BYTES]).await.expect("etcdctl reads");
    drop(input);
    let output = child.wait_with_output().await.expect("etcdctl ends");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || words.contains("exceeded"), "{words}");
    output.status.success()
}
