//! Request bodies: who may send how much, and what all of them hold.

use std::time::{Duration, Instant};

use rollcall::http::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::process::Process;
use crate::support::raw::read_head;
use crate::support::{Client, TestServer};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const KIB: usize = 1024;

/// The head of a POST with a body of this length.
fn head(client: &Client, path: &str, length: usize, more: &str) -> String {
    let login = client.login.as_ref().map_or_else(String::new, |(id, token)| {
        format!("x-user-id: {id}\r\nx-auth-token: {token}\r\n")
    });
    format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{login}{more}\r\n"
    )
}

/// JSON of exactly this length.
fn padded(length: usize) -> String {
    let empty = json!({"user": "", "password": "x"}).to_string().len();
    json!({"user": "x".repeat(length - empty), "password": "x"}).to_string()
}

#[tokio::test]
async fn a_body_may_be_8_kib_without_a_login_64_with_one_and_more_only_for_a_picture() {
    let server = TestServer::start().await;
    let (anonymous, user) = (server.anonymous(), server.user().await);
    for (client, length, status) in [
        (&anonymous, 8 * KIB, 401),
        (&anonymous, 8 * KIB + 1, 413),
        (&user, 64 * KIB, 401),
        (&user, 64 * KIB + 1, 413),
    ] {
        let answer = client.send("POST", "/api/v1/login", &JSON, padded(length)).await;
        assert_eq!(answer.status, status, "{length}");
    }
    for (length, status) in [(1024 * KIB, 400), (1024 * KIB + 1, 413)] {
        let answer = user
            .send("POST", "/api/v1/users.setAvatar", &JSON, padded(length))
            .await;
        assert_eq!(answer.status, status, "{length}");
        let refused = anonymous
            .send("POST", "/api/v1/users.setAvatar", &JSON, padded(length))
            .await;
        assert_eq!(refused.status, 401);
    }
}

#[tokio::test]
async fn a_declared_length_is_refused_at_the_head() {
    let server = TestServer::start().await;
    let (anonymous, user) = (server.anonymous(), server.user().await);
    for (client, path, length, status) in [
        (&anonymous, "/api/v1/login", 8 * KIB + 1, "413"),
        (&anonymous, "/api/v1/users.setAvatar", 1024 * KIB, "401"),
        (&anonymous, "/api/v1/nothing", 1024 * KIB, "404"),
        (&anonymous, "/api/v1/me", 1024 * KIB, "405"),
        (&user, "/api/v1/logout", 64 * KIB + 1, "413"),
        (&user, "/api/v1/roles.create", 1024 * KIB, "403"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        let head = head(client, path, length, "");
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        // Nothing of the body is sent, and the answer is there.
        let answer = read_head(&mut stream).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_asked_for_the_body_only_if_it_is_wanted() {
    let server = TestServer::start().await;
    let (anonymous, user) = (server.anonymous(), server.user().await);
    let expect = "expect: 100-continue\r\n";
    for (client, path, length, first) in [
        (&anonymous, "/api/v1/login", 100, "HTTP/1.1 100 Continue"),
        (&anonymous, "/api/v1/login", 9 * KIB, "HTTP/1.1 413 Payload Too Large"),
        (&anonymous, "/api/v1/users.setAvatar", 100, "HTTP/1.1 401 Unauthorized"),
        (&user, "/api/v1/users.setAvatar", 100 * KIB, "HTTP/1.1 100 Continue"),
        (&user, "/api/v1/roles.create", 100, "HTTP/1.1 403 Forbidden"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        let head = head(client, path, length, expect);
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        let answer = read_head(&mut stream).await;
        assert_eq!(answer.lines().next(), Some(first), "{path}");
        if !answer.contains("100 Continue") {
            // A body that is refused is not asked for afterwards either.
            let mut rest = String::new();
            stream.read_to_string(&mut rest).await.expect("the server closes");
            assert!(!rest.contains("100 Continue"), "{path}: {rest}");
        }
    }
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_sends_first_and_reads_afterwards() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    for (path, status) in [
        ("/api/v1/users.setAvatar", "401"),
        ("/api/v1/login", "413"),
        ("/api/nowhere", "404"),
    ] {
        let length = 2 * KIB * KIB;
        let mut request = head(&anonymous, path, length, "").into_bytes();
        request.resize(request.len() + length, b'x');
        // So little fits on the way that the server has to take the body.
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_send_buffer_size(4 * 1024).expect("a small buffer");
        let mut stream = socket.connect(server.address).await.expect("a connection");
        // Many clients give up without an answer when they cannot send all of it.
        stream
            .write_all(&request)
            .await
            .expect("the server takes all that is sent");
        let answer = read_head(&mut stream).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{path}: {answer:.100}");
    }
}

/// Opens a connection that sends the head of a login and all of its body but the last byte.
async fn withheld(server: &TestServer, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let mut request = head(&server.anonymous(), "/api/v1/login", length, "").into_bytes();
    request.resize(request.len() + length - 1, b' ');
    stream.write_all(&request).await.expect("the server reads");
    stream
}

/// Sends logins until one has this status.
async fn until(server: &TestServer, status: u16) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let answer = server
            .anonymous()
            .send("POST", "/api/v1/login", &JSON, padded(4 * KIB))
            .await;
        if answer.status == status {
            assert_eq!(answer.header("retry-after").is_some(), status == 503, "{answer:?}");
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "no {status}, but {}",
            answer.status
        );
    }
}

async fn bodies_in_flight_share(limits: Limits) {
    let server = TestServer::start_with(|options| options.limits = limits).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(withheld(&server, 8 * KIB).await);
    }
    until(&server, 503).await;
    // Other requests need no room.
    server.anonymous().get("info").await.expect(200);
    drop(held);
    until(&server, 401).await;
}

#[tokio::test]
async fn all_bodies_in_flight_share_one_budget() {
    bodies_in_flight_share(Limits {
        all_bodies_bytes: 18 * KIB,
        ..Limits::default()
    })
    .await;
}

#[tokio::test]
async fn one_caller_cannot_take_the_whole_budget() {
    bodies_in_flight_share(Limits {
        caller_bodies_bytes: 18 * KIB,
        ..Limits::default()
    })
    .await;
}

#[tokio::test]
async fn four_hundred_withheld_bodies_hold_little_memory_and_give_it_back() {
    const CONNECTIONS: usize = 400;
    const MOST_KIB: u64 = 64 * 1024;
    const KEPT_KIB: u64 = 12 * 1024;
    let server = Process::start();
    let before = server.resident_kib();
    let anonymous = server.anonymous();
    let length = KIB * KIB;
    let mut request = head(&anonymous, "/api/v1/login", length, "").into_bytes();
    request.resize(request.len() + length - 6, b' ');
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        // The server answers at the head, and reads the rest without keeping it.
        let _ = stream.write_all(&request).await;
        let answer = read_head(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        held.push(stream);
    }
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < MOST_KIB, "{grown} KiB more for {CONNECTIONS} connections");
    assert!(
        grown > KEPT_KIB,
        "{grown} KiB are not enough to see that they are given back"
    );
    drop(held);
    let until = Instant::now() + Duration::from_secs(90);
    while server.resident_kib() > before + KEPT_KIB {
        assert!(
            Instant::now() < until,
            "{} of {before} KiB are still held",
            server.resident_kib()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
