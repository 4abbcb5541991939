//! `kill -9` of the real binary while it restores a backup.

use std::fs;
use std::process::Stdio;

use crate::support::TestServer;
use crate::support::backup::{done, download, names_in};
use crate::support::process::rollcall;
use crate::support::server::copy;
use crate::support::store::skipped_in_cluster;

const STATUSES: usize = 400;

const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn kills_during_a_restoration_leave_the_old_store_or_the_restored_one() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_statuses(STATUSES).await;
    let backup = download(&admin).await.body;
    admin.create_status("after the backup", "busy").await.expect(200);
    let folder = server.stop().await;
    let (home, data) = (folder.path(), folder.path().join("data"));
    fs::write(home.join("x.backup"), backup).expect("a file");
    let list = || done(home, &["status", "list", "--json"]);
    let old = list();
    let before = home.join("before");
    copy(&data, &before);
    done(home, &["restore", "x.backup", "--replace"]);
    let new = list();
    assert_ne!(old, new);

    let (mut killed, mut olds, mut news) = (0, 0, 0);
    for round in 0..ROUNDS {
        fs::remove_dir_all(&data).expect("it was there");
        copy(&before, &data);
        let mut restoring = rollcall(home);
        restoring
            .args(["restore", "x.backup", "--replace"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = restoring.spawn().expect("the binary starts");
        // Each round is killed at another depth, the last ones around the swap.
        let depth = round % 10;
        let written = || fs::metadata(data.join("store.restoring/db")).map_or(0, |file| file.len());
        while child.try_wait().expect("a child").is_none() {
            let reached = match depth {
                0 => data.join("store.restoring").exists(),
                1..=4 => written() >= depth as u64 * 30_000,
                5 => data.join("store.restored").exists(),
                6..=7 => !data.join("store").exists(),
                _ => names_in(&data).iter().any(|name| name.starts_with("store.before-")),
            };
            if reached {
                // A child that has just ended needs no signal.
                let _ = child.kill();
            }
            std::thread::yield_now();
        }
        killed += usize::from(!child.wait().expect("a child").success());

        assert_eq!(done(home, &["check"]).trim(), "the store is sound", "round {round}");
        let found = list();
        assert!(found == old || found == new, "round {round}");
        (olds, news) = (olds + usize::from(found == old), news + usize::from(found == new));
        let left = names_in(&data);
        let known = |name: &String| {
            let names = [
                "admin.sock",
                "last-commit",
                "rollcall.lock",
                "secret.key",
                "store",
                "version",
            ];
            names.contains(&name.as_str()) || name.starts_with("store.before-")
        };
        assert!(left.iter().all(known), "round {round}: {left:?}");
        let kept = left.iter().any(|name| name.starts_with("store.before-"));
        assert_eq!(
            kept,
            found == new,
            "round {round}: the old store is kept with the restored one: {left:?}"
        );
    }
    assert!(
        killed >= ROUNDS / 2 && olds > 0 && news > 0,
        "{killed} killed, {olds} old, {news} new"
    );
}
