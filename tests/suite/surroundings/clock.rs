//! A machine's clock that is wrong: far ahead or far behind of the store's last commit. The stores of these tests were
//! written in 2023, so that the real binary finds its clock years ahead.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Output;
use std::sync::Arc;

use rollcall::app::Clock;
use rollcall::clock::SetClock;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{rollcall, run};
use crate::support::server::{BEGINNING, DAY, MINUTE, PASSWORD, USER, create_user, new_folder, new_user};
use crate::support::{Client, Process, TestServer, eventually};

/// Days that a login lasts.
const LOGIN_DAYS: i64 = 90;

/// The time of all entries of the audit log that a server wrote in 2023.
const YEAR: &str = "2023-";

fn call(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = rollcall(folder.path());
    command.args(arguments);
    run(command, "")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Returns a folder with a store of 2023, and the login of ada, who has a status with an end above one without.
async fn written_in_2023() -> (Arc<TempDir>, Client) {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let vacation = json!({"status": "away", "message": "vacation"});
    ada.post("users.setStatus", &vacation).await.expect(200);
    let end = rollcall::domain::Timestamp::from_millis(BEGINNING + 60 * MINUTE).to_string();
    let lunch = json!({"status": "busy", "message": "lunch", "expiresAt": end});
    ada.post("users.setStatus", &lunch).await.expect(200);
    (server.stop().await, ada)
}

/// Opens the store with a clock that is off by this much.
async fn opened(folder: &Arc<TempDir>, off_millis: i64) -> (TestServer, Arc<SetClock>) {
    let clock = SetClock::at(BEGINNING + off_millis);
    let set = Arc::clone(&clock);
    let server = TestServer::open(Arc::clone(folder), |options| options.clock = Clock::set_by(set)).await;
    (server, clock)
}

fn at(address: std::net::SocketAddr, client: &Client) -> Client {
    Client {
        address,
        login: client.login.clone(),
    }
}

/// Returns the times of all entries of the audit log.
fn audit_times(folder: &TempDir) -> BTreeSet<String> {
    let output = call(folder, &["audit", "--json", "--count", "10000"]);
    let entries: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let times = entries.as_array().expect("a list").iter();
    times
        .map(|entry| entry["at"].as_str().expect("a time").to_owned())
        .collect()
}

fn has_entries_of_2023(folder: &TempDir) -> bool {
    audit_times(folder).iter().any(|at| at.starts_with(YEAR))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_the_clock_years_ahead_erases_nothing_until_the_operator_confirms_it() {
    let (folder, ada) = written_in_2023().await;
    let verbose = |command: &mut std::process::Command| {
        command.args(["--log-level", "debug"]);
    };
    let mut server = Process::start_in(Arc::clone(&folder), verbose);
    let mut log = BufReader::new(server.child.stderr.take().expect("a pipe")).lines();
    let mut lines = Vec::new();
    // The sweep of the start, which erased everything before.
    while !lines.iter().any(|line: &String| line.contains("nothing is swept")) {
        lines.push(log.next().expect("a line").expect("text"));
    }
    let warned = lines.iter().filter(|line| line.contains("the clock is doubtful"));
    assert!(warned.clone().count() <= 2, "{lines:?}");
    at(server.address, &ada).get("me").await.expect(401);
    let asked = call(&folder, &["doctor"]);
    let said = words(&asked);
    assert_eq!(asked.status.code(), Some(1), "{said}");
    assert!(
        said.contains("2023-11-04") && said.contains("--clock-is-right"),
        "{said}"
    );
    assert!(has_entries_of_2023(&folder));
    server.kill();

    // With the right clock everything is there again.
    let (right, _) = opened(&folder, 5 * MINUTE).await;
    let status = at(right.address, &ada).get("users.getStatus").await.expect(200);
    assert_eq!(
        (&status["status"], &status["message"]),
        (&json!("busy"), &json!("lunch"))
    );
    right.stop().await;

    let server = Process::start_in(Arc::clone(&folder), |_| {});
    let confirmed = call(&folder, &["doctor", "--clock-is-right"]);
    assert!(confirmed.status.success(), "{}", words(&confirmed));
    eventually(async || !has_entries_of_2023(&folder)).await;
    assert!(call(&folder, &["doctor"]).status.success());
    let entries = call(&folder, &["audit", "--action", "clock-confirmed"]);
    assert!(words(&entries).contains("2023-11-04"), "{}", words(&entries));
    server.kill();
    // The store knows the time now: a restart is not in doubt.
    assert!(call(&folder, &["doctor"]).status.success());
}

#[tokio::test]
async fn a_clock_can_be_confirmed_without_a_server() {
    let (folder, _) = written_in_2023().await;
    assert_eq!(call(&folder, &["doctor", "--json"]).status.code(), Some(1));
    assert!(has_entries_of_2023(&folder), "no command erases anything");
    assert!(call(&folder, &["doctor", "--clock-is-right"]).status.success());
    let shown = call(&folder, &["doctor", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!((&shown["doubt"], &shown["mayErase"]), (&Value::Null, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_of_uptime_what_has_ended_is_erased() {
    let (folder, ada) = written_in_2023().await;
    let (server, clock) = opened(&folder, 1000 * DAY).await;
    let admin = server.admin().await;
    at(server.address, &ada).get("me").await.expect(401);
    let status = admin
        .get(&format!("users.getStatus?userId={}", ada.id()))
        .await
        .expect(200);
    assert_eq!(status["status"], "offline", "what ends by the clock counts as ended");
    clock.pass(DAY - 1);
    assert!(has_entries_of_2023(&folder));
    clock.pass(1);
    eventually(async || !has_entries_of_2023(&folder)).await;
    server.stop().await;
    let (server, _) = opened(&folder, 1001 * DAY).await;
    assert!(
        call(&folder, &["token", "list", "--user", USER, "--json"])
            .stdout
            .starts_with(b"[]")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_set_right_while_the_server_runs_gives_everything_back() {
    let (folder, ada) = written_in_2023().await;
    let (server, clock) = opened(&folder, 1000 * DAY).await;
    let ada = at(server.address, &ada);
    ada.get("me").await.expect(401);
    clock.set_back(1000 * DAY);
    ada.get("me").await.expect(200);
    loop {
        let status = ada.get("users.getStatus").await.expect(200);
        if status["message"] == "lunch" {
            break;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn with_the_clock_years_behind_time_goes_on_and_a_login_ends_after_its_own_length() {
    let (folder, ada) = written_in_2023().await;
    let (server, clock) = opened(&folder, -1000 * DAY).await;
    let ada = at(server.address, &ada);
    ada.get("me").await.expect(200);
    let admin = server.admin().await;
    let made = admin.create_status("tea", "away").await.expect(200);
    let made = made["customUserStatus"]["_updatedAt"]
        .as_str()
        .expect("a time")
        .to_owned();
    assert!(
        made.starts_with(YEAR),
        "no record is earlier than the records before it: {made}"
    );
    clock.pass(LOGIN_DAYS * DAY - 1);
    ada.get("me").await.expect(200);
    clock.pass(1);
    ada.get("me").await.expect(401);
    server.stop().await;
}

#[tokio::test]
async fn a_login_from_the_time_of_a_wrong_clock_is_not_longer_than_others() {
    let folder = new_folder();
    let server = TestServer::open(Arc::clone(&folder), |options| {
        options.administrator = Some(new_user("admin"));
    })
    .await;
    server.command(create_user(USER)).await;
    server.stop().await;
    let (server, _) = opened(&folder, 1000 * DAY).await;
    let ada = server.logged_in(USER).await;
    ada.get("me").await.expect(200);
    server.stop().await;
    let (server, _) = opened(&folder, MINUTE).await;
    at(server.address, &ada).get("me").await.expect(401);
    let body = json!({"user": USER, "password": PASSWORD});
    server.anonymous().post("login", &body).await.expect(200);
    server.stop().await;
}
