//! Power cuts under load, on a file system that forgets what was not synced.
//!
//! `ROLLCALL_POWER_CUT_ROUNDS` sets how many, `ROLLCALL_POWER_CUT_SEED` repeats a run.

#![allow(clippy::print_stderr, reason = "a run names its seed, so that it can be repeated")]

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rollcall::domain::picture::{CleanPicture, PictureRule};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::forgetful::{Disk, Place, Random};
use crate::support::pictures::noise;
use crate::support::server::ADMIN;
use crate::support::{Client, Process};

const CLIENTS: usize = 8;

/// What is known of a name: the state that was acknowledged last, and the one that was asked for
/// last. Without an answer either may hold.
#[derive(Debug, Clone, Default)]
struct Known {
    acknowledged: Option<Status>,
    asked: Option<Status>,
}

/// Id and status type.
type Status = (String, String);

#[derive(Default)]
struct Ledger {
    names: Mutex<BTreeMap<String, Known>>,
    answers: Mutex<usize>,
    more: Notify,
}

impl Ledger {
    fn asked(&self, name: &str, state: Option<Status>) {
        let mut names = self.names.lock().expect("no client panics");
        names.entry(name.into()).or_default().asked = state;
    }

    fn acknowledged(&self, name: &str, state: Option<Status>) {
        let known = Known {
            asked: state.clone(),
            acknowledged: state,
        };
        self.names.lock().expect("no client panics").insert(name.into(), known);
        *self.answers.lock().expect("no client panics") += 1;
        self.more.notify_one();
    }

    fn answers(&self) -> usize {
        *self.answers.lock().expect("no client panics")
    }

    /// Holds what a list shows against what is known, and learns how open questions ended.
    fn settle(&self, shown: &BTreeMap<String, Status>, seed: u64) {
        let mut names = self.names.lock().expect("no client panics");
        for (name, known) in names.iter_mut() {
            let shown = shown.get(name);
            // A creation that was not answered: its id is unknown.
            let fits = |expected: &Option<Status>| match (expected, shown) {
                (Some((id, kind)), Some((shown_id, shown_kind))) => {
                    kind == shown_kind && (id.is_empty() || id == shown_id)
                }
                (None, None) => true,
                _ => false,
            };
            assert!(
                fits(&known.acknowledged) || fits(&known.asked),
                "seed {seed}: {name} is {shown:?} where {known:?} was told"
            );
            *known = Known {
                acknowledged: shown.cloned(),
                asked: shown.cloned(),
            };
        }
        for name in shown.keys() {
            assert!(names.contains_key(name), "seed {seed}: nobody asked for {name}");
        }
    }
}

/// Creates, updates and deletes statuses of its own until the server is gone.
async fn load(client: Client, first: String, ledger: Arc<Ledger>) {
    for serial in 0.. {
        let name = format!("{first} serial {serial:05}");
        let post = async |endpoint: &str, body: Value| {
            let json = [("content-type", "application/json")];
            let path = format!("/api/v1/custom-user-status.{endpoint}");
            let answer = client.try_send("POST", &path, &json, body.to_string()).await?;
            (answer.status == 200).then(|| answer.json())
        };
        ledger.asked(&name, Some((String::new(), "busy".into())));
        let Some(created) = post("create", json!({"name": name, "statusType": "busy"})).await else {
            return;
        };
        let id = created["customUserStatus"]["_id"].as_str().expect("an id").to_owned();
        ledger.acknowledged(&name, Some((id.clone(), "busy".into())));
        if serial % 3 == 1 {
            ledger.asked(&name, Some((id.clone(), "away".into())));
            let update = json!({"_id": id, "name": name, "statusType": "away"});
            if post("update", update).await.is_none() {
                return;
            }
            ledger.acknowledged(&name, Some((id.clone(), "away".into())));
        }
        if serial % 3 == 2 {
            ledger.asked(&name, None);
            if post("delete", json!({"customUserStatusId": id})).await.is_none() {
                return;
            }
            ledger.acknowledged(&name, None);
        }
    }
}

/// The name under which the ledger has the administrator's picture, identified by the sum of its bytes.
const PICTURE: &str = "the picture";

fn sum(picture: &[u8]) -> Status {
    (String::new(), crc32fast::hash(picture).to_string())
}

/// Most pixels of a side of a picture of noise that fits into the limit in bytes.
const MOST_PIXELS: usize = 250;

