//! `kill -9` of the real binary while it compacts.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::backup::{done, names_in};
use crate::support::process::rollcall;
use crate::support::server::copy;
use crate::support::store::skipped_in_cluster;
use crate::support::{Process, TestServer};

/// Statuses of the store: enough for several batches of a compaction.
const STATUSES: usize = 600;

const ROUNDS: usize = 16;

/// Bytes of the store that a compaction writes; none where there is none.
fn written(data: &Path) -> Option<u64> {
    fs::metadata(data.join("store.compacting/db"))
        .ok()
        .map(|file| file.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_during_a_compaction_leave_the_old_store_or_the_new_one() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_statuses(STATUSES).await;
    let folder = server.stop().await;
    let (home, data) = (folder.path(), folder.path().join("data"));
    let expected = done(home, &["status", "list", "--json"]);
    let before = home.join("before");
    copy(&data, &before);

    let mut killed = 0;
    for round in 0..ROUNDS {
        let mut compacting: Command = rollcall(home);
        compacting
            .arg("compact")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = compacting.spawn().expect("the binary starts");
        // Each round is killed at another depth, the last ones around the swap.
        let depth = round % 8;
        let is_there = |name: &str| data.join(name).exists();
        while child.try_wait().expect("a child").is_none() {
            let reached = match depth {
                0 => is_there("store.compacting"),
                1 => written(&data).is_some(),
                2..=4 => written(&data).is_some_and(|bytes| bytes >= depth as u64 * 40_000),
                5 => is_there("store.compacted"),
                6 => is_there("store.replaced"),
                _ => is_there("store.replaced") && is_there("store"),
            };
            if reached {
                child.kill().expect("a child");
            }
            std::thread::yield_now();
        }
        killed += usize::from(!child.wait().expect("a child").success());

        assert_eq!(done(home, &["check"]).trim(), "the store is sound", "round {round}");
        assert_eq!(done(home, &["status", "list", "--json"]), expected, "round {round}");
        let left = names_in(&data);
        assert!(
            !left.iter().any(|name| name.starts_with("store.")),
            "round {round}: {left:?}"
        );
        // The next round has as much to do as this one.
        fs::remove_dir_all(&data).expect("it was there");
        copy(&before, &data);
    }
    assert!(killed >= ROUNDS / 2, "{killed} compactions were killed");
}

#[tokio::test]
async fn a_killed_server_is_compacted_like_another() {
    if skipped_in_cluster("a cluster compacts itself") {
        return;
    }
    let server = Process::start();
    let admin = server.admin().await;
    admin.create_status("lunch", "away").await.expect(200);
    let folder = server.kill();
    done(folder.path(), &["compact"]);
    assert_eq!(done(folder.path(), &["check"]).trim(), "the store is sound");
    // The count of commits goes on where it was, so that the next witness is believed.
    let server = Process::start_in(folder, |_| {});
    server.admin().await.create_status("tea", "away").await.expect(200);
    let folder = server.kill();
    assert_eq!(done(folder.path(), &["check"]).trim(), "the store is sound");
}
