//! A store moves into a cluster and back, and a backup is restored there.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use rollcall::domain::{CustomStatus, CustomStatusId, StatusName, StatusType, Timestamp};
use rollcall::store::{Change, Store};
use serde_json::json;

use super::SharedStore;
use crate::backup::restore::{READS, reads};
use crate::support::backup::{done, download, refused};
use crate::support::etcd::Etcd;
use crate::support::pictures::halves;
use crate::support::process::rollcall;
use crate::support::server::{BEGINNING, UNLIMITED, fix, new_folder};
use crate::support::{Client, Process, TestServer};

/// Starts a server whose store is in its data folder, in every run, with what a store may have.
async fn filled() -> (TestServer, Client) {
    let server = TestServer::start_with(|options| {
        fix(options, &[UNLIMITED]);
        options.fixed.cluster = None;
    })
    .await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let picture = halves(60, 40, image::ImageFormat::Png);
    assert_eq!(ada.upload(&picture, &[]).await.status, 200);
    for (name, kind) in [("lunch", "away"), ("café", "online")] {
        admin.create_status(name, kind).await.expect(200);
    }
    admin
        .post("settings/Site_Name", &json!({"value": "Ours"}))
        .await
        .expect(200);
    (server, admin)
}

async fn same(expected: &[String], admin: &Client) {
    let found = reads(admin).await;
    for ((endpoint, found), expected) in READS.iter().zip(&found).zip(expected) {
        assert_eq!(found, expected, "{endpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_moves_into_a_cluster_and_back_with_all_it_has() {
    let (server, admin) = filled().await;
    let expected = reads(&admin).await;
    let picture = admin.send("GET", "/avatar/ada", &[], "").await.body;
    let folder = server.stop().await;
    let store = SharedStore::new();
    let address = store.address.to_string();
    let words = done(folder.path(), &["migrate", "--from", "data", "--to", &address]);
    assert!(words.contains("and compared them"), "{words}");
    assert!(words.contains("the same secret.key"), "{words}");

    let server = TestServer::open(Arc::clone(&folder), |options| {
        fix(options, &[UNLIMITED]);
        options.fixed.cluster = Some(store.address.clone());
    })
    .await;
    let there = admin.at(server.address);
    same(&expected, &there).await;
    assert_eq!(there.send("GET", "/avatar/ada", &[], "").await.body, picture);
    there.create_status("in the cluster", "busy").await.expect(200);
    let expected = reads(&there).await;
    let words = refused(folder.path(), &["migrate", "--from", &address, "--to", "back"]);
    assert!(words.contains("a server uses the store"), "{words}");
    server.stop().await;

    let words = done(folder.path(), &["migrate", "--from", &address, "--to", "back"]);
    assert!(words.contains("secret.key into the folder"), "{words}");
    let back = new_folder();
    fs::rename(folder.path().join("back"), back.path().join("data")).expect("a folder");
    fs::copy(
        folder.path().join("data/secret.key"),
        back.path().join("data/secret.key"),
    )
    .expect("a key");
    let server = TestServer::open(back, |options| {
        fix(options, &[UNLIMITED]);
        options.fixed.cluster = None;
    })
    .await;
    same(&expected, &admin.at(server.address)).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_moved_is_refused_and_nothing_is_written() {
    let (server, _) = filled().await;
    let store = SharedStore::new();
    let address = store.address.to_string();
    let data = server.data_dir();
    let from = data.to_str().expect("a path");
    let home = new_folder();
    let words = refused(home.path(), &["migrate", "--from", from, "--to", &address]);
    assert!(words.contains("is in use by another process"), "{words}");
    let words = refused(home.path(), &["migrate", "--from", "nothing", "--to", &address]);
    assert!(words.contains("there is no store in nothing"), "{words}");
    let words = refused(home.path(), &["migrate", "--from", &address, "--to", "there"]);
    assert!(words.contains(&format!("there is no store {address}")), "{words}");
    let folder = server.stop().await;
    // None of these has begun a store in the cluster, so that this one begins it.
    done(folder.path(), &["migrate", "--from", "data", "--to", &address]);
    let words = refused(folder.path(), &["migrate", "--from", "data", "--to", &address]);
    assert!(words.contains("already, and it is not replaced"), "{words}");
    assert!(words.contains("etcdctl del --prefix /rollcall/"), "{words}");
    let words = refused(folder.path(), &["migrate", "--from", &address, "--to", "data"]);
    assert!(words.contains("has a store already"), "{words}");
}

/// Writes a store with this number of statuses to a data folder.
async fn statuses(data: &Path, number: usize) {
    let store = Store::open(data).expect("a store");
    let status = |number: usize| CustomStatus {
        id: CustomStatusId::new(&format!("id {number:05}")),
        name: StatusName::parse(&format!("status {number:05}")).expect("a name"),
        status_type: StatusType::Busy,
        emoji: None,
        duration: None,
        updated_at: Timestamp::from_millis(BEGINNING),
    };
    let all: Vec<_> = (0..number).map(status).collect();
    for part in all.chunks(500) {
        let change = part.iter().fold(Change::new(), Change::insert);
        store.commit(change).await.expect("a commit");
    }
    store.close().await;
}

/// Kills a move after it has begun to write. Returns the address of the unfinished store.
fn unfinished(etcd: &Etcd, home: &Path) -> String {
    for attempt in 0.. {
        let address = etcd.store_of(&home.join(format!("attempt-{attempt}")));
        let has_key = |key: &str| {
            !etcd
                .control(&["get", &format!("/rollcall/{}/meta/{key}", address.name)])
                .is_empty()
        };
        let mut command = rollcall(home);
        command.args(["migrate", "--from", "data", "--to", &address.to_string()]);
        let mut moving = command
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        while !has_key("copying") && moving.try_wait().expect("a process").is_none() {}
        moving.kill().expect("a process");
        moving.wait().expect("it ends");
        // It may have been faster.
        if has_key("copying") && !has_key("format") {
            return address.to_string();
        }
    }
    unreachable!("attempts do not end")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_move_is_finished_by_the_same_command_and_by_no_other() {
    const STATUSES: usize = 5000;
    let etcd = Etcd::start();
    let (home, other) = (new_folder(), new_folder());
    statuses(&home.path().join("data"), STATUSES).await;
    statuses(&other.path().join("data"), 1).await;
    let address = unfinished(&etcd, home.path());
    let started = Process::try_start_in(new_folder(), |command| {
        command.env("ROLLCALL_STORE", &address);
    });
    let words = started.err().expect("it does not start");
    assert!(words.contains("a copy into it is not finished"), "{words}");
    let words = refused(other.path(), &["migrate", "--from", "data", "--to", &address]);
    assert!(words.contains("finish it by its own command"), "{words}");
    let words = done(home.path(), &["migrate", "--from", "data", "--to", &address]);
    assert!(words.contains(&format!("copied {}", 2 * STATUSES)), "{words}");
    let sound = done(home.path(), &["check", "--store", &address]);
    assert_eq!(sound.trim(), "the store is sound");
    let listed = done(home.path(), &["status", "list", "--store", &address]);
    assert_eq!(
        listed.lines().filter(|line| line.contains("status 0")).count(),
        STATUSES
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_a_cluster_that_has_no_such_store() {
    let (server, admin) = filled().await;
    let expected = reads(&admin).await;
    let backup = download(&admin).await;
    assert_eq!(backup.status, 200);
    let with_key = server.folder.path().join("with-key.backup");
    let path = with_key.to_str().expect("a path");
    done(server.folder.path(), &["backup", path, "--with-key"]);
    let store = SharedStore::new();
    let address = store.address.to_string();
    let home = new_folder();
    fs::write(home.path().join("x.backup"), &backup.body).expect("a file");
    let words = done(home.path(), &["restore", "x.backup", "--store", &address]);
    assert!(words.contains(&format!("into {address}: 2 users")), "{words}");
    let words = refused(home.path(), &["restore", "x.backup", "--store", &address]);
    assert!(words.contains("already, and it is not replaced"), "{words}");

    // With the key in the backup, the folder gets it, and is enough to serve.
    let second = format!("{address}-2");
    done(home.path(), &["restore", path, "--store", &second]);
    let key = fs::read(home.path().join("data/secret.key")).expect("a key");
    assert_eq!(key, fs::read(server.data_dir().join("secret.key")).expect("a key"));
    let restored = TestServer::open(home, |options| {
        fix(options, &[UNLIMITED]);
        options.fixed.cluster = Some(second.parse().expect("an address"));
    })
    .await;
    let mut found = reads(&admin.at(restored.address)).await;
    let mut expected = expected;
    // The backup with the key was noted before it was made.
    let audit = READS
        .iter()
        .position(|read| read.starts_with("audit"))
        .expect("the audit log");
    for answers in [&mut found, &mut expected] {
        answers.remove(audit);
    }
    assert_eq!(found, expected);
    restored.stop().await;
    server.stop().await;
}
