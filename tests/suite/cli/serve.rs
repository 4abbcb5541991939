//! The server process: how it starts, what it logs, how it ends.

use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Process, eventually};

const LOGIN: &str = r#"{"user":"admin","password":"correct horse"}"#;

/// Starts a login whose body is on its way, and hands over the connection.
async fn half_a_login(server: &Process) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        LOGIN.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    // The server asks for the body: the request is in flight.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.expect("the server asks");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn it_ends_in_good_order_when_told() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut server = Process::start();
        let mut request = half_a_login(&server).await;
        server.signal(signal);
        wait_until_closed(&server).await;
        request
            .write_all(LOGIN.as_bytes())
            .await
            .expect("the server still reads");
        let mut answer = String::new();
        request
            .read_to_string(&mut answer)
            .await
            .expect("the answer comes whole");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!server.data_dir().join("admin.sock").exists());
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Process::start();
    let _request = half_a_login(&server).await;
    server.signal(libc::SIGTERM);
    wait_until_closed(&server).await;
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait().0.code(), Some(130));
}

/// Waits until the server takes no new connections.
async fn wait_until_closed(server: &Process) {
    eventually(async || TcpStream::connect(server.address).await.is_err()).await;
}

#[test]
fn a_second_process_on_the_folder_ends_at_once_and_names_the_first() {
    let server = Process::start();
    let mut second = rollcall(server.folder.path());
    second.args(["serve", "--listen", "127.0.0.1:0"]);
    let output = run(second, "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    let named = format!("is in use by another process ({})", server.child.id());
    assert!(error.contains(&named) && error.contains("--data-dir"), "{error}");
}

#[test]
fn an_address_in_use_is_named() {
    if skipped_in_cluster("servers of a cluster share one key") {
        return;
    }
    let server = Process::start();
    let mut second = rollcall(server.folder.path());
    let address = server.address.to_string();
    second.args(["serve", "--data-dir", "other", "--listen", &address]);
    let output = run(second, "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(&address) && error.contains("--listen"), "{error}");
}

#[tokio::test]
async fn without_a_command_it_serves_and_prints_the_setup_link() {
    if skipped_in_cluster("it sets the whole environment itself") {
        return;
    }
    let folder = new_folder();
    let mut server = Process::start_in(folder, |command| {
        command.env_clear().env("ROLLCALL_LISTEN", "127.0.0.1:0");
    });
    let announced = server.line();
    let (words, link) = announced.trim().split_once(" at ").expect("a link");
    assert_eq!(words, "no user yet: create the first administrator");
    let (page, secret) = link.split_once('#').expect("a secret");
    assert_eq!(page, format!("http://{}/setup", server.address));
    let body = json!({"link": secret, "username": "ada", "password": PASSWORD});
    server
        .anonymous()
        .post("setup.createAdministrator", &body)
        .await
        .expect(200);

    // Used up, and the settings of an administrator are ignored from now on.
    server.signal(libc::SIGTERM);
    server.wait();
    let again = Process::start_in(Arc::clone(&server.folder), |_| {});
    let refused = json!({"user": ADMIN, "password": PASSWORD});
    again.anonymous().post("login", &refused).await.expect(401);
    again.anonymous().logged_in("ada", PASSWORD).await;
}

#[tokio::test]
async fn the_first_administrator_comes_from_the_environment_once() {
    let server = Process::start();
    let admin = server.admin().await;
    let me = admin.get("me").await.expect(200);
    assert_eq!(me["roles"], json!(["admin", "user"]));
    let folder = server.kill();
    let again = Process::start_in(folder, |command| {
        command.env("ROLLCALL_ADMIN_PASSWORD", "something else");
    });
    again.admin().await;
}

#[test]
fn a_first_administrator_who_cannot_be_is_a_wrong_configuration() {
    let folder = new_folder();
    let mut command = rollcall(folder.path());
    command
        .env("ROLLCALL_LISTEN", "127.0.0.1:0")
        .env("ROLLCALL_ADMIN_USERNAME", "not a name")
        .env("ROLLCALL_ADMIN_PASSWORD", PASSWORD);
    let output = run(command, "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{error}");
    assert!(error.contains("not a name is not a valid username"), "{error}");
}

#[tokio::test]
async fn the_log_has_a_json_line_for_each_request_and_no_secret() {
    let mut server = Process::start_in(new_folder(), |command| {
        command
            .args(["--log-format", "json", "--log-level", "trace"])
            .stderr(Stdio::piped());
    });
    let admin = server.admin().await;
    let created = admin.create_status("caught up", "busy").await;
    server
        .anonymous()
        .post("login", &json!({"user": ADMIN, "password": "wrong secret"}))
        .await
        .expect(401);
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    for secret in [PASSWORD, "wrong secret", admin.token(), "argon2"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    let requests: Vec<_> = lines.filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 3);
    let create = &requests[1];
    assert_eq!(create["path"], "/api/v1/custom-user-status.create");
    assert_eq!((&create["method"], &create["status"]), (&json!("POST"), &json!(200)));
    assert_eq!(create["user"], admin.id());
    assert_eq!(create["id"], created.header("x-request-id").expect("an id"));
    assert!(create["micros"].as_u64().is_some());
    assert_eq!(requests[2]["status"], 401);
}
