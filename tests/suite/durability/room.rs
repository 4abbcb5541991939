//! A disk with less free space than the reserve: the changes that are refused, the changes that are still stored, and the
//! messages. The reserve is set so high that the machine's own disk has less.

use std::sync::Arc;

use rollcall::domain::{Avatar, ImageKind, UserId};
use rollcall::store::{Change, CommitError, Room, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Process, Socket};

const FULL: &str = "the disk of this server has too little free space: nothing was changed; try again when an administrator has \
                    freed some [error-store-full]";

/// Returns the free bytes, as `df` prints them.
fn free_bytes(folder: &TempDir) -> u64 {
    let output = std::process::Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(folder.path())
        .output()
        .expect("df runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.lines().nth(1).expect("a line").trim();
    number.parse().expect("a number")
}

/// Starts a server whose reserve is `tenths` tenths of the free space.
fn start_with_reserve(folder: &Arc<TempDir>, tenths: u64) -> Process {
    let mib = free_bytes(folder) / 10 / 1024 / 1024 * tenths;
    Process::start_in(Arc::clone(folder), |command| {
        command.args(["--disk-reserve-mib", &mib.to_string()]);
    })
}

/// A folder with an administrator, two logins of it, and a status `lunch`.
async fn begun() -> (Arc<TempDir>, [Client; 2]) {
    let server = Process::start();
    let logins = [server.admin().await, server.admin().await];
    logins[0].create_status("lunch", "away").await.expect(200);
    (server.kill(), logins)
}

#[tokio::test]
async fn below_the_reserve_writes_are_answered_507_and_logouts_and_reads_go_on() {
    if skipped_in_cluster("it is about the disk of a data folder") {
        return;
    }
    let (folder, logins) = begun().await;
    let mut server = start_with_reserve(&folder, 15);
    let [first, second] = logins.map(|login| login.at(server.address));
    let socket = Socket::of(&first).await;
    for _ in 0..3 {
        let refused = first.create_status("tea", "away").await;
        assert_eq!(refused.header("retry-after"), Some("60"));
        let expected = json!({"success": false, "error": FULL, "errorType": "error-store-full"});
        assert_eq!(refused.expect(507), expected);
    }
    let called = json!({"message": json!({
        "msg": "method", "method": "insertOrUpdateUserStatus", "id": "1",
        "params": [{"name": "tea", "statusType": "away"}],
    }).to_string()});
    let called = first.post("method.call/insertOrUpdateUserStatus", &called).await;
    assert!(
        String::from_utf8_lossy(&called.body).contains("error-store-full"),
        "{called:?}"
    );
    assert_eq!(first.status_names().await, ["lunch"]);

    // A wrong guess is counted, and so it is answered as ever; a login is not made.
    let login = |password: &str| json!({"user": ADMIN, "password": password});
    let anonymous = server.anonymous();
    anonymous.post("login", &login("wrong")).await.expect(401);
    assert_eq!(
        anonymous.post("login", &login(PASSWORD)).await.expect(507)["error"],
        FULL
    );
    second.post("logout", &json!({})).await.expect(200);
    second.get("me").await.expect(401);
    let ready = first.send("GET", "/readyz", &[], "").await.expect(503);
    let checks = json!({"store": "ok", "disk": "unavailable", "serving": "ok"});
    assert_eq!(ready["checks"], checks);
    drop(socket);
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    assert_eq!(log.matches("less free space than the reserve").count(), 1, "{log}");
    assert!(!log.contains("incident") && !log.contains("announced as new"), "{log}");

    // With the space that there is, writes are taken again, and what was stored meanwhile is there.
    let server = Process::start_in(folder, |_| {});
    let first = first.at(server.address);
    second.at(server.address).get("me").await.expect(401);
    first.create_status("tea", "away").await.expect(200);
    assert_eq!(first.status_names().await, ["lunch", "tea"]);
    let failures = first.get("audit.list?action=login-failed").await;
    assert!(
        String::from_utf8_lossy(&failures.body).contains("login-failed"),
        "{failures:?}"
    );
}

#[tokio::test]
async fn where_failures_cannot_be_counted_no_guess_is_verified() {
    if skipped_in_cluster("it is about the disk of a data folder") {
        return;
    }
    let (folder, logins) = begun().await;
    let server = start_with_reserve(&folder, 40);
    let [first, second] = logins.map(|login| login.at(server.address));
    let anonymous = server.anonymous();
    // The writer has measured the space once it has refused a change.
    first.create_status("tea", "away").await.expect(507);
    let mut answers = Vec::new();
    for password in ["wrong", PASSWORD] {
        let login = json!({"user": ADMIN, "password": password});
        answers.push(anonymous.post("login", &login).await.expect(507));
    }
    assert_eq!(answers[0], answers[1], "the answer does not reveal the right one");
    let own = json!({"data": {"currentPassword": "wrong", "newPassword": "another horse"}});
    first.post("users.updateOwnBasicInfo", &own).await.expect(507);
    second.post("logout", &json!({})).await.expect(200);
    second.get("me").await.expect(401);
}

#[test]
fn a_command_on_such_a_disk_says_so_and_reads_go_on() {
    if skipped_in_cluster("it is about the disk of a data folder") {
        return;
    }
    let folder = new_folder();
    let command = |arguments: &[&str], mib: &str, input: &str| {
        let mut command = rollcall(folder.path());
        command.env("ROLLCALL_DISK_RESERVE_MIB", mib).args(arguments);
        run(command, input)
    };
    let created = command(&["user", "create", ADMIN], "1", "correct horse\n");
    assert!(created.status.success(), "{created:?}");
    let mib = (free_bytes(&folder) / 1024 / 1024 * 4).to_string();
    let refused = command(&["user", "create", "bob"], &mib, "correct horse\n");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("too little free space"), "{said}");
    let listed = command(&["user", "list"], &mib, "");
    assert!(String::from_utf8_lossy(&listed.stdout).contains(ADMIN), "{listed:?}");
}

