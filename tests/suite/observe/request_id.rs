//! Each answer has an id, and each log line of its request has the same one.

use std::collections::HashSet;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::{Answer, Client, Process, TestServer};

fn id(answer: &Answer) -> String {
    let id = answer.header("x-request-id").expect("an id").to_owned();
    assert!(!id.is_empty() && id.len() <= 64, "{id}");
    id
}

/// Sends requests to every interface, and returns the ids of the answers.
async fn ask_everywhere(client: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    for (method, path) in [
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/nothing"),
        ("OPTIONS", "/api/v1/me"),
        ("POST", "/api/v1/me"),
        ("GET", "/api/info"),
        ("GET", "/"),
        ("GET", "/sign-in"),
        ("GET", "/nothing"),
        ("GET", "/avatar/ada"),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/sockjs/info"),
        ("GET", "/websocket"),
    ] {
        ids.push(id(&client.send(method, path, &[], "").await));
    }
    ids.push(id(&client.ask_for_socket("").await));
    ids
}

/// Sends these bytes on a connection of its own, and returns the answer as text.
async fn raw(client: &Client, request: &str) -> String {
    let mut stream = TcpStream::connect(client.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let server = TestServer::start().await;
    let user = server.user().await;
    let mut ids = ask_everywhere(&user).await;
    ids.extend(ask_everywhere(&server.anonymous()).await);
    let different: HashSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
    // Two hosts are refused before any interface sees the request.
    let refused = "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n";
    let refused = raw(&user, refused).await;
    assert!(
        refused.starts_with("HTTP/1.1 400") && refused.contains("x-request-id: "),
        "{refused}"
    );
}

#[tokio::test]
async fn the_id_of_a_trusted_proxy_is_taken_if_it_is_well_formed() {
    let behind_proxy = TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let direct = TestServer::start().await;
    let sent = "7f3c0b52-9a2b-4a55-8f8e.1_x";
    let ask = async |server: &TestServer, sent: &str| {
        let headers = [("x-request-id", sent)];
        let client = server.anonymous();
        let mut ids = Vec::new();
        for path in ["/api/v1/me", "/sign-in", "/livez"] {
            ids.push(id(&client.send("GET", path, &headers, "").await));
        }
        ids
    };
    assert_eq!(ask(&behind_proxy, sent).await, [sent; 3]);
    assert!(
        !ask(&direct, sent).await.contains(&sent.to_owned()),
        "anyone could choose it"
    );
    for malformed in ["", "a b", "a\"b", "<script>", &"x".repeat(65)] {
        let ids = ask(&behind_proxy, malformed).await;
        assert!(!ids.contains(&malformed.to_owned()), "{ids:?}");
    }
}

/// Starts a server whose log is in this format, asks everywhere, and returns the ids and the lines of the log.
async fn logged(arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut server = Process::start_in(new_folder(), |command| {
        command.args(arguments).stderr(Stdio::piped());
    });
    let anonymous = server.anonymous();
    let mut ids = ask_everywhere(&anonymous).await;
    let body = json!({"user": ADMIN, "password": PASSWORD});
    ids.push(id(&anonymous.post("login", &body).await));
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    (ids, log.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn each_line_of_a_request_has_the_id_of_its_answer() {
    let (ids, lines) = logged(&["--log-format", "json"]).await;
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    let of_requests = lines
        .iter()
        .filter(|line| line["message"] == "request" || line["message"] == "page");
    let mut seen = 0;
    for line in of_requests {
        let id = line["id"].as_str().unwrap_or_else(|| panic!("no id in {line}"));
        assert!(ids.iter().any(|answered| answered == id), "{line}");
        seen += 1;
    }
    assert!(seen >= 9, "{seen} lines");
    let others = lines
        .iter()
        .filter(|line| line["message"].as_str().is_some_and(|words| words.starts_with("stop")));
    for line in others {
        assert_eq!(line["id"], Value::Null, "{line}");
    }
    for format in ["text", "journald"] {
        let (ids, lines) = logged(&["--log-format", format]).await;
        let login = ids.last().expect("an id");
        let line = lines.iter().find(|line| line.contains("path=/api/v1/login"));
        assert!(
            line.is_some_and(|line| line.ends_with(&format!(" id={login}"))),
            "{line:?}"
        );
        // A time would be behind the priority, and begins with the year.
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let has_time = lines.iter().any(|line| line.as_bytes().get(3).is_some_and(is_digit));
        match format {
            // The priority of info, which the journal reads.
            "journald" => assert!(lines.iter().all(|line| line.starts_with('<')) && !has_time, "{lines:?}"),
            _ => assert!(lines.iter().all(|line| !line.starts_with('<')), "{lines:?}"),
        }
    }
}

#[tokio::test]
async fn a_slow_request_is_also_logged_at_warn_over_the_setting() {
    // A login hashes the password, which takes more than a millisecond on any machine.
    let (ids, lines) = logged(&[
        "--slow-request-millis",
        "1",
        "--log-level",
        "warn",
        "--log-format",
        "json",
    ])
    .await;
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    let slow = lines.iter().find(|line| line["endpoint"] == "login").expect("a line");
    assert_eq!(
        (&slow["message"], &slow["level"]),
        (&json!("slow request"), &json!("WARN"))
    );
    assert_eq!((&slow["method"], &slow["status"]), (&json!("POST"), &json!(200)));
    assert_eq!(slow["id"].as_str(), ids.last().map(String::as_str));
    assert!(slow["millis"].as_u64().is_some_and(|millis| millis >= 1), "{slow}");
    for never in ["0", "600000"] {
        let (_, lines) = logged(&["--slow-request-millis", never]).await;
        assert!(!lines.iter().any(|line| line.contains("slow request")), "{lines:?}");
    }
}