/// Puts up one picture after the other, of all sizes, until the server is gone.
async fn pictures(client: Client, mut random: Random, ledger: Arc<Ledger>) {
    loop {
        // Pictures that compress, or repeat an earlier one's sectors, would hide that one is torn.
        let side = u32::try_from(8 + random.below(MOST_PIXELS - 8)).expect("a small number");
        let picture = noise(random.next(), side);
        let rule = PictureRule { square: None };
        let stored = CleanPicture::of(&picture, rule).expect("a picture").bytes;
        ledger.asked(PICTURE, Some(sum(&stored)));
        let answer = client.try_upload(&picture, &[]).await;
        if answer.is_none_or(|answer| answer.status != 200) {
            return;
        }
        ledger.acknowledged(PICTURE, Some(sum(&stored)));
    }
}

async fn shown(client: &Client) -> BTreeMap<String, Status> {
    let list = client.get("custom-user-status.list?count=0").await.expect(200);
    let text = |status: &Value, field: &str| status[field].as_str().expect("a text").to_owned();
    let statuses = list["statuses"].as_array().expect("a list").clone();
    let entry = |status: &Value| (text(status, "name"), (text(status, "_id"), text(status, "statusType")));
    let mut shown: BTreeMap<_, _> = statuses.iter().map(entry).collect();
    let picture = client.send("GET", &format!("/avatar/{ADMIN}"), &[], "").await;
    if picture.header("content-type") == Some("image/png") {
        shown.insert(PICTURE.into(), sum(&picture.body));
    }
    shown
}

/// Returns the seed of a run, and prints it, so that the run can be repeated.
fn seed() -> u64 {
    let seed = number("ROLLCALL_POWER_CUT_SEED", u64::from(std::process::id()));
    eprintln!("ROLLCALL_POWER_CUT_SEED={seed}");
    seed
}

