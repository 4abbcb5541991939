//! Which web pages may open a socket.

use rollcall::domain::{SettingId, SettingValue};

use crate::support::server::fix;
use crate::support::{Answer, TestServer};

/// Asks for a socket with this `Host` and these values of `Origin`.
async fn ask(server: &TestServer, path: &str, origins: &[&str]) -> Answer {
    let mut headers = vec![
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
    ];
    headers.extend(origins.iter().map(|origin| ("origin", *origin)));
    server.anonymous().send("GET", path, &headers, "").await
}

async fn with_settings(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| fix(options, settings)).await
}

fn cors(origins: &str) -> Vec<(SettingId, SettingValue)> {
    vec![
        (SettingId::EnableCors, SettingValue::Flag(true)),
        (SettingId::CorsOrigin, SettingValue::Text(origins.into())),
    ]
}

const PATHS: [&str; 2] = ["/websocket", "/sockjs/123/abcdefgh/websocket"];

/// Checks what pages of these origins are answered, and whether they may read `/sockjs/info`.
async fn check(server: &TestServer, origins: &[(&str, bool)]) {
    for (origin, allowed) in origins {
        for path in PATHS {
            let answer = ask(server, path, &[origin]).await;
            let status = if *allowed { 101 } else { 403 };
            assert_eq!(answer.status, status, "{origin} at {path}");
            if !allowed {
                let words = String::from_utf8_lossy(&answer.body);
                assert!(words.contains("cors_origin") && words.contains("public_url"), "{words}");
            }
        }
        let info = ask(server, "/sockjs/info", &[origin]).await;
        let readable = info.header("access-control-allow-origin");
        assert!(readable.is_none_or(|origin| origin != "*"));
        assert_eq!(readable, allowed.then_some(*origin), "{origin}");
        assert_eq!(info.expect(200)["origins"], serde_json::json!([]));
        assert_eq!(info.header("vary"), Some("origin"));
    }
}

#[tokio::test]
async fn programs_send_no_origin_and_are_taken() {
    let server = TestServer::start().await;
    for path in PATHS {
        assert_eq!(ask(&server, path, &[]).await.status, 101, "{path}");
    }
    let info = ask(&server, "/sockjs/info", &[]).await;
    assert_eq!(info.header("access-control-allow-origin"), None);
    assert_eq!(info.expect(200)["websocket"], true);
}

#[tokio::test]
async fn by_default_only_pages_of_the_server_itself_open_a_socket() {
    let server = TestServer::start().await;
    let (own, other_port) = (format!("http://{}", server.address), "http://127.0.0.1:1");
    let evil = format!("http://{}.evil.example", server.address);
    check(
        &server,
        &[
            (&own, true),
            (&format!("https://{}", server.address), true),
            // ws4py writes it so.
            (&format!("ws://{}", server.address), true),
            (other_port, false),
            (&evil, false),
            ("https://evil.example", false),
            ("null", false),
            ("", false),
        ],
    )
    .await;
    for origins in [[own.as_str(), "https://evil.example"], ["https://evil.example", &own]] {
        assert_eq!(ask(&server, "/websocket", &origins).await.status, 403);
    }
}

#[tokio::test]
async fn with_a_site_url_the_own_origin_is_that() {
    let url = SettingValue::Text("https://chat.example/talk".into());
    let server = with_settings(&[(SettingId::SiteUrl, url)]).await;
    let by_address = format!("http://{}", server.address);
    check(&server, &[("https://chat.example", true), (&by_address, false)]).await;
}

#[tokio::test]
async fn listed_origins_may_and_others_may_not() {
    let server = with_settings(&cors("https://a.example, https://b.example")).await;
    check(
        &server,
        &[
            ("https://a.example", true),
            ("https://b.example", true),
            ("https://c.example", false),
            (&format!("http://{}", server.address), true),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_list_without_the_switch_opens_nothing() {
    let mut settings = cors("*");
    settings[0].1 = SettingValue::Flag(false);
    let server = with_settings(&settings).await;
    check(&server, &[("https://a.example", false)]).await;
}

#[tokio::test]
async fn a_star_opens_the_socket_to_every_page() {
    let server = with_settings(&cors("*")).await;
    for origin in ["https://a.example", "null"] {
        for path in PATHS {
            assert_eq!(ask(&server, path, &[origin]).await.status, 101, "{origin} at {path}");
        }
        let info = ask(&server, "/sockjs/info", &[origin]).await;
        assert_eq!(info.header("access-control-allow-origin"), Some("*"));
        assert_eq!(info.expect(200)["origins"], serde_json::json!(["*:*"]));
    }
}
