//! Signals, and clients that would delay the end of the server; what monitoring gets meanwhile.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::ChildStderr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::server::new_folder;
use crate::support::store::{is_in_cluster, skipped_in_cluster};
use crate::support::{Process, Socket, eventually};

async fn connected(server: &Process, begin: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(begin.as_bytes()).await.expect("the server reads");
    stream
}

/// Waits until the server takes no new connections.
async fn wait_until_closed(server: &Process) {
    eventually(async || TcpStream::connect(server.address).await.is_err()).await;
}

/// Starts a request whose body is on its way.
async fn half_a_body(server: &Process) -> TcpStream {
    let head = "POST /api/v1/login HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
                expect: 100-continue\r\ncontent-length: 100\r\n\r\n";
    let mut stream = connected(server, head).await;
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.expect("the server asks");
    stream
}

#[tokio::test]
async fn slow_clients_are_cut_off_after_the_time_that_the_setting_gives_them() {
    let mut server = Process::start_in(new_folder(), |command| {
        command.args(["--stop-seconds", "0"]);
    });
    let _slow_body = half_a_body(&server).await;
    let _slow_head = connected(&server, "GET /api/v1/me HTT").await;
    let _silent = connected(&server, "").await;
    let mut idle = connected(&server, "GET /livez HTTP/1.1\r\nhost: test\r\n\r\n").await;
    idle.read_u8().await.expect("an answer");
    let _socket = Socket::connected(server.address).await;
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        log.contains("up to 0 seconds") && log.contains("cut off after 0 seconds"),
        "{log}"
    );
}

#[tokio::test]
async fn a_client_without_a_request_does_not_delay_the_end() {
    let mut server = Process::start_in(new_folder(), |command| {
        // The test would wait for this long.
        command.args(["--stop-seconds", "600"]);
    });
    let _silent = connected(&server, "").await;
    let mut idle = connected(&server, "GET /livez HTTP/1.1\r\nhost: test\r\n\r\n").await;
    idle.read_u8().await.expect("an answer");
    let _socket = Socket::connected(server.address).await;
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("cut off"), "{log}");
}

#[tokio::test]
async fn monitoring_is_told_that_a_server_stops_while_its_process_is_sound() {
    let mut server = Process::start();
    let begin = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: te");
    let mut probes = Vec::new();
    for (path, status) in [("/readyz", "503"), ("/livez", "200"), ("/health", "500")] {
        probes.push((connected(&server, &begin(path)).await, status));
    }
    // The server has begun to read these heads once it answers a later request.
    server.anonymous().send("GET", "/livez", &[], "").await.expect(200);
    server.signal(libc::SIGTERM);
    wait_until_closed(&server).await;
    for (mut probe, status) in probes {
        probe.write_all(b"st\r\n\r\n").await.expect("the server reads");
        let mut answer = String::new();
        probe.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        if status == "503" {
            let body: Value = serde_json::from_str(answer.rsplit("\r\n\r\n").next().expect("a body")).expect("JSON");
            let mut checks = json!({"store": "ok", "disk": "ok", "serving": "unavailable"});
            if is_in_cluster() {
                checks["cluster"] = json!("ok");
            }
            assert_eq!(body, json!({"status": "unavailable", "checks": checks}));
        }
    }
    assert!(server.wait().0.success());
}

#[tokio::test]
async fn a_server_whose_disk_has_less_than_the_reserve_is_not_ready_but_lives() {
    if skipped_in_cluster("it is about the disk of a data folder") {
        return;
    }
    // A server creates its first administrator only while the disk has space.
    let folder = Process::start().kill();
    let mut server = Process::start_in(folder, |command| {
        command.args(["--disk-reserve-mib", "4294967295"]);
    });
    let get = async |path: &str| server.anonymous().send("GET", path, &[], "").await;
    for _ in 0..2 {
        let ready = get("/readyz").await.expect(503);
        assert_eq!(
            ready["checks"],
            json!({"store": "ok", "disk": "unavailable", "serving": "ok"})
        );
    }
    assert_eq!(get("/livez").await.status, 200);
    assert_eq!(get("/health").await.status, 500);
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    assert_eq!(log.matches("less free space than the reserve").count(), 1, "{log}");
}

/// Reads lines of the log until one has these words.
fn read_until(log: &mut BufReader<ChildStderr>, words: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).expect("text") > 0, "{words:?} after {lines:?}");
        let found = line.contains(words);
        lines.push(line);
        if found {
            return lines;
        }
    }
}

#[tokio::test]
async fn sighup_reads_the_level_of_the_log_again_and_user_signals_do_nothing() {
    let folder = new_folder();
    let file = folder.path().join("rollcall.toml");
    fs::write(&file, "log_level = \"warn\"\n").expect("a file");
    let mut server = Process::start_in(Arc::clone(&folder), |command| {
        command.args(["--config", "rollcall.toml"]);
    });
    let mut log = BufReader::new(server.child.stderr.take().expect("a pipe"));
    let admin = server.admin().await;
    admin.get("me").await.expect(200);

    fs::write(&file, "log_level = \"info\"\n").expect("a file");
    server.signal(libc::SIGHUP);
    let before = read_until(&mut log, "read the configuration again");
    assert!(!before.iter().any(|line| line.contains(" request ")), "{before:?}");
    admin.get("me").await.expect(200);
    read_until(&mut log, " request ");

    fs::write(&file, "log_level = \"loud\"\n").expect("a file");
    server.signal(libc::SIGHUP);
    let refused = read_until(&mut log, "all settings stay");
    assert!(
        refused.last().is_some_and(|line| line.contains("log_level")),
        "{refused:?}"
    );
    for signal in [libc::SIGUSR1, libc::SIGUSR2] {
        server.signal(signal);
        read_until(&mut log, "have no effect");
    }
    admin.get("me").await.expect(200);
    read_until(&mut log, " request ");
    server.signal(libc::SIGTERM);
    read_until(&mut log, "stopped");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
}
