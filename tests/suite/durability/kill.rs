//! `kill -9` of the real binary under load.

#![allow(clippy::print_stderr, reason = "a run says how many writes it compared")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rollcall::domain::Timestamp;
use serde_json::json;
use tokio::sync::Notify;

use super::ledger::Ledger;
use super::load::{self, shown};
use super::random::{Random, rounds, seed};
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Process};

/// The usual number of kills under load.
const ROUNDS: usize = 20;

/// The chance that a killed store is compacted before the next start, in percent.
const COMPACTIONS: usize = 20;

/// The users that are renamed.
const USERS: usize = 8;

/// Runs a command on this data folder, and asserts that it succeeds.
fn succeed(folder: &Path, arguments: &[&str], case: &str) {
    let mut command = rollcall(folder);
    command.args(arguments);
    let output = run(command, "");
    assert!(output.status.success(), "{case}: {arguments:?}: {output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_nothing_that_was_acknowledged() {
    if skipped_in_cluster("a cluster compacts itself") {
        return;
    }
    let rounds = rounds(ROUNDS);
    let mut random = Random::new(seed());
    let ledger = Arc::new(Ledger::default());
    let start = |folder| Process::start_in(folder, load::store_pictures_as_sent);
    let mut server = start(new_folder());
    let admin = server.admin().await;
    let mut backups = 0;
    for round in 0..rounds {
        let case = format!("round {round}");
        let client = admin.at(server.address);
        let clients = load::begin(&client, round, &mut random, &ledger);
        let mut command = rollcall(server.folder.path());
        command.args(["backup", "beside.backup"]);
        let backup = tokio::task::spawn_blocking(move || run(command, ""));
        ledger.reaches(ledger.answers() + 1 + random.below(300), &clients).await;
        let folder = server.kill();
        for client in clients {
            client.await.expect("the client ends");
        }
        if backup.await.expect("the command ends").status.success() {
            backups += 1;
            succeed(folder.path(), &["check", "beside.backup"], &case);
        }
        succeed(folder.path(), &["check"], &case);
        if random.chance(COMPACTIONS) {
            succeed(folder.path(), &["compact"], &case);
        }
        server = start(folder);
        let client = admin.at(server.address);
        ledger.settle(&shown(&client).await, &case);
    }
    eprintln!(
        "{rounds} kills, {} acknowledged writes, none lost; {backups} backups beside them, all sound",
        ledger.answers()
    );
}

const RENAMES: usize = 10;

/// Renames a user back and forth until the server is gone; returns how many renames were acknowledged.
async fn rename(admin: Client, id: String, number: usize, done: Arc<Notify>) -> usize {
    for serial in 0.. {
        let username = format!("user{number}-{}", serial % 3);
        let data = json!({"username": username, "email": format!("{username}@example.com")});
        let body = json!({"userId": id, "data": data}).to_string();
        let json = [("content-type", "application/json")];
        let answer = admin.try_send("POST", "/api/v1/users.update", &json, body).await;
        match answer {
            Some(answer) if answer.status == 200 => done.notify_one(),
            Some(answer) => panic!("{answer:?}"),
            None => return serial,
        }
    }
    unreachable!("there is always one more")
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_during_renames_leave_names_and_addresses_that_lead_to_their_users() {
    let mut server = Process::start();
    let admin = server.admin().await;
    let admin = |server: &Process| admin.at(server.address);
    let mut ids = Vec::new();
    for number in 0..USERS {
        let username = format!("user{number}-0");
        let body = json!({
            "username": username, "name": username, "email": format!("{username}@example.com"),
            "password": "correct horse",
        });
        let body = admin(&server).post("users.create", &body).await.expect(200);
        ids.push(body["user"]["_id"].as_str().expect("an id").to_owned());
    }
    for round in 0..RENAMES {
        let done = Arc::new(Notify::new());
        let renamers: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(number, id)| tokio::spawn(rename(admin(&server), id.clone(), number, Arc::clone(&done))))
            .collect();
        for _ in 0..=round * 7 {
            done.notified().await;
        }
        let folder = server.kill();
        for renamer in renamers {
            renamer.await.expect("the renamer ends");
        }

        let mut check = rollcall(folder.path());
        check.arg("check");
        let output = run(check, "");
        assert!(output.status.success(), "round {round}: {output:?}");

        server = Process::start_in(folder, |_| {});
        for (number, id) in ids.iter().enumerate() {
            let mut found = 0;
            for serial in 0..3 {
                let name = format!("user{number}-{serial}");
                let by_name = admin(&server).get(&format!("users.info?username={name}")).await;
                if by_name.status == 200 {
                    let user = &by_name.json()["user"];
                    assert_eq!(
                        (user["_id"].as_str(), user["username"].as_str()),
                        (Some(&**id), Some(&*name))
                    );
                    assert_eq!(user["emails"][0]["address"], format!("{name}@example.com"));
                    found += 1;
                }
            }
            assert_eq!(found, 1, "round {round}, user {number} has one name");
        }
    }
}

/// How often a log says that claims of a user have ended.
fn ends_told(log: &str) -> usize {
    log.lines()
        .filter(|line| line.contains("claims have ended user="))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_ends_while_the_server_is_killed_ends_once() {
    let verbose = |command: &mut std::process::Command| {
        command.args(["--log-level", "debug"]);
    };
    let server = Process::start_in(new_folder(), verbose);
    let admin = server.admin().await;
    let end = SystemTime::now() + Duration::from_millis(1500);
    let millis = end.duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let end_text = Timestamp::from_millis(i64::try_from(millis).expect("a moment")).to_string();
    let vacation = json!({"status": "away", "message": "vacation"});
    admin.post("users.setStatus", &vacation).await.expect(200);
    let lunch = json!({"status": "busy", "message": "lunch", "expiresAt": end_text});
    admin.post("users.setStatus", &lunch).await.expect(200);
    let folder = server.kill();
    // Not for luck: until the status has ended.
    tokio::time::sleep(end.duration_since(SystemTime::now()).unwrap_or_default()).await;

    let mut told = Vec::new();
    for _ in 0..2 {
        let mut server = Process::start_in(Arc::clone(&folder), verbose);
        let client = admin.at(server.address);
        let first = client.get("users.getStatus").await.expect(200);
        assert_eq!(
            (&first["status"], &first["message"]),
            (&json!("away"), &json!("vacation"))
        );
        // The line of the request comes after those of the start.
        told.push(ends_told(&server.log_until("users.getStatus")));
        server.kill();
    }
    assert_eq!(told, [1, 0], "once, by the first that came after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_ends_a_status_on_its_own() {
    let server = Process::start();
    let admin = server.admin().await;
    let end = SystemTime::now() + Duration::from_millis(300);
    let millis = end.duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let end = Timestamp::from_millis(i64::try_from(millis).expect("a moment"));
    let lunch = json!({"status": "busy", "message": "lunch", "expiresAt": end.to_string()});
    admin.post("users.setStatus", &lunch).await.expect(200);
    loop {
        let now = admin.get("users.getStatus").await.expect(200);
        if now["status"] == "offline" {
            break;
        }
        assert_eq!(now["statusExpiresAt"], end.to_string());
    }
}
