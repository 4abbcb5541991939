//! WebSockets, the stream of events and slow clients over TLS, and the headers that pages have only there.

use rollcall::domain::{SettingId, SettingValue};
use rollcall::http::Limits;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

use crate::support::raw::exchange_over;
use crate::support::server::{ADMIN, PASSWORD, UNLIMITED, fix, new_folder, new_user};
use crate::support::tls::{HTTP1, HTTP2, Pair, TlsClient};
use crate::support::{Socket, TestServer, eventually};

/// Starts a server with TLS and an administrator, and returns a client that trusts it.
async fn start(change: impl FnOnce(&mut rollcall::server::Options)) -> (TestServer, TlsClient) {
    let folder = new_folder();
    let pair = Pair::long(folder.path());
    let server = TestServer::open(folder, |options| {
        options.tls = Some(pair.source());
        options.administrator = Some(new_user(ADMIN));
        change(options);
    })
    .await;
    (server, pair.client())
}

async fn socket(server: &TestServer, client: &TlsClient) -> Socket<TlsStream<TcpStream>> {
    Socket::over(client.connect(server.address, &[HTTP1]).await.expect("a handshake")).await
}

#[tokio::test]
async fn a_websocket_over_tls_logs_in_and_gets_events() {
    let (server, client) = start(|_| {}).await;
    let http = client.http2(server.address).await;
    let mut admin = http.logged_in(ADMIN, PASSWORD).await;
    let (_, token) = admin.login.clone().expect("a login");
    let mut socket = socket(&server, &client).await;
    socket.resume(&token).await;
    socket.listen("notify-logged", "user-status").await;
    let body = json!({"status": "busy", "message": "over TLS"});
    admin.post("users.setStatus", &body).await.expect(200);
    let event = socket.event("notify-logged", "user-status").await;
    assert_eq!(event[0][3], "over TLS", "{event}");
    socket.close().await;
}

#[tokio::test]
async fn a_slow_reader_over_tls_gets_every_byte() {
    const CALLS: usize = 40;
    let (server, client) = start(|options| {
        fix(options, &[UNLIMITED]);
    })
    .await;
    let http = client.http2(server.address).await;
    let mut admin = http.logged_in(ADMIN, PASSWORD).await;
    for number in 0..300 {
        let body = json!({"name": format!("status {number:04}"), "statusType": "busy"});
        admin.post("custom-user-status.create", &body).await.expect(200);
    }
    let (_, token) = admin.login.clone().expect("a login");
    let tcp = TcpSocket::new_v4().expect("a socket");
    // The buffer is small, so that the server has to wait for the client.
    tcp.set_recv_buffer_size(4096).expect("a size");
    let stream = tcp.connect(server.address).await.expect("a connection");
    let stream = client.connect_over(stream, &[HTTP1]).await.expect("a handshake");
    let mut socket = Socket::over(stream).await;
    socket.resume(&token).await;
    for number in 0..CALLS {
        let call =
            json!({"msg": "method", "method": "listCustomUserStatus", "id": format!("call {number}"), "params": []});
        socket.say(call).await;
    }
    for number in 0..CALLS {
        let id = format!("call {number}");
        let answer = socket
            .find(|message| message["msg"] == "result" && message["id"] == *id)
            .await;
        assert_eq!(answer["result"].as_array().map(Vec::len), Some(300), "call {number}");
    }
    socket.close().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_over_tls_is_cut_off() {
    let (server, client) = start(|options| {
        options.limits = Limits {
            write_time: Duration::from_millis(300),
            ..Limits::default()
        };
        fix(options, &[UNLIMITED]);
    })
    .await;
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4096).expect("a size");
    let stream = tcp.connect(server.address).await.expect("a connection");
    let mut stream = client.connect_over(stream, &[HTTP1]).await.expect("a handshake");
    // Requests whose responses the client does not read, until the server reads no more of them or ends.
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: test\r\n\r\n".repeat(20);
    let endless = async { while stream.write_all(request.as_bytes()).await.is_ok() && stream.flush().await.is_ok() {} };
    tokio::time::timeout(Duration::from_mins(1), endless)
        .await
        .expect("the server ends it");
}

