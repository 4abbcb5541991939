//! Scheduled backups.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall::config::BackupPlan;
use rollcall::domain::Retention;
use rollcall::store::backup;
use tempfile::TempDir;

use crate::attacks::administrators::give;
use crate::support::backup::{names_in, restored};
use crate::support::server::{ADMIN, DAY, MINUTE, UNLIMITED, create_user, fix, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Process, TestServer, Visitor, eventually};
use crate::web::words::assert_words;

const HOUR: i64 = 60 * MINUTE;

async fn start(folder: Arc<TempDir>, backups: &Path) -> TestServer {
    let plan = BackupPlan {
        folder: backups.to_owned(),
        every_hours: 24,
        keep: Retention {
            daily: 2,
            weekly: 0,
            monthly: 0,
        },
    };
    TestServer::open(folder, |options| {
        fix(options, &[UNLIMITED]);
        options.fixed.backups = Some(plan);
    })
    .await
}

/// Waits until a folder has exactly these files.
async fn until(backups: &Path, expected: &[&str]) {
    let expected: Vec<_> = expected.iter().map(|time| format!("rollcall-{time}.backup")).collect();
    eventually(async || backups.is_dir() && names_in(backups) == expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_are_made_in_time_and_old_ones_are_removed() {
    if skipped_in_cluster("a backup is restored into a data folder") {
        return;
    }
    let folder = TestServer::start().await.stop().await;
    let place = new_folder();
    let backups = place.path().join("backups");
    let server = start(folder, &backups).await;
    until(&backups, &["2023-11-04T11-44-23Z"]).await;
    server.command(create_user("bob")).await;
    give(&server.admin().await, "bob", &["view-statistics"]).await;
    server.admin().await.create_status("lunch", "away").await.expect(200);
    server.pass(23 * HOUR);
    server.pass(HOUR);
    until(&backups, &["2023-11-04T11-44-23Z", "2023-11-05T11-44-23Z"]).await;
    server.pass(DAY);
    until(&backups, &["2023-11-05T11-44-23Z", "2023-11-06T11-44-23Z"]).await;
    let newest = fs::read(backups.join("rollcall-2023-11-06T11-44-23Z.backup")).expect("a file");
    let found = backup::check(&newest[..]).expect("a sound backup");
    assert!(!found.has_key);
    // The file has its name a moment before the page has it.
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let newest_name = "<bdi>rollcall-2023-11-06T11-44-23Z.backup</bdi>";
    eventually(async || admin.page("/admin/store").await.contains(newest_name)).await;
    let page = admin.page("/admin/store").await;
    for words in [
        "The last one was made",
        "Scheduled backups",
        "None has failed since the start of the server.",
        "<bdi>rollcall-2023-11-05T11-44-23Z.backup</bdi>",
        "<td>not encrypted</td>",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(!page.contains("2023-11-04T11"), "it was removed: {page}");
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    let page = german.page("/admin/store").await;
    assert!(
        page.contains("Geplante Sicherungen") && page.contains("nicht verschlüsselt"),
        "{page}"
    );
    assert_words(&page, "/admin/store", "de");
    // The list is for those who may download a backup.
    let bob = Visitor::signed_in(&server, "bob").await.page("/admin/store").await;
    assert!(
        bob.contains("The last one was made") && !bob.contains("Scheduled backups"),
        "{bob}"
    );
    let other = TestServer::open(restored(&newest), |_| {}).await;
    assert_eq!(other.admin().await.status_names().await, ["lunch"]);
    other.stop().await;

    // A clock that is set back makes no backups and removes none.
    server.set_back(30 * DAY);
    server.pass(HOUR);
    server.stop().await;
    assert_eq!(names_in(&backups).len(), 2);
    // A new process goes on where the files say that the one before was.
    let folder = TestServer::start().await.stop().await;
    for name in names_in(&backups) {
        fs::remove_file(backups.join(name)).expect("a file");
    }
    fs::write(backups.join("rollcall-2023-11-04T01-44-23Z.backup"), &newest).expect("a file");
    let server = start(folder, &backups).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    eventually(async || admin.page("/admin/store").await.contains("The last one was made")).await;
    server.pass(13 * HOUR);
    until(&backups, &["2023-11-04T01-44-23Z"]).await;
    server.pass(HOUR);
    until(&backups, &["2023-11-04T01-44-23Z", "2023-11-05T01-44-23Z"]).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_fails_harms_nothing_and_is_tried_again() {
    let folder = TestServer::start().await.stop().await;
    let place = new_folder();
    let backups: PathBuf = place.path().join("not mounted/backups");
    let server = start(folder, &backups).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    eventually(async || admin.page("/admin/store").await.contains("The last one failed.")).await;
    server.admin().await.create_status("lunch", "away").await.expect(200);
    fs::create_dir(place.path().join("not mounted")).expect("a folder");
    fs::create_dir(&backups).expect("a folder");
    fs::write(backups.join("rollcall-2023-11-01T00-00-00Z.backup.unfinished"), "half").expect("a file");
    server.pass(10 * MINUTE);
    until(&backups, &["2023-11-04T11-54-23Z"]).await;
    let page = loop {
        let page = admin.page("/admin/store").await;
        if !page.contains("The last one failed.") {
            break page;
        }
        tokio::task::yield_now().await;
    };
    assert!(page.contains("The last failure was 11:44;"), "{page}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_server_takes_the_settings_and_logs_what_it_did() {
    let mut server = Process::start_in(new_folder(), |command| {
        command.args(["--backup-dir", "backups", "--backup-every", "12", "--keep-daily", "3"]);
    });
    let stderr = server.child.stderr.take().expect("a pipe");
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let made = lines.find(|line| line.contains("made a scheduled backup"));
    assert!(made.is_some_and(|line| line.contains("folder=backups") && line.contains("bytes=")));
    let names = names_in(&server.folder.path().join("backups"));
    assert!(matches!(&names[..], [name] if name.ends_with("Z.backup")), "{names:?}");
    let wrong = Process::try_start_in(new_folder(), |command| {
        command.args(["--backup-dir", "backups", "--backup-every", "0"]);
    });
    let words = wrong.err().expect("it does not start");
    assert!(words.contains("is not a number from 1 to 8760"), "{words}");
}
