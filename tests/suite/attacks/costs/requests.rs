//! Requests of every form: none panics, none is taken for another one, and each is one short log line.

use std::time::Duration;

use rollcall::http::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::raw::{exchange, read_head};
use crate::support::{Process, TestServer};

/// The statuses of all answers to these bytes, up to the end of the connection.
async fn statuses(server: &TestServer, bytes: impl AsRef<[u8]>) -> Vec<u16> {
    let answers = exchange(server.address, bytes.as_ref()).await;
    let heads = answers.split("HTTP/1.").skip(1);
    let status = |head: &str| head.get(2..5).and_then(|digits| digits.parse().ok());
    heads
        .map(|head| status(head).unwrap_or_else(|| panic!("no status in {head}")))
        .collect()
}

#[tokio::test]
async fn a_target_without_a_path_is_400_and_no_panic() {
    let server = Process::start();
    let mut forms = Vec::new();
    for line in [
        "GET evil",
        "GET evil.example:80",
        "POST a:1",
        "HEAD evil",
        "OPTIONS evil",
        "CONNECT evil.example:80",
        "CONNECT [::1]:80",
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{line}: {answer}");
        assert!(
            line.starts_with("HEAD") || answer.contains("[error-invalid-target]"),
            "{line}: {answer}"
        );
        forms.push(answer);
    }
    // Other strange forms have an answer too.
    for line in [
        "OPTIONS *",
        "GET *",
        "GET http://evil.example",
        "GET ?",
        "GET http://evil.example?a",
        "GET //",
        "GET /%",
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        let answer = exchange(server.address, request.as_bytes()).await;
        let status = answer.get(9..10);
        // The path of some is `/`, which leads a visitor to the page to sign in, on this server.
        let to_sign_in = answer.starts_with("HTTP/1.1 303 ") && answer.contains("\r\nlocation: /sign-in");
        assert!(matches!(status, Some("2" | "4")) || to_sign_in, "{line}: {answer}");
    }
    server.signal(libc::SIGTERM);
    let mut server = server;
    let (status, log) = server.wait();
    assert!(status.success() && !log.contains("defect"), "{log}");
}

#[tokio::test]
async fn a_request_has_exactly_one_host_and_a_head_of_at_most_32_kib() {
    let server = TestServer::start().await;
    let end = "connection: close\r\n\r\n";
    for (request, expected) in [
        (format!("GET /api/info HTTP/1.1\r\n{end}"), 400),
        (format!("GET /api/info HTTP/1.1\r\nhost: a\r\nhost: a\r\n{end}"), 400),
        (format!("GET /api/info HTTP/1.1\r\nhost: a\r\nHost: b\r\n{end}"), 400),
        (format!("GET /livez HTTP/1.1\r\n{end}"), 400),
        (format!("GET /api/info HTTP/1.1\r\nhost: a\r\n{end}"), 200),
        ("GET /api/info HTTP/1.0\r\n\r\n".into(), 200),
        (
            format!(
                "GET /api/info HTTP/1.1\r\nhost: a\r\nx: {}\r\n{end}",
                "x".repeat(31 * 1024)
            ),
            200,
        ),
        (
            format!(
                "GET /api/info HTTP/1.1\r\nhost: a\r\nx: {}\r\n{end}",
                "x".repeat(33 * 1024)
            ),
            431,
        ),
        (
            format!(
                "GET /api/info HTTP/1.1\r\nhost: a\r\nx: {}\r\n{end}",
                "x".repeat(500 * 1024)
            ),
            431,
        ),
        (
            format!("GET /api/info HTTP/1.1\r\nhost: a\r\n{}{end}", "x: y\r\n".repeat(200)),
            431,
        ),
    ] {
        assert_eq!(statuses(&server, &request).await, [expected], "{request:.80}");
    }
}

#[tokio::test]
async fn a_bare_line_feed_in_a_head_is_refused() {
    let server = TestServer::start().await;
    let good = "GET /api/info HTTP/1.1\r\nhost: a\r\n\r\n";
    let login = "POST /api/v1/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"a\n\":1}";
    for (request, expected) in [
        ("GET /api/info HTTP/1.1\nhost: a\n\n".to_owned(), &[400][..]),
        ("GET /api/info HTTP/1.1\nhost: a\r\n\r\n".into(), &[400]),
        ("GET /api/info HTTP/1.1\r\nhost: a\nx: y\r\n\r\n".into(), &[400]),
        ("GET /api/info HTTP/1.1\r\nhost: a\r\n\n".into(), &[400]),
        ("\nGET /api/info HTTP/1.1\r\nhost: a\r\n\r\n".into(), &[400]),
        // Behind another request, behind a body with a line feed, and behind empty lines.
        (
            format!("{good}GET /api/info HTTP/1.1\nhost: a\r\n\r\n{good}"),
            &[200, 400],
        ),
        (format!("{login}GET /api/info HTTP/1.1\r\nhost: a\n\r\n"), &[400, 400]),
        (
            format!("{good}\r\n\r\n{good}GET /api/info HTTP/1.1\r\nhost: a\n\r\n"),
            &[200, 200, 400],
        ),
    ] {
        assert_eq!(statuses(&server, &request).await, expected, "{request:?}");
    }
}

#[tokio::test]
async fn a_bare_line_feed_is_refused_wherever_the_pieces_of_a_head_are_cut() {
    let server = TestServer::start().await;
    let request = "GET /api/info HTTP/1.1\r\nhost: a\nx: y\r\n\r\n";
    for cut in 1..request.len() {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.set_nodelay(true).expect("an option");
        let _ = stream.write_all(&request.as_bytes()[..cut]).await;
        tokio::task::yield_now().await;
        let _ = stream.write_all(&request.as_bytes()[cut..]).await;
        assert!(
            read_head(&mut stream).await.starts_with("HTTP/1.1 400 "),
            "cut at {cut}"
        );
    }
}

