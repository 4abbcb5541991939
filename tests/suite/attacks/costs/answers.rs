//! Answers: clients that do not read them, documents that do not change, and calls without a login.

use std::time::Duration;

use rollcall::domain::{SettingId, SettingValue};
use rollcall::http::Limits;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::TestServer;
use crate::support::server::fix;

/// Maximum time for anything that has to come. Far more than it takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection with so small a window that answers soon wait for it.
async fn narrow(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a size");
    socket.connect(server.address).await.expect("a connection")
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed() {
    let limits = Limits {
        write_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = TestServer::start_with(|options| {
        options.limits = limits;
        fix(options, &[crate::support::server::UNLIMITED]);
    })
    .await;
    for path in ["/api/v1/openapi.json", "/api/info", "/sign-in"] {
        let mut stream = narrow(&server).await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").repeat(100);
        // The server takes requests until its answers wait, then none, and then it closes.
        let closed = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
        timeout(PATIENCE, closed).await.expect("the server closes");
    }
    server.anonymous().get("info").await.expect(200);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_the_whole_answer() {
    use tokio::io::AsyncReadExt;
    let limits = Limits {
        write_time: Duration::from_secs(20),
        ..Limits::default()
    };
    let server = TestServer::start_with(|options| options.limits = limits).await;
    let mut stream = narrow(&server).await;
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    loop {
        match timeout(PATIENCE, stream.read(&mut piece))
            .await
            .expect("it comes in time")
        {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) => panic!("{error} after {} bytes", answer.len()),
        }
    }
    assert!(answer.ends_with(b"}"), "{} bytes", answer.len());
}

#[tokio::test]
async fn documents_that_do_not_change_have_a_tag_and_a_compressed_form() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    let page = anonymous.send("GET", "/sign-in", &[], "").await;
    let page = String::from_utf8(page.body.to_vec()).expect("a page");
    let style = page
        .split('"')
        .find(|part| part.ends_with("rollcall.css"))
        .expect("a style");
    for path in ["/api/v1/openapi.json", style] {
        let plain = anonymous.send("GET", path, &[], "").await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{path}");
        let gzip = anonymous.send("GET", path, &[("accept-encoding", "gzip")], "").await;
        assert_eq!(
            (gzip.status, gzip.header("content-encoding")),
            (200, Some("gzip")),
            "{path}"
        );
        assert!(
            gzip.body.starts_with(b"\x1f\x8b") && gzip.body.len() < plain.body.len(),
            "{path}"
        );
        for (answer, headers) in [(&plain, &[][..]), (&gzip, &[("accept-encoding", "gzip")][..])] {
            let varies = answer.headers.get_all("vary").iter();
            assert!(varies.into_iter().any(|value| value == "Accept-Encoding"), "{path}");
            let tag = answer.header("etag").expect("a tag");
            let headers = [headers, &[("if-none-match", tag)]].concat();
            let again = anonymous.send("GET", path, &headers, "").await;
            assert_eq!(
                (again.status, again.body.len(), again.header("etag")),
                (304, 0, Some(tag)),
                "{path}"
            );
        }
        assert_ne!(plain.header("etag"), gzip.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn the_document_of_the_api_is_a_hundred_kilobytes_at_most_when_it_is_compressed() {
    const MOST_BYTES: usize = 100_000;
    let server = TestServer::start().await;
    let path = "/api/v1/openapi.json";
    let gzip = server
        .anonymous()
        .send("GET", path, &[("accept-encoding", "gzip")], "")
        .await;
    assert!(gzip.body.len() < MOST_BYTES, "{} bytes", gzip.body.len());
}

#[tokio::test]
async fn all_calls_without_a_login_are_counted_together_by_address() {
    const CALLS: usize = 20;
    let calls = i64::try_from(CALLS).expect("a number");
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::RateLimiterAnonymousAll, SettingValue::Number(calls))],
        );
    })
    .await;
    let user = server.user().await;
    server.pass(60_000);
    let anonymous = server.anonymous();
    let paths = [
        ("GET", "/api/info", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/sign-in", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/avatar/ada", 200),
        ("GET", "/sockjs/info", 200),
        ("GET", "/api/v1/nothing", 404),
        ("OPTIONS", "/api/v1/login", 200),
        ("GET", "/api/v1/me", 401),
        ("POST", "/api/v1/login", 400),
    ];
    for (method, path, status) in paths.iter().cycle().take(CALLS) {
        let answer = anonymous.send(method, path, &[], "").await;
        assert_eq!(answer.status, *status, "{method} {path}");
    }
    for (method, path, _) in paths {
        let answer = anonymous.send(method, path, &[], "").await;
        assert_eq!(answer.status, 429, "{method} {path}");
        assert!(answer.header("retry-after").is_some(), "{method} {path}");
    }
    // Watchers of the server are never refused, and users have their own counts.
    for path in ["/livez", "/readyz", "/health"] {
        assert_eq!(anonymous.send("GET", path, &[], "").await.status, 200, "{path}");
    }
    user.get("me").await.expect(200);
    server.pass(60_000);
    anonymous.get("info").await.expect(200);
}
