//! Where a server listens: every form of an address, several at once, and the sentence for each that cannot be used.

use std::fs;
use std::net::{SocketAddr, TcpListener as BlockingListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tokio::net::UnixStream;

use crate::support::process::{rollcall, run};
use crate::support::raw::{exchange, exchange_over};
use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::{Client, Process, Socket};

const LIVE: &str = "GET /livez HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";

async fn is_live_over(path: &Path) -> bool {
    let stream = UnixStream::connect(path).await.expect("a connection");
    exchange_over(stream, LIVE.as_bytes())
        .await
        .starts_with("HTTP/1.1 200 ")
}

async fn is_live_at(address: SocketAddr) -> bool {
    exchange(address, LIVE.as_bytes()).await.starts_with("HTTP/1.1 200 ")
}

/// Starts a server that listens nowhere else.
fn start(addresses: &[&str]) -> Process {
    Process::start_in(new_folder(), |command| {
        *command = bare(command.get_current_dir().expect("a folder"));
        command.args(addresses.iter().flat_map(|address| ["--listen", address]));
    })
}

/// Returns the command that serves at the default address, with an administrator.
fn bare(folder: &Path) -> Command {
    let mut command = rollcall(folder);
    command
        .arg("serve")
        .env("ROLLCALL_ADMIN_USERNAME", ADMIN)
        .env("ROLLCALL_ADMIN_PASSWORD", PASSWORD)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command
}

fn has_ipv6() -> bool {
    BlockingListener::bind("[::1]:0").is_ok()
}

/// Returns the address in a line that the server prints.
fn address_in(line: &str) -> SocketAddr {
    let address = line.trim().strip_prefix("listening on http://").expect(line);
    address.parse().expect(line)
}

#[tokio::test]
async fn every_form_of_an_address_is_served() {
    for written in ["127.0.0.1:0", "0", "localhost:0", "0.0.0.0:0", ":0"] {
        let server = start(&[written]);
        let port = server.address.port();
        assert_ne!(port, 0);
        assert!(is_live_at(([127, 0, 0, 1], port).into()).await, "{written}");
        let is_everywhere = server.address.ip().is_unspecified();
        assert_eq!(
            is_everywhere,
            written.starts_with([':']) || written.starts_with("0.0"),
            "{written}"
        );
    }
    if has_ipv6() {
        for written in ["[::1]:0", "[::]:0", ":0"] {
            let server = start(&[written]);
            let address = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], server.address.port()));
            assert!(is_live_at(address).await, "{written}");
        }
    }
}

#[tokio::test]
async fn a_host_name_with_two_addresses_has_one_port_and_a_line_for_each() {
    let mut server = start(&["localhost:0", "unix:last.sock"]);
    let mut addresses = vec![server.address];
    loop {
        let line = server.line();
        if line == "listening on unix:last.sock\n" {
            break;
        }
        addresses.push(address_in(&line));
    }
    for address in &addresses {
        assert_eq!(address.port(), server.address.port());
        assert!(address.ip().is_loopback() && is_live_at(*address).await, "{address}");
    }
}