#[tokio::test]
async fn requests_behind_each_other_are_all_answered_whatever_the_pieces() {
    let server = TestServer::start().await;
    let get = "GET /api/v1/info HTTP/1.1\r\nhost: a\r\n\r\n";
    let post =
        "POST /api/v1/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n{\n\n}";
    let last = "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let request = format!("{get}{post}\r\n{get}{post}{post}{get}{last}");
    let expected = [200, 400, 200, 400, 400, 200, 200];
    assert_eq!(statuses(&server, &request).await, expected);
    for size in [1, 2, 3, 5, 7, 40, 100] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.set_nodelay(true).expect("an option");
        for piece in request.as_bytes().chunks(size) {
            stream.write_all(piece).await.expect("the server reads");
        }
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.expect("the server closes");
        let found: Vec<_> = answers
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|head| head[..3].to_owned())
            .collect();
        assert_eq!(found, expected.map(|status| status.to_string()), "pieces of {size}");
    }
}

#[tokio::test]
async fn nothing_behind_a_body_in_chunks_is_taken_for_a_request() {
    let server = TestServer::start().await;
    let chunked = "POST /api/v1/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    assert_eq!(
        statuses(&server, format!("{chunked}GET /api/info HTTP/1.1\nhost: a\n\n")).await,
        [400]
    );
}

#[tokio::test]
async fn smuggled_requests_are_refused() {
    let server = TestServer::start().await;
    let post = "POST /api/v1/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let inner = "GET /api/v1/info HTTP/1.1\r\nhost: a\r\n\r\n";
    for fields in [
        "content-length: 2\r\ncontent-length: 5\r\n\r\n{}",
        "content-length: 2, 2\r\n\r\n{}",
        "content-length: +2\r\n\r\n{}",
        "content-length: -1\r\n\r\n{}",
        "content-length: 0x2\r\n\r\n{}",
        "content-length : 2\r\n\r\n{}",
        "content-length:\r\n\r\n{}",
        "content-length: 99999999999999999999999\r\n\r\n{}",
        "x: a\r\n b\r\ncontent-length: 2\r\n\r\n{}",
        "transfer-encoding: identity\r\n\r\n{}",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "transfer-encoding: gzip\r\n\r\n{}",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        "x: a\0b\r\ncontent-length: 2\r\n\r\n{}",
        "x: a\rb\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        let found = statuses(&server, format!("{post}{fields}{inner}")).await;
        assert!(
            found.iter().all(|status| (400..500).contains(status)) && found.len() <= 1,
            "{fields:?}: {found:?}"
        );
    }
    // Both framings at once: at most one answer, and the connection is closed.
    for fields in [
        "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 60\r\n\r\n0\r\n\r\n",
    ] {
        let found = statuses(&server, format!("{post}{fields}{inner}")).await;
        assert!(found.len() <= 1 && !found.contains(&200), "{fields:?}: {found:?}");
    }
    let old = "POST /api/v1/login HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(!statuses(&server, format!("{old}{inner}")).await.contains(&200));
}

#[tokio::test]
async fn a_refused_upgrade_ends_the_connection() {
    let server = TestServer::start().await;
    let request = "GET /websocket HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
    assert_eq!(
        statuses(&server, format!("{request}GET /api/info HTTP/1.1\nhost: a\n\n")).await,
        [426]
    );
}

#[tokio::test]
async fn a_head_that_never_ends_after_a_bare_line_feed_is_answered_at_once() {
    let limits = Limits {
        head_time: Duration::from_mins(10),
        ..Limits::default()
    };
    let server = TestServer::start_with(|options| options.limits = limits).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream
        .write_all(b"GET /api/info HTTP/1.1\r\n")
        .await
        .expect("the server reads");
    stream.write_all(b"x: y\n").await.expect("the server reads");
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn a_log_line_is_short_and_names_the_method_that_is_called() {
    const MOST_BYTES: usize = 1024;
    let server = Process::start();
    let admin = server.admin().await;
    admin.get(&"a".repeat(20_000)).await;
    let message = |method: &str| json!({"msg": "method", "id": "1", "method": method, "params": []}).to_string();
    let call = async |method: &str| {
        let body: Value = json!({"message": message(method)});
        admin.post("method.call/rooms%3Aget", &body).await;
    };
    call("getUserRoles").await;
    call(&format!("{}\u{1b}[2J\n", "m".repeat(10))).await;
    call(&"n".repeat(5_000)).await;
    server.signal(libc::SIGTERM);
    let mut server = server;
    let (_, log) = server.wait();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("/api/v1/")).collect();
    let longest = lines.iter().map(|line| line.len()).max().unwrap_or_default();
    assert!(longest < MOST_BYTES, "a line of {longest} bytes");
    let path = format!("path=/api/v1/{} ", "a".repeat(256 - "/api/v1/".len()));
    assert!(lines.iter().any(|line| line.contains(&path)), "{log}");
    assert!(lines.iter().any(|line| line.contains("called=getUserRoles")), "{log}");
    assert!(log.contains("called=mmmmmmmmmm\\u{1b}[2J\\n"), "{log}");
    assert!(log.contains(&format!("called={} ", "n".repeat(128))), "{log}");
    assert!(!log.contains('\u{1b}'), "an escape reaches the log");
}
