//! `rollcall doctor`: each check finds what is wrong, says what to do, and shows no secret.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;
use crate::support::store::{is_in_cluster, skipped_in_cluster};

const SECRET: &str = "a secret that is long enough";

fn doctor(folder: &Path, change: impl FnOnce(&mut Command)) -> Output {
    let mut command = rollcall(folder);
    command.args(["doctor", "--json"]);
    change(&mut command);
    run(command, "")
}

/// Returns the checks of a doctor's JSON.
fn checks(output: &Output) -> Vec<Value> {
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    json["checks"].as_array().expect("checks").clone()
}

/// Asserts that one of the checks has this name, this state and these words, and that the exit code is 1 if there is a
/// problem.
#[track_caller]
fn assert_found(output: &Output, check: &str, state: &str, words: &str) {
    let all = checks(output);
    let text = |check: &Value| format!("{} {}", check["found"].as_str().unwrap_or_default(), check["advice"]);
    let is_found = |found: &&Value| found["check"] == check && found["state"] == state && text(found).contains(words);
    assert_eq!(
        all.iter().filter(is_found).count(),
        1,
        "{check} {state} {words}: {all:#?}"
    );
    let has_problem = all.iter().any(|check| check["state"] == "problem");
    assert_eq!(output.status.code(), Some(i32::from(has_problem)), "{output:?}");
}

/// Returns a folder with the data of a server that has ended.
fn stopped() -> Arc<TempDir> {
    let mut server = Process::start();
    server.signal(libc::SIGTERM);
    server.wait();
    Arc::clone(&server.folder)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn a_sound_server_has_no_problem_and_every_line_begins_with_a_state() {
    let server = Process::start();
    let output = doctor(server.folder.path(), |_| {});
    let names: Vec<_> = checks(&output)
        .iter()
        .map(|check| check["check"].as_str().expect("a name").to_owned())
        .collect();
    let expected = [
        "settings",
        "data folder",
        "key",
        "administration socket",
        "log file",
        "disk space",
        "disk speed",
        "cluster node",
        "cluster",
        "cluster format",
        "clock",
        "writes",
        "store",
        "proxy headers",
        "public address",
        "certificate",
        "log format",
    ];
    let is_made = |check: &&str| is_in_cluster() || !check.starts_with("cluster");
    let expected: Vec<_> = expected.into_iter().filter(is_made).collect();
    assert_eq!(names, expected);
    for (check, state) in [
        ("store", "ok"),
        ("clock", "ok"),
        ("key", "ok"),
        ("data folder", "ok"),
        ("settings", "ok"),
    ] {
        assert_found(&output, check, state, "");
    }
    assert_eq!(output.status.code(), Some(0));

    let mut text = rollcall(server.folder.path());
    text.arg("doctor");
    let text = run(text, "");
    let said = String::from_utf8_lossy(&text.stdout);
    assert_eq!(said.lines().count(), expected.len(), "{said}");
    for line in said.lines() {
        let state = line.split_whitespace().next().unwrap_or_default();
        assert!(["ok", "skipped", "warning"].contains(&state), "{line}");
    }
    assert!(!server.data_dir().join("doctor.unfinished").exists());
}

#[test]
fn without_a_store_or_a_server_it_says_so() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = new_folder();
    let output = doctor(folder.path(), |_| {});
    for check in ["data folder", "store", "disk", "public address"] {
        assert_found(&output, check, "skipped", "");
    }
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        folder.path().read_dir().expect("a folder").count(),
        0,
        "it makes nothing"
    );
    let stopped = stopped();
    let output = doctor(stopped.path(), |_| {});
    assert_found(&output, "store", "ok", "sound");
    assert_found(&output, "administration socket", "skipped", "no server runs");
}

#[test]
fn every_wrong_setting_is_named_and_no_secret_is_shown() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = stopped();
    fs::write(folder.path().join("token"), "zq7zq7").expect("a file");
    let output = doctor(folder.path(), |command| {
        command
            .args(["--stop-seconds", "soon", "--set", "API_Enable_CORS=maybe"])
            .env("ROLLCALL_LOG_LEVEL", "loud")
            .env("ROLLCALL_LISTNE", ":3000")
            .env("ROLLCALL_SOMETHING_ELSE_AT_ALL", SECRET)
            .env("ROLLCALL_CREATE_TOKENS_SECRET", SECRET)
            .env("ROLLCALL_ADMIN_PASSWORD", SECRET)
            .env("ROLLCALL_METRICS_TOKEN_FILE", "token");
    });
    for words in [
        "stop_seconds",
        "API_Enable_CORS",
        "log_level",
        "ROLLCALL_LISTNE",
        "admin_username",
        "metrics_token",
    ] {
        assert_found(&output, "settings", "problem", words);
    }
    assert_found(&output, "variables", "warning", "ROLLCALL_SOMETHING_ELSE_AT_ALL");
    assert_found(&output, "store", "ok", "sound");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    for secret in [SECRET, "zq7zq7"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn files_that_others_may_use_are_problems() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = stopped();
    let data = folder.path().join("data");
    let database = data.join("store/db");
    set_mode(&data, 0o755);
    assert_found(&doctor(folder.path(), |_| {}), "data folder", "warning", "chmod 700");
    set_mode(&database, 0o644);
    assert_found(
        &doctor(folder.path(), |_| {}),
        "data folder",
        "problem",
        "chmod -R go-rwx",
    );
    set_mode(&data, 0o777);
    assert_found(&doctor(folder.path(), |_| {}), "data folder", "problem", "go-w");
    set_mode(&data, 0o700);
    assert_found(&doctor(folder.path(), |_| {}), "data folder", "ok", "");
    set_mode(&data.join("secret.key"), 0o644);
    assert_found(&doctor(folder.path(), |_| {}), "key", "problem", "chmod 600");
}