#[tokio::test]
async fn the_stream_of_events_comes_over_both_versions_of_http() {
    let (server, client) = start(|_| {}).await;
    let http = client.http2(server.address).await;
    let mut admin = http.logged_in(ADMIN, PASSWORD).await;
    let (id, token) = admin.login.clone().expect("a login");
    let mut over_http1 = client.connect(server.address, &[HTTP1]).await.expect("a handshake");
    let request = format!("GET /events HTTP/1.1\r\nhost: test\r\nx-user-id: {id}\r\nx-auth-token: {token}\r\n\r\n");
    over_http1
        .write_all(request.as_bytes())
        .await
        .expect("the server reads");
    let mut over_http2 = admin.begin("GET", "/events", &[], "").await;
    assert_eq!(over_http2.headers()["content-type"], "text/event-stream; charset=utf-8");
    let body = json!({"status": "busy", "message": "streamed"});
    admin.post("users.setStatus", &body).await.expect(200);
    let mut seen = String::new();
    while !seen.contains("streamed") {
        let mut piece = [0; 1024];
        let read = over_http1.read(&mut piece).await.expect("the stream goes on");
        assert_ne!(read, 0, "{seen}");
        seen += &String::from_utf8_lossy(&piece[..read]);
    }
    let mut seen = String::new();
    while !seen.contains("streamed") {
        let frame = http_body_util::BodyExt::frame(over_http2.body_mut())
            .await
            .expect("the stream goes on");
        let piece = frame.expect("a frame").into_data().expect("data");
        seen += &String::from_utf8_lossy(&piece);
    }
    // A server that stops ends the streams.
    server.stop().await;
    while let Some(Ok(_)) = http_body_util::BodyExt::frame(over_http2.body_mut()).await {}
}

#[tokio::test]
async fn cookies_are_secure_and_browsers_keep_to_https() {
    let (server, client) = start(|_| {}).await;
    let stream = client.connect(server.address, &[HTTP1]).await.expect("a handshake");
    let answer = exchange_over(
        stream,
        b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.contains("set-cookie: __Host-rollcall-form=") && answer.contains("; Secure"),
        "{answer}"
    );
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    let mut http2 = client.http2(server.address).await;
    let page = http2.send("GET", "/sign-in", &[], "").await;
    assert!(
        page.header("set-cookie")
            .is_some_and(|cookie| cookie.contains("; Secure")),
        "{page:?}"
    );
}

#[tokio::test]
async fn a_handshake_that_stalls_is_counted_and_ends() {
    let (server, client) = start(|options| {
        options.limits = Limits {
            head_time: Duration::from_millis(300),
            ..Limits::default()
        };
        fix(
            options,
            &[(SettingId::MaxConnectionsPerAddress, SettingValue::Number(1))],
        );
    })
    .await;
    // The first bytes of a record with a handshake, of which the rest is missing.
    let mut stalled = TcpStream::connect(server.address).await.expect("a connection");
    stalled.write_all(&[22, 3, 1, 2, 0]).await.expect("the server reads");
    assert!(
        !client.is_served(server.address).await,
        "the address has its only connection"
    );
    let mut rest = Vec::new();
    // The server ends it without words, and then there is room again.
    let _ = stalled.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{rest:?}");
    eventually(async || client.is_served(server.address).await).await;
}

#[tokio::test]
async fn a_client_chooses_its_protocol_and_an_unknown_one_is_refused() {
    let (server, client) = start(|_| {}).await;
    for (offered, chosen) in [(&[HTTP1, HTTP2][..], Some(HTTP2)), (&[HTTP1], Some(HTTP1)), (&[], None)] {
        let stream = client.connect(server.address, offered).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
    }
    assert!(client.connect(server.address, &[b"spdy/1"]).await.is_err());
    let stream = client.connect(server.address, &[]).await.expect("a handshake");
    let answer = exchange_over(
        stream,
        b"GET /api/info HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    let body: Value = serde_json::from_str(answer.rsplit("\r\n\r\n").next().expect("a body")).expect("JSON");
    assert_eq!(body["success"], true);
}
