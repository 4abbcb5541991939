//! Bytes that are not text, and text in a form that is not the expected one.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use rollcall::domain::SettingId;
use serde_json::{Value, json};

use crate::support::process::{rollcall, run};
use crate::support::raw::exchange;
use crate::support::server::{PASSWORD, UNLIMITED, fix, open_registration};
use crate::support::{Client, TestServer};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Asserts a 400 that names a field.
#[track_caller]
fn assert_names(error: &Value, field: &str) {
    assert_eq!(error["errorType"], "invalid-params", "{error}");
    assert_eq!(error["details"]["field"], field, "{error}");
}

async fn open_server() -> TestServer {
    TestServer::start_with(|options| fix(options, &[open_registration(), UNLIMITED])).await
}

#[tokio::test]
async fn a_form_with_bytes_that_are_not_utf8_is_refused_and_nothing_is_stored() {
    let server = open_server().await;
    let anonymous = server.anonymous();
    let path = "/api/v1/users.register";
    let good = b"username=eve&email=eve@example.com&name=Eve&pass=";
    for pass in [
        b"a%FFlong%20password".as_slice(),
        b"a%feLong%20password",
        b"a\xfflong password",
        b"a%ED%A0%80long",
    ] {
        let body = [good.as_slice(), pass].concat();
        let error = anonymous.send("POST", path, &[FORM], body).await.expect(400);
        assert_names(&error, "pass");
    }
    let error = anonymous.send("POST", path, &[FORM], "%FF=1").await.expect(400);
    assert_eq!(error["errorType"], "invalid-params");
    let admin = server.admin().await;
    admin.get("users.info?username=eve").await.expect(400);

    let login = b"user=ada&password=correct+horse%FF".as_slice();
    let error = anonymous
        .send("POST", "/api/v1/login", &[FORM], login)
        .await
        .expect(400);
    assert_names(&error, "password");
}

#[tokio::test]
async fn a_query_and_a_path_with_bytes_that_are_not_utf8_are_refused() {
    let server = open_server().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    for (endpoint, field) in [
        ("users.info?username=%FF", "username"),
        ("users.list?email=a%C3@example.com", "email"),
        ("custom-user-status.list?name=%C3%28", "name"),
        ("users.presence?ids=a,%FF", "ids"),
        ("settings/%FF", "_id"),
    ] {
        assert_names(&admin.get(endpoint).await.expect(400), field);
    }
    let message = json!({"message": "{\"msg\":\"method\",\"id\":\"1\",\"method\":\"logout\",\"params\":[]}"});
    assert_names(&ada.post("method.call/%FF", &message).await.expect(400), "method");
    for (path, field) in [("/avatar/%FF", "username"), ("/avatar/uid/%FF", "id")] {
        assert_names(&ada.send("GET", path, &[], "").await.expect(400), field);
    }
    // Who may not call learns that first.
    server.anonymous().get("settings/%FF").await.expect(401);
    ada.get("settings/%FF").await.expect(403);
    // Bytes that are not percent-encoded are no target of HTTP: the connection ends with a 400.
    let raw = b"GET /api/v1/info?a=\xff HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    let answer = exchange(server.address, raw).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(ada.get("me").await.status, 200);
}

