//! Backups before the upgrade of a store of an older version, and the way back to it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

use crate::support::backup::{call, done, names_in, refused, restored};
use crate::support::files::kept_store;
use crate::support::process::serve;
use crate::support::server::{ADMIN, PASSWORD, copy, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Process, TestServer};

/// The stores of older formats in `tests/stores`.
const OLD: [&str; 6] = [
    "0.1.0",
    "0.1.0-avatar",
    "0.1.0-commits-2",
    "0.1.0-two-factor",
    "0.1.0-used-codes",
    "0.1.0-users-5",
];

/// The store of the present format. A new version of a record makes it an old one.
const PRESENT: &str = "0.1.0-users-6";

fn backups_of(home: &Path) -> PathBuf {
    home.join("data/upgrade-backups")
}

/// Returns the names of the backups in a folder, which has nothing else.
fn backups_in(folder: &Path) -> Vec<String> {
    let names = if folder.is_dir() { names_in(folder) } else { Vec::new() };
    for name in &names {
        assert!(
            name.starts_with("before-upgrade-") && name.ends_with(".backup"),
            "{names:?}"
        );
    }
    names
}

/// The format of the files of a store: the names of its tables, and the versions of the users and of the number of commits.
#[derive(Debug, PartialEq, Eq)]
struct Format {
    tables: BTreeSet<String>,
    users: BTreeSet<u8>,
    commits: BTreeSet<u8>,
}

fn format_of(home: &Path) -> Format {
    let db = opened(home);
    let tables = db.tree_names();
    let tables = tables.iter().map(|name| String::from_utf8_lossy(name).into_owned());
    let versions = |table: &str| {
        let tree = db.open_tree(table).expect("a table");
        tree.iter().values().map(|value| value.expect("a record")[0]).collect()
    };
    Format {
        tables: tables.collect(),
        users: versions("users"),
        commits: versions("commits"),
    }
}

async fn has_all(home: Arc<TempDir>) {
    let server = TestServer::open(home, |_| {}).await;
    let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
    assert_eq!(admin.status_names().await, ["café", "caught up", "lunch"]);
    let ada = server.anonymous().logged_in("ADA@example.com", PASSWORD).await;
    assert_eq!(ada.get("me").await.expect(200)["name"], "Ada Lovelace");
    server.stop().await;
}

#[tokio::test]
async fn a_store_of_each_older_format_is_backed_up_as_it_was() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    for store in OLD {
        let home = kept_store(store);
        let before = format_of(home.path());
        TestServer::open(Arc::clone(&home), |_| {}).await.stop().await;
        assert_ne!(format_of(home.path()), before, "{store} is upgraded");
        let names = backups_in(&backups_of(home.path()));
        let [name] = &names[..] else {
            panic!("{store}: {names:?}");
        };
        let path = backups_of(home.path()).join(name);
        let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&backups_of(home.path()))), (0o600, 0o700));
        let old = restored(&fs::read(&path).expect("a backup"));
        let users = format_of(old.path()).users;
        assert_eq!(users, before.users, "{store}: the records are the old ones");
        has_all(old).await;
        // There is nothing to upgrade any more, so that further starts make no backup.
        has_all(Arc::clone(&home)).await;
        done(home.path(), &["user", "list"]);
        assert_eq!(backups_in(&backups_of(home.path())), names, "{store}");
    }
    let home = kept_store(PRESENT);
    has_all(Arc::clone(&home)).await;
    assert!(
        !backups_of(home.path()).exists(),
        "a store of the present format needs no backup"
    );
}

#[tokio::test]
async fn the_log_names_the_backup_and_a_folder_for_backups_has_it() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = kept_store("0.1.0");
    let mut server = Process::start_in(Arc::clone(&home), |command| {
        command.args(["--backup-dir", "elsewhere", "--keep-daily", "1"]);
    });
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    let elsewhere = home.path().join("elsewhere");
    let names = names_in(&elsewhere);
    let name = names
        .iter()
        .find(|name| name.starts_with("before-upgrade-"))
        .expect("a backup");
    let bytes = fs::metadata(elsewhere.join(name)).expect("a file").len();
    let line = log
        .lines()
        .find(|line| line.contains("backed up the store of an older version"));
    let line = line.expect("a line");
    assert!(
        line.contains(&format!("path=elsewhere/{name}")) && line.contains(&format!("bytes={bytes}")),
        "{line}"
    );
    // The older version looks into the data folder.
    let target = fs::read_link(backups_of(home.path()).join(name)).expect("a link");
    assert_eq!(target, elsewhere.join(name));
    done(home.path(), &["check", target.to_str().expect("text")]);
}

#[tokio::test]
async fn without_a_backup_the_store_is_not_upgraded_unless_that_is_asked_for() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = kept_store("0.1.0");
    let before = format_of(home.path());
    fs::write(backups_of(home.path()), "no folder").expect("a file");
    let commands: [&[&str]; 3] = [&["user", "list"], &["backup", "x.backup"], &["compact"]];
    for command in commands {
        let words = refused(home.path(), command);
        assert!(
            words.contains("is of an older version") && words.contains("upgrade-backups: "),
            "{words}"
        );
    }
    let refused = Process::try_start_in(Arc::clone(&home), |_| {});
    let words = refused.err().expect("it does not start");
    for part in [
        "is of an older version",
        "Free at least",
        "--backup-dir",
        "--upgrade-without-backup",
        "the store is unchanged",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    // A check reads, and upgrades nothing.
    done(home.path(), &["check"]);
    assert_eq!(format_of(home.path()), before);

    let mut server = Process::start_in(Arc::clone(&home), |command| {
        command.arg("--upgrade-without-backup");
    });
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    assert!(log.contains("upgraded without a backup"), "{log}");
    assert_ne!(format_of(home.path()), before);
    fs::remove_file(backups_of(home.path())).expect("the file");
    has_all(home).await;
}