fn picture(user: &str) -> Avatar {
    Avatar {
        user: UserId::new(user),
        etag: "etag".into(),
        kind: ImageKind::Png,
        bytes: vec![7; 100],
        clean: true,
    }
}

#[tokio::test]
async fn a_store_refuses_what_there_is_no_room_for_and_says_how_much_there_is() {
    let home = new_folder();
    let store = Store::open(home.path()).expect("a store");
    store
        .commit(Change::new().insert(&picture("ada")))
        .await
        .expect("a commit");
    store.keep_free(free_bytes(&home) * 4);
    let refused = store.commit(Change::new().insert(&picture("bob"))).await;
    assert_eq!((refused, store.room()), (Err(CommitError::Full), Room::Scarce));
    store.commit(Change::new()).await.expect("a change without edits");
    store
        .commit(Change::new().remove(&picture("ada")))
        .await
        .expect("a removal");
    assert!(store.is_writable());
    let state = store.state().await.expect("a state");
    assert!(state.free_bytes.is_some_and(|free| free > 0));
    assert_eq!(state.room, Room::Scarce);
    assert!(!home.path().join("reserve").exists(), "there is no room for it");
    store.close().await;

    let store = Store::open(home.path()).expect("a store");
    assert_eq!(store.avatar(&UserId::new("ada")).await.expect("a store"), None);
    store.keep_free(8 * 1024 * 1024);
    store.commit(Change::new().insert(&picture("bob"))).await.expect("room");
    // Only a server lets the writer look, so that no command allocates the file. The writer allocates it after the batch
    // with which it was asked.
    store.look_at_disk();
    store.commit(Change::new()).await.expect("an answer");
    store.commit(Change::new()).await.expect("an answer");
    let reserve = std::fs::metadata(home.path().join("reserve")).expect("the reserve file");
    assert_eq!(reserve.len(), 2 * 1024 * 1024);
    store.close().await;
}