fn number(variable: &str, otherwise: u64) -> u64 {
    env::var(variable)
        .ok()
        .map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_under_load_takes_nothing_that_was_acknowledged() {
    let seed = seed();
    let rounds = number("ROLLCALL_POWER_CUT_ROUNDS", 40);
    let mut random = Random::new(seed);
    let place = Place::new();

    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let login = server.admin().await.login;
    let ledger = Arc::new(Ledger::default());
    for round in 0..rounds {
        let client = Client {
            address: server.address,
            login: login.clone(),
        };
        let first = |number| format!("round {round:04} client {number}");
        let mut clients: Vec<_> = (1..CLIENTS)
            .map(|number| tokio::spawn(load(client.clone(), first(number), Arc::clone(&ledger))))
            .collect();
        let random_pictures = Random::new(random.next());
        clients.push(tokio::spawn(pictures(
            client.clone(),
            random_pictures,
            Arc::clone(&ledger),
        )));
        let enough = ledger.answers() + 1 + random.below(300);
        while ledger.answers() < enough {
            ledger.more.notified().await;
        }
        mounted.cut(&mut random);
        server.kill();
        for client in clients {
            client.await.expect("the client ends");
        }
        let mut disk = mounted.unmount();

        // Now and then the power goes again while the store is being opened.
        while random.chance(30) {
            let opening = place.mount(disk);
            opening.cut_after(random.below(30), Random::new(random.next()));
            place.run("check");
            opening.cut(&mut random);
            disk = opening.unmount();
        }

        mounted = place.mount(disk);
        place.assert_sound(&format!("seed {seed}"));
        server = place.start();
        let client = Client {
            address: server.address,
            login: login.clone(),
        };
        client.get("me").await.expect(200);
        ledger.settle(&shown(&client).await, seed);
    }
    eprintln!(
        "{rounds} power cuts, {} acknowledged writes, none lost",
        ledger.answers()
    );
    server.kill();
    mounted.unmount();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_while_a_store_begins_leaves_one_that_opens() {
    let seed = seed();
    let mut began = 0;
    for round in 0..number("ROLLCALL_POWER_CUT_ROUNDS", 40) {
        let mut random = Random::new(seed.wrapping_add(round));
        let place = Place::new();
        let mounted = place.mount(Disk::new());
        mounted.cut_after(random.below(80), random.clone());
        let first = place.try_start_with(|_| {});
        mounted.cut(&mut random);
        let listened = first.map(Process::kill).is_ok();
        began += usize::from(listened);

        let mounted = place.mount_again(mounted);
        if place.data().join("store").is_dir() {
            place.assert_sound(&format!("seed {seed}"));
        }
        let server = place.start_with(|command| {
            // Once it had said that it listens, its administrator is there for good.
            if listened {
                command
                    .env_remove("ROLLCALL_ADMIN_USERNAME")
                    .env_remove("ROLLCALL_ADMIN_PASSWORD");
            }
        });
        server.admin().await;
        server.kill();
        mounted.unmount();
    }
    eprintln!("{began} stores had begun");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_during_a_compaction_leaves_the_old_store_or_the_new_one() {
    let seed = seed();
    let mut random = Random::new(seed);
    let place = Place::new();
    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    admin.create_statuses(300).await;
    let expected = shown(&admin).await;
    let login = admin.login.clone();
    server.signal(libc::SIGTERM);
    server.wait();

    let (mut cut, mut done) = (0, 0);
    for round in 0..number("ROLLCALL_POWER_CUT_ROUNDS", 40) {
        mounted = place.mount_again(mounted);
        mounted.cut_after(random.below(120), random.clone());
        let whole = place.run("compact").status.success();
        (cut, done) = (cut + u32::from(!whole), done + u32::from(whole));
        mounted.cut(&mut random);
        mounted = place.mount_again(mounted);
        place.assert_sound(&format!("seed {seed}"));
        let server = place.start();
        let client = Client {
            address: server.address,
            login: login.clone(),
        };
        assert_eq!(shown(&client).await, expected, "seed {seed}, round {round}");
        server.kill();
    }
    mounted.unmount();
    eprintln!("{cut} compactions were cut, {done} were not");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_during_a_restoration_leaves_the_old_store_or_the_restored_one() {
    let seed = seed();
    let mut random = Random::new(seed);
    let place = Place::new();
    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    admin.create_statuses(300).await;
    assert!(place.run_with(&["backup", "x.backup"]).status.success());
    let new = shown(&admin).await;
    admin.create_status("after the backup", "busy").await.expect(200);
    let mut old = shown(&admin).await;
    let login = admin.login.clone();
    server.signal(libc::SIGTERM);
    server.wait();

    let (mut olds, mut news) = (0, 0);
    for round in 0..number("ROLLCALL_POWER_CUT_ROUNDS", 40) {
        mounted = place.mount_again(mounted);
        mounted.cut_after(random.below(120), random.clone());
        let whole = place.run_with(&["restore", "x.backup", "--replace"]).status.success();
        mounted.cut(&mut random);
        mounted = place.mount_again(mounted);
        place.assert_sound(&format!("seed {seed}"));
        let mut server = place.start();
        let client = Client {
            address: server.address,
            login: login.clone(),
        };
        let found = shown(&client).await;
        assert!(found == new || (found == old && !whole), "seed {seed}, round {round}");
        (olds, news) = (olds + u32::from(found == old), news + u32::from(found == new));
        // The next round begins with the old store again.
        if found == new {
            client.create_status("after the backup", "busy").await.expect(200);
            old = shown(&client).await;
        }
        server.signal(libc::SIGTERM);
        server.wait();
        // By another process: a child that another test begins at this moment would have a copy of a folder that is open
        // here, and keep the mount busy.
        let removed = Command::new("find")
            .arg(place.data())
            .args(["-mindepth", "1", "-maxdepth", "1", "-type", "d", "!", "-name", "store"])
            .args(["-exec", "rm", "-r", "{}", "+"])
            .status();
        assert!(removed.expect("find runs").success());
    }
    mounted.unmount();
    eprintln!("{olds} times the old store, {news} times the restored one");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_disk_that_fails_is_told_as_503_and_reads_go_on() {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    let server = place.start();
    let admin = server.admin().await;
    admin.create_status("lunch", "away").await.expect(200);
    mounted.fail();
    for name in ["tea", "dinner"] {
        let refused = admin.create_status(name, "away").await.expect(503);
        assert_eq!(refused["errorType"], "error-store-unavailable");
    }
    assert_eq!(admin.status_names().await, ["lunch"]);
    let ready = admin.send("GET", "/readyz", &[], "").await;
    assert_eq!(ready.expect(503)["status"], "unavailable");
    server.kill();
    mounted.unmount();
}
