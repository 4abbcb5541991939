//! Disks that are full or mounted read-only: a compaction that finds too little space leaves the old store. A server
//! refuses writes, loses nothing, and writes again when there is room.

#![allow(clippy::print_stderr, reason = "a run says how much it tried")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;

use super::forgetful::{Disk, Place, Space};
use crate::support::pictures::noise;
use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::{Client, Process, Socket};

const KIB: usize = 1024;

/// Statuses of the store: enough for several batches of a compaction, and for several segments of sled's file.
const STATUSES: usize = 2_400;

/// Statuses that are created at once.
const TOGETHER: usize = 24;

async fn names(client: &Client) -> BTreeSet<String> {
    client.status_names().await.into_iter().collect()
}

/// Compacts by the command, then at a start of a server, on a disk that each time has so many bytes free, and expects
/// the old store to be served. `words` are what the command and the log say.
async fn old_store_stays(space: fn(usize) -> Space, free: [usize; 2], words: &[&str]) {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    let mut server = place.start_with(|command| {
        // The test reads its log only after its end.
        command.args(["--log-level", "warn"]);
    });
    let admin = server.admin().await;
    for first in (0..STATUSES).step_by(TOGETHER) {
        let names = (first..first + TOGETHER).map(|serial| format!("status {serial:04}"));
        let created = names.map(|name| {
            let admin = admin.clone();
            async move { admin.create_status(&name, "busy").await.expect(200) }
        });
        join_all(created).await;
    }
    let expected = names(&admin).await;
    server.signal(libc::SIGTERM);
    server.wait();

    mounted.bound(space(mounted.used() + free[0]));
    let output = place.run("compact");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
    mounted.bound(Space::Endless);
    place.assert_sound("after the command");
    for name in ["store.compacting", "store.compacted", "store.replaced"] {
        assert!(!place.data().join(name).exists(), "{name} is left");
    }

    mounted.bound(space(mounted.used() + free[1]));
    let mut server = place.start_with(|command| {
        command.args(["--compact-at-start", "always"]);
    });
    let admin = admin.at(server.address);
    assert_eq!(names(&admin).await, expected);
    // There is room for what a server writes.
    mounted.bound(Space::Endless);
    admin.create_status("tea", "away").await.expect(200);
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    for word in words.iter().chain(&["the store was not compacted"]) {
        assert!(log.contains(word), "{word:?} in {log}");
    }
    place.assert_sound("after the server");

    // With space enough it is compacted.
    let output = place.run("compact");
    assert!(output.status.success(), "{output:?}");
    let server = place.start();
    let admin = admin.at(server.address);
    let mut more = expected.clone();
    more.insert("tea".into());
    assert_eq!(names(&admin).await, more);
    server.kill();
    mounted.unmount();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_compaction_is_not_begun_on_a_disk_that_says_it_is_full() {
    old_store_stays(
        Space::Of,
        [4096 * KIB; 2],
        &["bytes of free space", "free some, then try again"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_compaction_is_given_up_on_a_disk_that_turns_out_to_be_full() {
    // sled may take 512 KiB for an opening of the store, and the compacted one has more than a megabyte.
    let free = [768 * KIB; 2];
    old_store_stays(
        Space::SecretlyOf,
        free,
        &["could not be compacted and is used as it is"],
    )
    .await;
}

/// The names that callers tried to create, by the answers.
#[derive(Debug, Default)]
struct Known {
    /// Acknowledged names, which must be there.
    made: BTreeSet<String>,
    /// Names that were answered 507, which must not be there.
    refused: BTreeSet<String>,
    /// Names without a clear answer.
    unknown: BTreeSet<String>,
}

impl Known {
    fn note(&mut self, name: String, status: Option<u16>) {
        match status {
            Some(200) => self.made.insert(name),
            Some(507) => self.refused.insert(name),
            Some(503) | None => self.unknown.insert(name),
            Some(other) => panic!("{name}: {other}"),
        };
    }
}

type Ledger = Arc<Mutex<Known>>;

/// Creates statuses until the test stops it or the server is gone. Every answer is 200, 507, or 503 if it is unknown
/// whether the change was made.
async fn load(client: Client, first: String, stop: Arc<AtomicBool>, ledger: Ledger) {
    for serial in 0.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let name = format!("{first} {serial:05}");
        let status = client.try_create_status(&name, "busy").await;
        ledger.lock().expect("no caller panics").note(name, status);
        if matches!(status, Some(503 | 507)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if status.is_none() {
            return;
        }
    }
}

/// Waits until the callers have so many refusals, or acknowledged changes, more than before.
async fn until(ledger: &Ledger, more: usize, count: impl Fn(&Known) -> usize) {
    let now = || count(&ledger.lock().expect("no caller panics"));
    let wanted = now() + more;
    while now() < wanted {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until `/readyz` has this status.
async fn until_readyz(client: &Client, status: u16) {
    while client.send("GET", "/readyz", &[], "").await.status != status {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Creates a status as soon as the disk has room for it.
async fn create_when_room(client: &Client, name: &str) {
    while client.create_status(name, "away").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Fills the disk under load and frees it, several times, and kills the server at the end.
async fn fill_and_free(space: fn(usize) -> Space, rounds: usize, refused: fn(&Known) -> usize) -> String {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    mounted.bound(Space::Of(mounted.used() + 40 * 1024 * KIB));
    let mut server = place.start_with(|command| {
        command.args(["--disk-reserve-mib", "4", "--log-level", "warn"]);
    });
    let admin = server.admin().await;
    let picture = noise(7, 64);
    admin.upload(&picture, &[]).await.expect(200);
    let ledger = Ledger::default();
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|number| {
            let first = format!("caller {number}");
            tokio::spawn(load(admin.clone(), first, Arc::clone(&stop), Arc::clone(&ledger)))
        })
        .collect();
    for round in 0..rounds {
        until(&ledger, 20, |known| known.made.len()).await;
        mounted.bound(space(mounted.used()));
        until(&ledger, 10, refused).await;
        let shown = names(&admin).await;
        assert!(shown.len() >= 20, "round {round}: reads go on");
        let avatar = admin.send("GET", &format!("/avatar/{ADMIN}"), &[], "").await;
        assert_eq!(avatar.header("content-type"), Some("image/png"), "round {round}");
        until_readyz(&admin, 503).await;
        mounted.bound(Space::Of(mounted.used() + 40 * 1024 * KIB));
        until(&ledger, 5, |known| known.made.len()).await;
    }
    stop.store(true, Ordering::Release);
    for caller in callers {
        caller.await.expect("only known answers");
    }
    // The free space of a measurement counts for a second.
    until_readyz(&admin, 200).await;
    server.child.kill().expect("the process is there");
    let (_, log) = server.wait();

    place.assert_sound("after the kill");
    let server = place.start();
    let shown = names(&admin.at(server.address)).await;
    let known = ledger.lock().expect("no caller panics");
    let lost: Vec<_> = known.made.difference(&shown).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}\n{log}");
    let kept: Vec<_> = known.refused.intersection(&shown).collect();
    assert!(kept.is_empty(), "refused and made: {kept:?}\n{log}");
    eprintln!(
        "{rounds} rounds: {} acknowledged, none lost; {} refused, none made; {} unknown",
        known.made.len(),
        known.refused.len(),
        known.unknown.len()
    );
    drop(known);
    server.kill();
    mounted.unmount();
    log
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn writes_are_refused_before_the_disk_is_full_and_go_on_when_it_is_not() {
    let log = fill_and_free(|used| Space::Of(used + 2048 * KIB), 5, |known| known.refused.len()).await;
    assert_eq!(log.matches("less free space than the reserve").count(), 5, "{log}");
    assert_eq!(log.matches("incident").count(), 0, "{log}");
    assert!(
        !log.contains("refused a write"),
        "the disk itself refused nothing: {log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_disk_that_turns_out_to_be_full_loses_nothing_and_writes_go_on() {
    let log = fill_and_free(Space::SecretlyOf, 5, |known| known.refused.len()).await;
    assert!(log.contains("the disk refused a write"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_disk_that_becomes_read_only_loses_nothing_and_writes_go_on() {
    let log = fill_and_free(|_| Space::ReadOnly, 3, |known| known.unknown.len()).await;
    assert!(
        log.contains("the disk refused a write") && log.contains("only read"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_server_starts_on_a_full_disk_and_writes_when_there_is_room() {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    admin.create_status("tea", "away").await.expect(200);
    server.signal(libc::SIGTERM);
    server.wait();
    let mut expected = BTreeSet::from(["tea".to_owned()]);
    mounted.bound(Space::Of(0));
    let mut server = place.start_with(|command| {
        command.args(["--log-level", "warn"]);
    });
    let admin = admin.at(server.address);
    assert_eq!(names(&admin).await, expected);
    let refused = admin.create_status("one", "away").await.expect(507);
    assert_eq!(refused["errorType"], "error-store-full");
    let ready = admin.send("GET", "/readyz", &[], "").await.expect(503);
    assert_eq!(ready["checks"]["disk"], "unavailable");
    mounted.bound(Space::Endless);
    create_when_room(&admin, "one").await;
    expected.insert("one".into());
    assert_eq!(names(&admin).await, expected);
    until_readyz(&admin, 200).await;
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("only read") && !log.contains("damaged in"), "{log}");
    place.assert_sound("after the server");
    mounted.unmount();
}

/// A file system in memory with a size, in the folder `mount` of a new folder.
struct Memory {
    home: Arc<TempDir>,
}

impl Memory {
    fn mount(mib: usize) -> Self {
        let home = new_folder();
        let memory = Self { home };
        std::fs::create_dir(memory.path()).expect("a folder");
        memory.run(
            "mount",
            &["-t", "tmpfs", "-o", &format!("size={mib}m,mode=700"), "tmpfs"],
        );
        memory
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("mount")
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = Command::new(program).args(arguments).arg(self.path()).status();
        assert!(status.expect("it runs").success(), "{program} {arguments:?}");
    }

    fn remount(&self, how: &str) {
        self.run("mount", &["-o", &format!("remount,{how}")]);
    }

    fn start(&self, arguments: &[&str]) -> Process {
        let started = Process::try_start_in(Arc::clone(&self.home), |command| {
            command.arg("--data-dir").arg(self.data()).args(arguments);
        });
        started.unwrap_or_else(|words| panic!("the server does not start: {words}"))
    }

    /// Takes all free space, as another program would.
    fn fill(&self) {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path().join("ballast"))
            .expect("a file");
        let block = vec![7; 4096];
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("ballast")).expect("it was there");
    }

    fn command(&self, arguments: &[&str]) -> Output {
        let mut command = rollcall(self.home.path());
        command.args(arguments).arg("--data-dir").arg(self.data());
        run(command, "")
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, for a mount; .ci/run runs it"]
async fn the_reserve_file_lets_a_server_on_a_full_disk_revoke_and_end_in_good_order() {
    let memory = Memory::mount(48);
    let reserve = memory.data().join("reserve");
    let mut server = memory.start(&["--disk-reserve-mib", "8"]);
    let (admin, other) = (server.admin().await, server.admin().await);
    admin.create_status("tea", "away").await.expect(200);
    let until = async |is_there: bool| {
        while reserve.exists() != is_there {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until(true).await;
    assert_eq!(std::fs::metadata(&reserve).expect("a file").len(), 2 * 1024 * 1024);
    memory.fill();
    until(false).await;
    admin.create_status("cake", "away").await.expect(507);
    other.post("logout", &json!({})).await.expect(200);
    let _socket = Socket::of(&admin).await;
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success() && log.contains("stopped"), "{log}");
    assert!(!log.contains("announced as new") && !log.contains("incident"), "{log}");

    // The other program takes that space too.
    memory.fill();
    let server = memory.start(&["--disk-reserve-mib", "8"]);
    let admin = admin.at(server.address);
    other.at(server.address).get("me").await.expect(401);
    assert_eq!(admin.status_names().await, ["tea"]);
    admin.create_status("cake", "away").await.expect(507);
    memory.free();
    create_when_room(&admin, "cake").await;
    until(true).await;
    server.kill();
    let checked = memory.command(&["check"]);
    assert!(checked.status.success(), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, for a mount; .ci/run runs it"]
async fn a_store_on_a_read_only_mount_is_served_for_reading_until_it_can_be_written() {
    let memory = Memory::mount(128);
    let mut server = memory.start(&[]);
    let admin = server.admin().await;
    admin.create_status("tea", "away").await.expect(200);
    admin.upload(&noise(7, 64), &[]).await.expect(200);
    server.signal(libc::SIGTERM);
    server.wait();

    memory.remount("ro");
    let checked = memory.command(&["check"]);
    assert_eq!(
        String::from_utf8_lossy(&checked.stdout).trim(),
        "the store is sound",
        "{checked:?}"
    );
    let compacted = memory.command(&["compact"]);
    let said = String::from_utf8_lossy(&compacted.stderr).into_owned();
    assert!(
        said.contains("mounted read-only") && said.contains("not damaged"),
        "{said}"
    );
    let mut server = memory.start(&["--log-level", "warn"]);
    let admin = admin.at(server.address);
    assert_eq!(admin.status_names().await, ["tea"]);
    let avatar = admin.send("GET", &format!("/avatar/{ADMIN}"), &[], "").await;
    assert_eq!(avatar.header("content-type"), Some("image/png"));
    let refused = admin.create_status("cake", "away").await.expect(503);
    assert_eq!(refused["errorType"], "error-store-read-only");
    for password in ["wrong", PASSWORD] {
        let login = json!({"user": ADMIN, "password": password});
        let refused = admin.post("login", &login).await.expect(503);
        assert_eq!(refused["errorType"], "error-store-read-only", "{refused}");
    }
    let ready = admin.send("GET", "/readyz", &[], "").await.expect(503);
    assert_eq!(ready["checks"]["store"], "read-only");

    memory.remount("rw");
    create_when_room(&admin, "cake").await;
    until_readyz(&admin, 200).await;
    assert_eq!(admin.status_names().await, ["cake", "tea"]);
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    assert!(
        log.contains("mounted read-only") && !log.contains("damaged in"),
        "{log}"
    );
    let server = memory.start(&[]);
    assert_eq!(admin.at(server.address).status_names().await, ["cake", "tea"]);
    server.kill();
}
