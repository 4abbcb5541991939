//! Requests over HTTP/2: everything that HTTP/1.1 answers, with the same limits.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::Request;
use hyper::body::Frame;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::TestServer;
use crate::support::server::{ADMIN, PASSWORD, UNLIMITED, fix, new_folder, new_user};
use crate::support::tls::{HTTP2, Http2Client, Pair, TlsClient};

async fn start(settings: &[(SettingId, SettingValue)]) -> (TestServer, TlsClient) {
    let folder = new_folder();
    let pair = Pair::long(folder.path());
    let server = TestServer::open(folder, |options| {
        options.tls = Some(pair.source());
        options.administrator = Some(new_user(ADMIN));
        fix(options, settings);
    })
    .await;
    (server, pair.client())
}

async fn admin(server: &TestServer, client: &TlsClient) -> Http2Client {
    client.http2(server.address).await.logged_in(ADMIN, PASSWORD).await
}

#[tokio::test]
async fn requests_of_every_kind_are_answered() {
    let (server, client) = start(&[]).await;
    let mut admin = admin(&server, &client).await;
    let body = json!({"name": "tea", "statusType": "away"});
    admin.post("custom-user-status.create", &body).await.expect(200);
    let list = admin.get("custom-user-status.list").await.expect(200);
    assert_eq!(list["statuses"][0]["name"], "tea");
    let page = admin.send("GET", "/sign-in", &[], "").await;
    assert!(page.status == 200 && page.body.starts_with(b"<!"), "{page:?}");
    assert_eq!(admin.send("GET", "/nowhere", &[], "").await.status, 404);
    // WebSocket needs HTTP/1.1, and the answer says so without the headers that HTTP/2 does not have.
    let socket = admin.send("GET", "/websocket", &[], "").await;
    assert_eq!((socket.status, socket.header("upgrade")), (426, None));
}

#[tokio::test]
async fn a_head_request_has_the_length_and_no_body() {
    let (server, client) = start(&[]).await;
    let mut http = client.http2(server.address).await;
    let whole = http.send("GET", "/api/info", &[], "").await;
    let head = http.send("HEAD", "/api/info", &[], "").await;
    assert_eq!((head.status, head.body.len()), (whole.status, 0));
    assert_eq!(head.header("content-length"), Some(&*whole.body.len().to_string()));
}

#[tokio::test]
async fn a_large_answer_comes_whole() {
    let (server, client) = start(&[]).await;
    let mut http = client.http2(server.address).await;
    let large = http.send("GET", "/api/v1/openapi.json", &[], "").await;
    assert!(large.body.len() > 100_000, "{}", large.body.len());
    assert_eq!(
        large.json()["openapi"].as_str().map(|version| &version[..2]),
        Some("3.")
    );
}

#[tokio::test]
async fn many_requests_at_once_are_all_answered() {
    let (server, client) = start(&[UNLIMITED]).await;
    let admin = admin(&server, &client).await;
    // More than a connection may have at one time: the others wait.
    let asked = (0..100).map(|number| {
        let mut admin = admin.clone();
        async move {
            let body = json!({"name": format!("status {number}"), "statusType": "busy"});
            admin.post("custom-user-status.create", &body).await.status
        }
    });
    assert_eq!(join_all(asked).await, [200; 100]);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_and_a_large_one_is_refused() {
    let (server, client) = start(&[]).await;
    for (text, status) in [
        (format!(r#"{{"user":"{ADMIN}","password":"{PASSWORD}"}}"#), 200),
        (" ".repeat(9 * 1024), 413),
    ] {
        let stream = client.connect(server.address, &[HTTP2]).await.expect("a handshake");
        let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.expect("a connection");
        tokio::spawn(connection);
        let length = text.len();
        let pieces: Vec<_> = text
            .into_bytes()
            .chunks(20 + length / 10)
            .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        let request = Request::post(format!("https://{}/api/v1/login", server.address))
            .header("content-type", "application/json")
            .body(StreamBody::new(stream::iter(pieces)));
        let answer = sender
            .send_request(request.expect("a request"))
            .await
            .expect("an answer");
        assert_eq!(answer.status(), status);
        answer.into_body().collect().await.expect("a body");
    }
}

#[tokio::test]
async fn a_request_with_two_hosts_is_refused() {
    let (server, client) = start(&[]).await;
    let mut http = client.http2(server.address).await;
    let same = server.address.to_string();
    assert_eq!(http.send("GET", "/api/info", &[("host", &same)], "").await.status, 200);
    assert_eq!(
        http.send("GET", "/api/info", &[("host", "evil.example")], "")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn requests_of_one_connection_count_for_their_address() {
    let calls = (SettingId::RateLimiterAnonymousCalls, SettingValue::Number(5));
    let (server, client) = start(&[calls]).await;
    let mut http = client.http2(server.address).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(http.send("GET", "/api/v1/settings.public", &[], "").await.status);
    }
    assert_eq!(statuses[7], 429, "{statuses:?}");
}