/// A moment at which a start is killed.
type Moment = fn(&Path) -> bool;

#[tokio::test]
async fn a_kill_during_the_upgrade_leaves_the_old_store_or_the_new_one_with_a_backup() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let moments: [Moment; 5] = [
        |home| home.join("data/rollcall.lock").exists(),
        |home| backups_of(home).exists(),
        |home| {
            backups_of(home)
                .read_dir()
                .is_ok_and(|mut entries| entries.next().is_some())
        },
        |home| home.join("data/version").exists(),
        |home| home.join("data/secret.key").exists(),
    ];
    for store in ["0.1.0", "0.1.0-commits-2"] {
        let home = kept_store(store);
        let before = format_of(home.path());
        for (number, moment) in moments.iter().enumerate() {
            let home = kept_store(store);
            let mut command = serve(home.path());
            let mut child = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            while !moment(home.path()) && child.try_wait().expect("a child").is_none() {
                std::hint::spin_loop();
            }
            child.kill().expect("a child");
            child.wait().expect("it ends");
            let after = format_of(home.path());
            if after != before {
                let whole: Vec<_> = names_in(&backups_of(home.path()))
                    .into_iter()
                    .filter(|name| name.ends_with(".backup"))
                    .collect();
                let [name] = &whole[..] else {
                    panic!("{store}, moment {number}: upgraded, with the backups {whole:?}");
                };
                done(
                    home.path(),
                    &["check", backups_of(home.path()).join(name).to_str().expect("text")],
                );
            }
            has_all(Arc::clone(&home)).await;
            let names = backups_in(&backups_of(home.path()));
            assert_eq!(names.len(), 1, "{store}, moment {number}: {names:?}");
            let path = backups_of(home.path()).join(&names[0]);
            has_all(restored(&fs::read(path).expect("a backup"))).await;
        }
    }
}

/// Returns the command between the backquotes of a sentence.
fn advised(words: &str) -> Vec<String> {
    let command = words.split('`').nth(1).unwrap_or_else(|| panic!("no command: {words}"));
    command.split(' ').skip(1).map(str::to_owned).collect()
}

/// Opens the store of a folder with sled, which releases its lock a moment after a server has closed the store.
fn opened(home: &Path) -> sled::Db {
    loop {
        match sled::open(home.join("data/store")) {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => thread::yield_now(),
            store => return store.expect("a store"),
        }
    }
}

#[tokio::test]
async fn an_older_version_names_the_backup_and_the_command_that_restores_it() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = kept_store("0.1.0");
    has_all(Arc::clone(&home)).await;
    let own = backups_of(home.path());
    let [name] = &backups_in(&own)[..] else {
        panic!("one backup");
    };
    // The store gets a table of the future, and the folder a newer file that this version cannot read.
    let db = opened(home.path());
    db.open_tree("rooms").expect("a table");
    drop(db);
    fs::write(
        own.join("before-upgrade-9.9.9-2099-01-01T00-00-00Z-commits-9.backup"),
        "of the future",
    )
    .expect("a file");
    let path = format!("./data/upgrade-backups/{name}");
    let expected = ["restore", &path, "--replace", "--data-dir", "./data"];
    for command in [&["check"][..], &["user", "list"], &["serve", "--listen", "127.0.0.1:0"]] {
        let words = refused(home.path(), command);
        assert!(
            words.contains("put back the backup from before its first start: "),
            "{words}"
        );
        assert_eq!(advised(&words), expected, "{words}");
    }
    done(home.path(), &expected);
    has_all(Arc::clone(&home)).await;

    // Without such a file, the sentence stays the general one.
    let other = new_folder();
    copy(&home.path().join("data"), &other.path().join("data"));
    fs::remove_dir_all(backups_of(other.path())).expect("a folder");
    let db = opened(other.path());
    db.open_tree("rooms").expect("a table");
    drop(db);
    let output = call(other.path(), &["check"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        words.contains("before its first start") && !words.contains('`'),
        "{words}"
    );
}

#[tokio::test]
async fn the_newest_three_are_kept() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = kept_store("0.1.0");
    let own = backups_of(home.path());
    fs::create_dir(&own).expect("a folder");
    for day in 1..5 {
        let name = format!("before-upgrade-0.0.{day}-2020-01-0{day}T00-00-00Z-commits-9{day}.backup");
        fs::write(own.join(name), "older").expect("a file");
    }
    fs::write(
        own.join("before-upgrade-0.1.0-2020-01-01T00-00-00Z-commits-1.backup.unfinished"),
        "half",
    )
    .expect("a file");
    has_all(home.clone()).await;
    let names = backups_in(&own);
    let versions: Vec<_> = names
        .iter()
        .map(|name| name.split('-').nth(2).expect("a version"))
        .collect();
    assert_eq!(versions, ["0.0.3", "0.0.4", "unknown"]);
}
