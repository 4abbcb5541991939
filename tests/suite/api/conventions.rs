//! The rules for every endpoint: methods, bodies, headers. No request of a client causes an error of the server.

use std::time::Duration;

use rollcall::domain::{SettingId, SettingValue};
use rollcall::http::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestServer;
use crate::support::server::fix;

const CREATE: &str = "/api/v1/custom-user-status.create";

/// Sends bytes as they are and reads until the server closes.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(bytes).await.expect("the server reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("the server answers and closes");
    answer
}

#[tokio::test]
async fn an_unknown_endpoint_is_a_json_404() {
    let server = TestServer::start().await;
    let unknown = json!({
        "success": false,
        "error": "API endpoint does not exist [error-endpoint-not-found]",
        "errorType": "error-endpoint-not-found",
    });
    for path in [
        "/api/v1/nothing",
        "/api/v1/",
        "/api/v1/a/b",
        "/api/",
        "/api/v2/me",
        "/api/v1/%00",
        "/api/nothing",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = server.anonymous().send(method, path, &[], "").await;
            assert_eq!(answer.expect(404), unknown, "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
}

#[tokio::test]
async fn another_method_is_a_json_405_that_names_the_right_ones() {
    let server = TestServer::start().await;
    for (method, endpoint, allow) in [
        ("GET", "custom-user-status.create", "POST"),
        ("PUT", "custom-user-status.create", "POST"),
        ("POST", "custom-user-status.list", "GET, HEAD"),
        ("POST", "me", "GET, HEAD"),
        ("DELETE", "logout", "POST, GET, HEAD"),
        ("BREW", "login", "POST"),
    ] {
        let answer = server
            .anonymous()
            .send(method, &format!("/api/v1/{endpoint}"), &[], "")
            .await;
        assert_eq!(
            answer.expect(405)["errorType"],
            "error-method-not-allowed",
            "{method} {endpoint}"
        );
        assert_eq!(answer.header("allow"), Some(allow), "{method} {endpoint}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let server = TestServer::start().await;
    let user = server.user().await;
    let get = user.get("me").await;
    let head = user.send("HEAD", "/api/v1/me", &[], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), get.header("content-length"));
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_reference() {
    let server = TestServer::start().await;
    let user = server.user().await;
    for answer in [
        user.get("me").await,
        server.anonymous().get("me").await,
        user.get("nothing").await,
    ] {
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(
            answer
                .header("access-control-allow-headers")
                .is_some_and(|names| names.contains("X-Auth-Token"))
        );
        assert!(answer.header("x-instance-id").is_some_and(|id| !id.is_empty()));
    }
}

#[tokio::test]
async fn a_get_with_a_json_content_type_and_no_json_is_answered() {
    let server = TestServer::start().await;
    let user = server.user().await;
    for body in ["", "not json"] {
        let answer = user
            .send("GET", "/api/v1/me?", &[("content-type", "application/json")], body)
            .await;
        answer.expect(200);
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_and_the_place_named() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let deep = "[".repeat(60_000);
    let deep_object = "{\"a\":".repeat(12_000);
    for (body, words) in [
        (
            "{\"name\":",
            "the body is not valid JSON: EOF while parsing a value at line 1 column 8",
        ),
        (
            "{\"name\" \"a\"}",
            "the body is not valid JSON: expected `:` at line 1 column 9",
        ),
        (
            "name=a",
            "the body is not valid JSON: expected ident at line 1 column 2",
        ),
        ("{\"name\":\"\u{1}\"}", "the body is not valid JSON: control character"),
        ("\u{feff}{}", "the body is not valid JSON"),
        ("[]", "the body must be a JSON object"),
        ("null", "the body must be a JSON object"),
        ("\"text\"", "the body must be a JSON object"),
        ("12", "the body must be a JSON object"),
        (&deep, "the body is not valid JSON: recursion limit exceeded"),
        (&deep_object, "the body is not valid JSON: recursion limit exceeded"),
        ("{} {}", "the body is not valid JSON: trailing characters"),
    ] {
        let answer = admin
            .send("POST", CREATE, &[("content-type", "application/json")], body.to_owned())
            .await;
        let error = answer.expect(400);
        assert_eq!(error["errorType"], "invalid-params", "{body:.40}");
        let text = error["error"].as_str().expect("a text");
        assert!(
            text.starts_with(words) && text.ends_with(" [invalid-params]"),
            "{body:.40}: {text}"
        );
    }
    let invalid_utf8 = b"{\"name\":\"\xff\"}".as_slice();
    let answer = admin
        .send("POST", CREATE, &[("content-type", "application/json")], invalid_utf8)
        .await;
    assert_eq!(answer.expect(400)["errorType"], "invalid-params");
}

#[tokio::test]
async fn other_content_types_are_refused_by_name() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let body = json!({"name": "a", "statusType": "busy"}).to_string();
    for kind in ["text/plain", "application/xml", "multipart/form-data; boundary=x"] {
        let answer = admin
            .send("POST", CREATE, &[("content-type", kind)], body.clone())
            .await
            .expect(400);
        let essence = kind.split(';').next().expect("a type");
        assert!(
            answer["error"].as_str().is_some_and(|text| text.contains(essence)),
            "{answer}"
        );
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let name = json!({"name": kind.replace(';', ""), "statusType": "busy"}).to_string();
        admin
            .send("POST", CREATE, &[("content-type", kind)], name)
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_however_it_is_framed() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let json = [("content-type", "application/json")];
    let name = |bytes: usize| json!({"name": "x".repeat(bytes), "statusType": "busy"}).to_string();
    let answer = admin.send("POST", CREATE, &json, name(2 * 1024 * 1024)).await;
    assert_eq!(answer.expect(413)["errorType"], "error-body-too-large");

    let mut chunked = format!(
        "POST {CREATE} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\
         content-type: application/json\r\nx-user-id: {}\r\nx-auth-token: {}\r\n\r\n",
        admin.id(),
        admin.token()
    );
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    chunked += &chunk.repeat(32);
    chunked += "0\r\n\r\n";
    let answer = raw(&server, chunked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer:.100}");

    // A caller without a login, or on an unknown path, gets that error even then.
    for (path, status) in [(CREATE, 401), ("/api/v1/nothing", 404), ("/api/v1/me", 405)] {
        let answer = server
            .anonymous()
            .send("POST", path, &json, name(2 * 1024 * 1024))
            .await;
        assert_eq!(answer.status, status, "{path}");
    }

    // Right below the limit it is the name that is too long.
    let padding = name(0).len();
    let answer = admin.send("POST", CREATE, &json, name(64 * 1024 - padding)).await;
    assert_eq!(answer.expect(400)["errorType"], "error-input-is-not-a-valid-field");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_408() {
    let limits = Limits {
        body_time: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = TestServer::start_with(|options| options.limits = limits).await;
    let head = "POST /api/v1/login HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 10\r\n\r\n{";
    let answer = raw(&server, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"errorType\":\"error-body-too-slow\""), "{answer}");
}

#[tokio::test]
async fn a_connection_without_a_whole_head_is_closed() {
    const SHORT: Duration = Duration::from_millis(200);
    const LONG: Duration = Duration::from_mins(10);
    let answered = "GET /api/v1/info HTTP/1.1\r\nhost: test\r\n\r\n";
    let second = format!("{answered}GET /api/v1/info HTTP/1.1\r\nho");
    for (keep_alive_time, head_time, bytes) in [
        (SHORT, LONG, ""),
        (SHORT, LONG, answered),
        (LONG, SHORT, "G"),
        (LONG, SHORT, "GET /api/v1/info HTTP/1.1\r\n"),
        (LONG, SHORT, "GET /api/v1/info HTTP/1.1\r\nhost:"),
        (LONG, SHORT, second.as_str()),
    ] {
        // Only one of the two limits can end the connection while the test waits.
        let limits = Limits {
            keep_alive_time,
            head_time,
            ..Limits::default()
        };
        let server = TestServer::start_with(|options| options.limits = limits).await;
        // Reading to the end of the answer waits for the server to close.
        let answer = raw(&server, bytes.as_bytes()).await;
        let answers = answer.matches("HTTP/1.1 ").count();
        assert_eq!(answers, usize::from(bytes.starts_with(answered)), "{bytes:?}: {answer}");
    }
}

#[tokio::test]
async fn broken_requests_get_a_4xx_and_harm_nobody() {
    let server = TestServer::start().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\nhost: test\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nhost: test\r\nx-user-id: \xff\xfe\r\nx-auth-token: \xff\r\nconnection: close\r\n\r\n",
    ] {
        let answer = raw(&server, bytes).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4"), "{bytes:?}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: test\r\n\r\n", "x".repeat(1 << 17));
    let answer = raw(&server, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer:.60}");
    server.user().await.get("me").await.expect(200);
}

#[tokio::test]
async fn a_browsers_question_about_origins_is_answered_as_configured() {
    let ask = async |server: &TestServer, origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        server.anonymous().send("OPTIONS", "/api/v1/login", &headers, "").await
    };
    let off = TestServer::empty().await;
    assert_eq!(ask(&off, "https://chat.example").await.status, 405);
    let plain = off.anonymous().send("OPTIONS", "/api/v1/login", &[], "").await;
    assert_eq!((plain.status, &*plain.body), (200, b"OK".as_slice()));

    let any = TestServer::open(crate::support::server::new_folder(), |options| {
        fix(options, &[(SettingId::EnableCors, SettingValue::Flag(true))]);
    })
    .await;
    let answer = ask(&any, "https://chat.example").await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("*"))
    );
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, POST, PUT, DELETE, HEAD, PATCH")
    );

    let listed = TestServer::open(crate::support::server::new_folder(), |options| {
        let origins = "https://a.example, https://Chat.example";
        fix(
            options,
            &[
                (SettingId::EnableCors, SettingValue::Flag(true)),
                (SettingId::CorsOrigin, SettingValue::Text(origins.into())),
            ],
        );
    })
    .await;
    let answer = ask(&listed, "https://chat.example").await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://chat.example")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(ask(&listed, "https://evil.example").await.status, 403);
}

#[tokio::test]
async fn hostile_texts_are_stored_and_told_as_text() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for name in [
        "'; DROP TABLE users",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "\u{202e}gnp.exe",
        "🦀",
        "\\u0000",
    ] {
        let answer = admin.create_status(name, "busy").await;
        let body: Value = answer.json();
        match answer.status {
            200 => assert_eq!(body["customUserStatus"]["name"], name),
            status => assert_eq!((status, &body["details"]["input"]), (400, &json!(name))),
        }
    }
}