#[test]
fn an_exposed_socket_and_an_exposed_log_are_found() {
    let folder = new_folder();
    let log = folder.path().join("rollcall.log");
    let file = File::create(&log).expect("a file");
    let server = Process::start_in(Arc::clone(&folder), |command| {
        command.stderr(file).env("JOURNAL_STREAM", "8:1234");
    });
    set_mode(&log, 0o644);
    let found = doctor(folder.path(), |_| {});
    assert_found(&found, "administration socket", "ok", "only its owner");
    assert_found(&found, "log file", "warning", "rollcall.log");
    assert_found(&found, "log format", "warning", "set log_format to journald");
    set_mode(&log, 0o600);
    set_mode(&server.data_dir().join("admin.sock"), 0o666);
    let found = doctor(folder.path(), |command| {
        command.args(["--log-format", "journald"]);
    });
    assert_found(&found, "log file", "ok", "");
    assert_found(&found, "log format", "ok", "journald");
    assert_found(&found, "administration socket", "problem", "chmod 600");
}

#[test]
fn a_full_disk_and_a_damaged_store_are_problems() {
    if skipped_in_cluster("it is about the files of a data folder") {
        return;
    }
    let folder = stopped();
    let found = doctor(folder.path(), |command| {
        command.args(["--disk-reserve-mib", "4294967295"]);
    });
    assert_found(&found, "disk space", "problem", "disk_reserve_mib");
    let database = folder.path().join("data/store/db");
    let mut bytes = fs::read(&database).expect("a file");
    for byte in &mut bytes[64..] {
        *byte ^= 0x55;
    }
    fs::write(&database, bytes).expect("a file");
    let found = doctor(folder.path(), |_| {});
    let all = checks(&found);
    let is_problem = |check: &Value| check["check"] == "store" && check["state"] == "problem";
    assert!(all.iter().any(is_problem), "{all:#?}");
    assert_eq!(found.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_a_proxy_that_is_not_trusted_are_found() {
    let server = Process::start();
    let folder = server.folder.path();
    let https = |command: &mut Command| {
        command.args(["--public-url", "https://chat.example"]);
    };
    assert_found(
        &doctor(folder, https),
        "proxy headers",
        "ok",
        "no request came over a proxy",
    );
    let forwarded = [("x-forwarded-for", "192.0.2.1")];
    server.anonymous().send("GET", "/api/v1/me", &forwarded, "").await;
    assert_found(
        &doctor(folder, |_| {}),
        "proxy headers",
        "warning",
        "1 requests had X-Forwarded-For",
    );
    let proxied = Process::start_in(new_folder(), |command| {
        command.args(["--trusted-proxies", "127.0.0.1", "--public-url", "https://chat.example"]);
    });
    let same = |command: &mut Command| {
        command.args(["--trusted-proxies", "127.0.0.1"]);
    };
    assert_found(
        &doctor(proxied.folder.path(), same),
        "proxy headers",
        "skipped",
        "since the start",
    );
    proxied.anonymous().send("GET", "/api/v1/me", &forwarded, "").await;
    let found = doctor(proxied.folder.path(), same);
    assert_found(&found, "proxy headers", "ok", "1 requests came over a trusted proxy");
    let alone = Process::start_in(new_folder(), |command| {
        command.args(["--public-url", "https://chat.example"]);
    });
    let found = doctor(alone.folder.path(), |_| {});
    assert_found(&found, "proxy headers", "warning", "set trusted_proxies");
}

#[test]
fn the_public_address_is_tried() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        listener.local_addr().expect("an address")
    };
    let unreached = Process::start_in(new_folder(), |command| {
        command.args(["--public-url", &format!("http://{closed}/rollcall")]);
    });
    let found = doctor(unreached.folder.path(), |_| {});
    assert_found(&found, "public address", "problem", "does not answer");
    // A proxy that passes the path to a server that lives.
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let address = listener.local_addr().expect("an address");
    let proxy = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 256];
        let length = stream.read(&mut request).expect("a request");
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").expect("the command reads");
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let reached = Process::start_in(new_folder(), |command| {
        command.args(["--public-url", &format!("http://{address}/rollcall")]);
    });
    assert_found(
        &doctor(reached.folder.path(), |_| {}),
        "public address",
        "ok",
        "is reached",
    );
    let request = proxy.join().expect("no panic");
    assert!(request.starts_with("GET /rollcall/livez "), "{request}");
}