#[tokio::test]
async fn a_multipart_field_with_bytes_that_are_not_utf8_is_refused() {
    let server = open_server().await;
    let ada = server.user().await;
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\xff\r\n".to_vec();
    body.extend(b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nx\r\n--x--\r\n");
    let head = [("content-type", "multipart/form-data; boundary=x")];
    let error = ada
        .send("POST", "/api/v1/users.setAvatar", &head, body)
        .await
        .expect(400);
    assert_names(&error, "username");
}

/// A request with a header of any bytes.
fn with_header(client: &Client, head: &str, header: &[u8], body: &str) -> Vec<u8> {
    let (id, token) = client.login.clone().unwrap_or_default();
    let rest = format!(
        "host: test\r\nconnection: close\r\nx-user-id: {id}\r\nx-auth-token: {token}\r\ncontent-length: {}\r\n",
        body.len()
    );
    [
        head.as_bytes(),
        b"\r\n",
        rest.as_bytes(),
        header,
        b"\r\n\r\n",
        body.as_bytes(),
    ]
    .concat()
}

#[tokio::test]
async fn a_header_that_becomes_text_is_utf8_or_refused() {
    let server = open_server().await;
    let ada = server.user().await;
    let login = json!({"user": "ada", "password": PASSWORD}).to_string();
    let sessions = async || {
        let body = ada.get("sessions/list").await.expect(200);
        body["sessions"].as_array().expect("a list").clone()
    };
    for (header, name) in [
        (b"user-agent: \xff".as_slice(), "user-agent"),
        (b"x-2fa-code: 12\xc3", "x-2fa-code"),
        (b"content-type: \xfe", "content-type"),
    ] {
        let request = with_header(&server.anonymous(), "POST /api/v1/login HTTP/1.1", header, &login);
        let answer = exchange(server.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains(&format!("\"field\":\"{name}\"")), "{answer}");
    }
    assert_eq!(sessions().await.len(), 1, "no login began");

    // A name in UTF-8 is kept, and a token in other bytes is no live one.
    let request = with_header(
        &server.anonymous(),
        "POST /api/v1/login HTTP/1.1",
        "user-agent: Åses Uhr".as_bytes(),
        &login,
    );
    let answer = exchange(server.address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let kept = sessions().await;
    assert!(kept.iter().any(|session| session["client"] == "Åses Uhr"), "{kept:?}");
    let request = with_header(
        &server.anonymous(),
        "GET /api/v1/me HTTP/1.1",
        b"x-auth-token: \xff",
        "",
    );
    assert!(exchange(server.address, &request).await.starts_with("HTTP/1.1 401 "));

    let upgrade = b"GET /websocket HTTP/1.1\r\nhost: test\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nuser-agent: \xff\r\n\r\n";
    let mut request = upgrade.to_vec();
    // The answer leaves the connection open: one more request closes it.
    request.extend(b"GET /livez HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    let answer = exchange(server.address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[test]
fn a_variable_and_an_argument_that_are_not_utf8_end_the_command() {
    let folder = crate::support::server::new_folder();
    let bytes = OsStr::from_bytes(b"a\xff");
    for variable in [
        "ROLLCALL_PUBLIC_URL",
        "OVERWRITE_SETTING_Site_Name",
        "ROLLCALL_ADMIN_PASSWORD",
    ] {
        let mut command = rollcall(folder.path());
        command
            .arg("serve")
            .args(["--listen", "127.0.0.1:0"])
            .env(variable, bytes);
        let output = run(command, "");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{variable}: {words}");
        assert!(words.contains(variable) && words.contains("UTF-8"), "{words}");
    }
    let mut command = rollcall(folder.path());
    command.args(["user", "show"]).arg(bytes);
    assert_eq!(run(command, "").status.code(), Some(2));
    // Standard input has the password.
    let mut command = rollcall(folder.path());
    command.args(["user", "create", "ada"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"correct horse\xff\n").expect("a line");
    drop(input);
    let output = child.wait_with_output().expect("the binary ends");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[tokio::test]
async fn a_form_that_is_json_is_read_as_json() {
    let server = open_server().await;
    // What `curl -d` sends.
    let body = json!({"user": {"username": "ada"}, "password": PASSWORD}).to_string();
    let answer = server.anonymous().post_form("login", &format!(" {body}")).await;
    assert_eq!(answer.expect(200)["status"], "success");
    let admin = server.admin().await;
    let body = json!({"name": "a+b%20c", "statusType": "busy"}).to_string();
    let created = admin.post_form("custom-user-status.create", &body).await.expect(200);
    assert_eq!(created["customUserStatus"]["name"], "a+b%20c");
    let error = admin
        .post_form("custom-user-status.create", "{\"name\"")
        .await
        .expect(400);
    let words = error["error"].as_str().expect("a text");
    assert!(words.starts_with("the body is not valid JSON"), "{words}");
}

#[tokio::test]
async fn a_body_that_is_nearly_json_is_refused_with_the_field_and_what_is_allowed() {
    let server = open_server().await;
    let admin = server.admin().await;
    let refused = async |body: &str| {
        let answer = admin.send("POST", "/api/v1/custom-user-status.create", &[JSON], body.to_owned());
        answer.await.expect(400)
    };
    let error = refused("\u{feff}{\"name\":\"a\",\"statusType\":\"busy\"}").await;
    let words = error["error"].as_str().expect("a text");
    assert!(
        words.contains("byte order mark") && words.contains("without one"),
        "{words}"
    );
    for body in [
        r#"{"statusType":"busy","name":"a\ud800b"}"#,
        r#"{"statusType":"busy","name":"a\udc00"}"#,
        r#"{"statusType":"busy","name":"\ud800"}"#,
    ] {
        let error = refused(body).await;
        assert_names(&error, "name");
        let words = error["error"].as_str().expect("a text");
        assert!(words.contains("needs its other half"), "{words}");
    }
    let error = refused(r#"{"name":5,"statusType":"busy"}"#).await;
    assert_names(&error, "name");
    assert_eq!(error["error"], "must be string [invalid-params]");
    let marked = admin.post_form("custom-user-status.create", "\u{feff}name=a").await;
    assert_eq!(marked.expect(400)["errorType"], "invalid-params");
    assert_eq!(admin.status_names().await, Vec::<String>::new());
    // The setting that is read by hand says so as well.
    let wrong = admin
        .post_proved(&format!("settings/{}", SettingId::SiteName), &json!({"value": []}))
        .await;
    assert_names(&wrong.expect(400), "value");
}

#[tokio::test]
async fn a_picture_over_the_limit_is_refused_with_the_field_and_the_limit() {
    let server = open_server().await;
    let ada = server.user().await;
    for (bytes, status) in [(256 * 1024 + 1, 400), (2 * 1024 * 1024, 413)] {
        let error = ada.upload(&vec![0; bytes], &[]).await.expect(status);
        assert_eq!(error["errorType"], "error-avatar-too-large", "{error}");
        assert_eq!(error["details"], json!({"field": "image", "limit": 262_144}));
        assert!(
            error["error"].as_str().is_some_and(|words| words.contains("262144")),
            "{error}"
        );
    }
    for url in ["data:image/png,abc", "data:image/png;base64,####"] {
        let error = ada
            .post("users.setAvatar", &json!({"avatarUrl": url}))
            .await
            .expect(400);
        assert_names(&error, "avatarUrl");
    }
}
