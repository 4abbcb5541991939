//! TCP connections: how many one address may have, and the descriptors that are kept free.

use std::process::Stdio;
use std::time::Duration;

use rollcall::domain::{SettingId, SettingValue};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::process::{Process, rollcall, run};
use crate::support::raw::read_head;
use crate::support::server::{ADMIN, PASSWORD, fix, new_folder};
use crate::support::{Socket, TestServer};

const INFO: &[u8] = b"GET /api/info HTTP/1.1\r\nhost: test\r\n\r\n";

/// Opens a connection that stays, and asks for something on it; the head of what the server sends.
async fn open(address: std::net::SocketAddr) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A refused connection may be closed already.
    let _ = stream.write_all(INFO).await;
    let answer_head = read_head(&mut stream).await;
    (stream, answer_head)
}

/// Opens connections until one is answered with 200.
async fn until_there_is_room(address: std::net::SocketAddr) -> TcpStream {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let (stream, answer_head) = open(address).await;
        if answer_head.starts_with("HTTP/1.1 200 ") {
            return stream;
        }
        assert!(tokio::time::Instant::now() < deadline, "no room: {answer_head}");
    }
}

fn refused(answer_head: &str, status: &str) -> bool {
    // The system may lose what was sent to a client whose request was never read.
    answer_head.is_empty() || answer_head.starts_with(&format!("HTTP/1.1 {status} "))
}

#[tokio::test]
async fn an_address_has_so_many_connections_sockets_included() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::MaxConnectionsPerAddress, SettingValue::Number(3))],
        );
    })
    .await;
    let socket = Socket::connected(server.address).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(until_there_is_room(server.address).await);
    }
    for _ in 0..20 {
        let (_, answer_head) = open(server.address).await;
        assert!(refused(&answer_head, "429"), "{answer_head}");
    }
    // The socket's end makes room, as that of any connection.
    socket.close().await;
    held.push(until_there_is_room(server.address).await);
    let (_, answer_head) = open(server.address).await;
    assert!(refused(&answer_head, "429"), "{answer_head}");
}

#[tokio::test]
async fn connections_of_a_trusted_proxy_are_not_counted_by_its_address() {
    let server = TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        fix(
            options,
            &[(SettingId::MaxConnectionsPerAddress, SettingValue::Number(1))],
        );
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..10 {
        let (stream, answer_head) = open(server.address).await;
        assert!(answer_head.starts_with("HTTP/1.1 200 "), "{answer_head}");
        held.push(stream);
    }
}

#[tokio::test]
async fn descriptors_are_kept_free_for_the_store_and_the_administration_socket() {
    const DESCRIPTORS: usize = 200;
    let folder = new_folder();
    let server = Process::start_in(folder.clone(), |command| {
        let mut limited = std::process::Command::new("sh");
        limited
            .args(["-c", &format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"")])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .env("ROLLCALL_ADMIN_USERNAME", ADMIN)
            .env("ROLLCALL_ADMIN_PASSWORD", PASSWORD)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        *command = limited;
    });
    let admin = server.admin().await;
    let mut held = Vec::new();
    let mut surplus = 0;
    for _ in 0..DESCRIPTORS + 50 {
        let (stream, answer_head) = open(server.address).await;
        if answer_head.starts_with("HTTP/1.1 200 ") {
            held.push(stream);
        } else {
            assert!(refused(&answer_head, "503"), "{answer_head}");
            surplus += 1;
        }
    }
    assert!(
        surplus >= 50 && held.len() > 50,
        "{} held, {surplus} refused",
        held.len()
    );
    // The operator and the store still work beside them.
    let mut command = rollcall(folder.path());
    command.args(["status", "list"]);
    let output = run(command, "");
    assert!(output.status.success(), "{output:?}");
    held.pop();
    drop(until_there_is_room(server.address).await);
    drop(held);
    drop(until_there_is_room(server.address).await);
    assert_eq!(admin.create_status("still written", "busy").await.status, 200);
}