#[tokio::test]
async fn several_addresses_are_one_server_wherever_they_are_written() {
    let file = "listen = [\"127.0.0.1:0\", \"unix:x.sock?mode=660\", \"127.0.0.1:0\"]\n";
    for place in ["flags", "environment", "file"] {
        let mut server = Process::start_in(new_folder(), |command| {
            let folder = command.get_current_dir().expect("a folder").to_owned();
            *command = bare(&folder);
            match place {
                "flags" => {
                    command.args([
                        "--listen",
                        "127.0.0.1:0",
                        "--listen",
                        "unix:x.sock?mode=660,127.0.0.1:0",
                    ]);
                }
                "environment" => {
                    command.env("ROLLCALL_LISTEN", "127.0.0.1:0, unix:x.sock?mode=660 ,127.0.0.1:0");
                }
                _ => {
                    fs::write(folder.join("rollcall.toml"), file).expect("a file");
                    command.args(["--config", "rollcall.toml"]);
                }
            }
        });
        assert_eq!(server.line(), "listening on unix:x.sock\n", "{place}");
        let second = address_in(&server.line());
        assert_ne!(second, server.address);
        let admin = server.admin().await;
        admin.create_status("tea", "away").await.expect(200);
        let other = Client::new(second).with_login(admin.id(), admin.token());
        assert_eq!(other.status_names().await, ["tea"], "{place}");
        let path = server.folder.path().join("x.sock");
        let mode = fs::metadata(&path).expect("a socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        assert!(is_live_over(&path).await, "{place}");
        server.signal(libc::SIGTERM);
        let (status, log) = server.wait();
        assert!(status.success() && !path.exists(), "{log}");
    }
}

#[tokio::test]
async fn all_networks_of_one_family_may_be_beside_those_of_the_other() {
    if !has_ipv6() {
        return;
    }
    // The system chooses a port that is free in both families.
    let port = BlockingListener::bind("[::]:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let mut server = start(&[&format!("0.0.0.0:{port}"), &format!("[::]:{port}")]);
    assert_eq!(server.line(), format!("listening on http://[::]:{port}\n"));
    assert!(is_live_at(([127, 0, 0, 1], port).into()).await);
    assert!(is_live_at(([0, 0, 0, 0, 0, 0, 0, 1], port).into()).await);
}

#[tokio::test]
async fn a_client_of_a_unix_socket_counts_as_the_loopback_address_and_its_proxy_may_be_trusted() {
    let login = |forwarded: &str| {
        let body = r#"{"user":"admin","password":"wrong"}"#;
        format!(
            "POST /api/v1/login HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
             x-forwarded-for: {forwarded}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    for (trusted, seen) in [("10.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "198.51.100.7")] {
        let server = Process::start_in(new_folder(), |command| {
            *command = bare(command.get_current_dir().expect("a folder"));
            command.args(["--listen", "unix:x.sock", "--trusted-proxies", trusted]);
        });
        let path = server.folder.path().join("x.sock");
        let stream = UnixStream::connect(&path).await.expect("a connection");
        let answer = exchange_over(stream, login("198.51.100.7").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let mut audit = rollcall(server.folder.path());
        audit.args(["audit", "--action", "login-failed", "--json"]);
        let output = run(audit, "");
        let entries: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(entries[0]["address"], json!(seen), "{entries}");
        // A WebSocket has the same stream below it.
        let mut socket = Socket::over(UnixStream::connect(&path).await.expect("a connection")).await;
        socket.ping().await;
        socket.close().await;
    }
}

#[tokio::test]
async fn the_socket_of_a_killed_server_is_replaced_and_that_of_a_living_one_is_not() {
    let folder = start(&["unix:x.sock"]).kill();
    let path = folder.path().join("x.sock");
    assert!(path.exists());
    let server = Process::start_in(folder, |command| {
        *command = bare(command.get_current_dir().expect("a folder"));
        command.args(["--listen", "unix:x.sock"]);
    });
    assert!(is_live_over(&path).await);
    let refused = refused(&[&format!("unix:{}", path.display())]);
    assert!(
        refused.contains("another program") && refused.contains("x.sock"),
        "{refused}"
    );
    assert!(is_live_over(&path).await);
    drop(server);
}

/// Starts a server that cannot listen, and returns its sentence.
fn refused(addresses: &[&str]) -> String {
    let folder = new_folder();
    refused_in(folder.path(), addresses)
}

fn refused_in(folder: &Path, addresses: &[&str]) -> String {
    let mut command = bare(folder);
    command.args(addresses.iter().flat_map(|address| ["--listen", address]));
    let output = run(command, "");
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "{output:?}");
    said
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_address_that_cannot_be_used_has_its_sentence() {
    let used = BlockingListener::bind("127.0.0.1:0").expect("a port");
    let used = used.local_addr().expect("an address").to_string();
    let folder = new_folder();
    fs::write(folder.path().join("file"), "precious").expect("a file");
    let long = format!("unix:{}", "x".repeat(108));
    for (written, expected) in [
        (used.as_str(), "another program"),
        ("192.0.2.1:3000", "no such address"),
        ("a..b:3000", "the host name is not known"),
        (
            long.as_str(),
            "the path has 108 bytes, and that of a socket has at most 107",
        ),
        ("unix:file", "remove it"),
        ("unix:missing/x.sock", "its folder does not exist"),
        ("unix:file/x.sock", "its folder does not exist"),
    ] {
        // The first address could be used. A start that fails leaves no file behind.
        let said = refused_in(folder.path(), &["unix:first.sock", written]);
        assert!(said.contains("cannot listen on") && said.contains(expected), "{said}");
        assert!(said.contains("--listen"), "{said}");
        assert!(!folder.path().join("first.sock").exists());
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("file")).expect("a file"),
        "precious"
    );
}
