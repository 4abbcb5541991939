//! Pages of other origins, and the headers for browsers.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::server::{PASSWORD, UNLIMITED, USER, fix, new_folder};
use crate::support::{Answer, TestServer};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const EVIL: &str = "https://evil.example";

/// A server with these settings.
async fn server(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| {
        fix(options, settings);
        fix(options, &[UNLIMITED]);
    })
    .await
}

fn text(text: &str) -> SettingValue {
    SettingValue::Text(text.into())
}

/// What a page of this origin gets to read.
fn readable(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

/// A login as a form of a page of this origin sends it: without a question before it.
async fn login(server: &TestServer, origin: &str) -> Answer {
    let body = format!("user={USER}&password={}", PASSWORD.replace(' ', "+"));
    let headers = [FORM, ("origin", origin)];
    server.anonymous().send("POST", "/api/v1/login", &headers, body).await
}

#[tokio::test]
async fn pages_of_other_origins_can_neither_read_nor_change_anything() {
    let server = server(&[(SettingId::SiteUrl, text("https://chat.example"))]).await;
    for origin in [
        EVIL,
        "null",
        "http://chat.example",
        "https://chat.example.evil.example",
        "https://chat.example:444",
    ] {
        for path in [
            "/api/info",
            "/api/v1/openapi.json",
            "/sockjs/info",
            "/avatar/ada",
            "/livez",
            "/",
            "/api/v1/me",
        ] {
            let answer = server.anonymous().send("GET", path, &[("origin", origin)], "").await;
            assert_eq!(readable(&answer), None, "{origin} {path}");
        }
        let answer = login(&server, origin).await;
        let refusal = answer.expect(403);
        assert_eq!(refusal["errorType"], "error-origin-refused", "{origin}");
        assert_eq!(readable(&answer), None, "{origin}");
    }
    // The form of another origin does nothing, whatever it calls.
    let body = "username=eve&email=eve%40example.com&pass=correct+horse&name=Eve";
    let register = server
        .anonymous()
        .send("POST", "/api/v1/users.register", &[FORM, ("origin", EVIL)], body)
        .await;
    register.expect(403);
    let admin = server.admin().await;
    admin.get("users.info?username=eve").await.expect(400);
    // Programs send no origin.
    server.user().await.get("me").await.expect(200);
}

#[tokio::test]
async fn the_servers_own_pages_may_do_everything() {
    let own = "https://chat.example";
    let with_url = server(&[(SettingId::SiteUrl, text("https://chat.example/"))]).await;
    let answer = login(&with_url, own).await;
    answer.expect(200);
    assert_eq!(readable(&answer), Some(own));
    let varies = answer.headers.get_all("vary").iter();
    assert!(varies.into_iter().any(|value| value == "Origin"), "{answer:?}");
    // Without a URL the server's own origin is where the request went.
    let without = server(&[]).await;
    let own = format!("http://{}", without.address);
    let answer = login(&without, &own).await;
    answer.expect(200);
    assert_eq!(readable(&answer), Some(own.as_str()));
    login(&without, EVIL).await.expect(403);
}

#[tokio::test]
async fn a_list_or_a_star_opens_more() {
    let listed = server(&[
        (SettingId::EnableCors, SettingValue::Flag(true)),
        (SettingId::CorsOrigin, text("https://a.example, https://b.example")),
    ])
    .await;
    let answer = login(&listed, "https://b.example").await;
    answer.expect(200);
    assert_eq!(readable(&answer), Some("https://b.example"));
    login(&listed, EVIL).await.expect(403);

    let any = server(&[
        (SettingId::EnableCors, SettingValue::Flag(true)),
        (SettingId::CorsOrigin, text("*")),
    ])
    .await;
    let answer = login(&any, EVIL).await;
    answer.expect(200);
    assert_eq!(readable(&answer), Some("*"));
}

#[tokio::test]
async fn a_list_without_the_switch_opens_nothing() {
    let server = server(&[(SettingId::CorsOrigin, text(EVIL))]).await;
    login(&server, EVIL).await.expect(403);
}

#[tokio::test]
async fn pages_may_send_the_code_of_a_second_factor() {
    let server = server(&[(SettingId::EnableCors, SettingValue::Flag(true))]).await;
    let headers = [("origin", EVIL), ("access-control-request-method", "POST")];
    let answer = server.anonymous().send("OPTIONS", "/api/v1/login", &headers, "").await;
    assert_eq!((answer.status, readable(&answer)), (200, Some("*")));
    let allowed = answer.header("access-control-allow-headers").expect("a list");
    for name in ["x-2fa-code", "x-2fa-method", "X-Auth-Token"] {
        assert!(allowed.contains(name), "{allowed}");
    }
}

#[tokio::test]
async fn every_answer_has_a_policy_and_is_what_it_says_it_is() {
    for (url, transport) in [
        ("https://chat.example", true),
        ("http://chat.example", false),
        ("", false),
    ] {
        let server = server(&[(SettingId::SiteUrl, text(url))]).await;
        let user = server.user().await;
        for (method, path) in [
            ("GET", "/api/v1/me"),
            ("GET", "/api/v1/nothing"),
            ("PUT", "/api/v1/login"),
            ("POST", "/api/v1/login"),
            ("OPTIONS", "/api/v1/login"),
            ("GET", "/api/v1/openapi.json"),
            ("GET", "/livez"),
            ("GET", "/readyz"),
            ("GET", "/health"),
            ("GET", "/avatar/ada"),
            ("GET", "/sockjs/info"),
            ("GET", "/websocket"),
            ("GET", "/"),
            ("GET", "/setup"),
            ("GET", "/nowhere"),
            ("POST", "/livez"),
        ] {
            let answer = user.send(method, path, &[], "").await;
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{method} {path}"
            );
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'"), "{method} {path}: {policy}");
            // A form has to name its origin to the server.
            let is_page = ["/", "/setup"].contains(&path);
            let referrer = if is_page { "same-origin" } else { "no-referrer" };
            assert_eq!(answer.header("referrer-policy"), Some(referrer), "{method} {path}");
            assert_eq!(
                answer.header("strict-transport-security").is_some(),
                transport,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_setup_page_works_on_a_server_without_a_url() {
    let server = TestServer::open(new_folder(), |_| {}).await;
    let own = format!("http://{}", server.address);
    let headers = [("content-type", "application/json"), ("origin", own.as_str())];
    let body = json!({"secret": "wrong", "username": "root", "password": PASSWORD}).to_string();
    let answer = server
        .anonymous()
        .send("POST", "/api/v1/setup.createAdministrator", &headers, body.clone())
        .await;
    assert_ne!(answer.json()["errorType"], "error-origin-refused");
    let headers = [("content-type", "application/json"), ("origin", EVIL)];
    let answer = server
        .anonymous()
        .send("POST", "/api/v1/setup.createAdministrator", &headers, body)
        .await;
    assert_eq!(answer.expect(403)["errorType"], "error-origin-refused");
}
