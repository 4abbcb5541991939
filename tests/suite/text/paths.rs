//! Slashes that say nothing, and a server below a path of a larger site.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::process::{rollcall, run};
use crate::support::server::{UNLIMITED, fix};
use crate::support::{Socket, TestServer};

/// Where clients reach the server below a path.
const PUBLIC_URL: &str = "https://example.org/teams/rollcall";

async fn below_a_path() -> TestServer {
    TestServer::start_with(|options| {
        let url = SettingValue::Text(PUBLIC_URL.into());
        fix(options, &[UNLIMITED, (SettingId::SiteUrl, url)]);
    })
    .await
}

#[tokio::test]
async fn repeated_slashes_and_one_at_the_end_change_nothing() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    for path in [
        "//api/v1/me",
        "/api//v1/me",
        "/api/v1/me/",
        "///api/v1//me//?fields=//",
        "/livez/",
        "//livez",
        "/avatar/ada/",
        "//avatar//uid/x",
        "/setup/",
        "//sign-in",
        "//robots.txt",
    ] {
        let answer = ada.send("GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}");
    }
    for path in ["/api/v1//", "/api/v1/nothing/", "//api//", "//nothing"] {
        assert_eq!(ada.send("GET", path, &[], "").await.status, 404, "{path}");
    }
    for path in ["/websocket/", "//websocket", "/sockjs//1/2/websocket/"] {
        let wrapped = path.contains("sockjs");
        let mut socket = Socket::open(server.address, path, wrapped).await;
        assert_eq!(
            socket.frame().await,
            if wrapped { "o" } else { "{\"server_id\":\"0\"}" },
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_public_path_is_taken_whether_or_not_a_proxy_removes_it() {
    let server = below_a_path().await;
    let ada = server.user().await;
    for prefix in ["", "/teams/rollcall", "//teams/rollcall/"] {
        let get = async |path: &str| ada.send("GET", &format!("{prefix}{path}"), &[], "").await;
        for path in [
            "/api/v1/me",
            "/api/info",
            "/livez",
            "/avatar/ada",
            "/setup",
            "/robots.txt",
            "/sockjs/info",
            "/sign-in",
        ] {
            assert_eq!(get(path).await.status, 200, "{prefix} {path}");
        }
        let mut socket = Socket::open(server.address, &format!("{prefix}/websocket"), false).await;
        assert_eq!(socket.frame().await, "{\"server_id\":\"0\"}");
        let mut socket = Socket::open(server.address, &format!("{prefix}/sockjs/1/2/websocket"), true).await;
        assert_eq!(socket.frame().await, "o");
        let login = json!({"user": "ada", "password": crate::support::server::PASSWORD}).to_string();
        let head = [("content-type", "application/json")];
        let answer = ada.send("POST", &format!("{prefix}/api/v1/login"), &head, login).await;
        assert_eq!(answer.status, 200, "{prefix}");
    }
    // The board sends a visitor who is not signed in to the page for that.
    for path in ["/teams/rollcall", "/", "//"] {
        let answer = ada.send("GET", path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/teams/rollcall/sign-in"))
        );
    }
    for path in ["/teams/rollcalls/api/v1/me", "/teams/api/v1/me", "/rollcall/api/v1/me"] {
        assert_eq!(ada.send("GET", path, &[], "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn every_link_of_the_server_has_the_public_path() {
    let server = below_a_path().await;
    let admin = server.admin().await;
    for path in ["/setup", "/teams/rollcall/setup/"] {
        let page = admin.send("GET", path, &[], "").await;
        let page = String::from_utf8(page.body.to_vec()).expect("a page");
        assert!(page.contains("action=\"/teams/rollcall/setup\""), "{page}");
        assert!(page.contains("src=\"/teams/rollcall/assets/"), "{page}");
        assert!(!page.contains("=\"/setup") && !page.contains("=\"/assets"), "{page}");
    }
    let document = admin.get("openapi.json").await.expect(200);
    assert_eq!(document["servers"], json!([{"url": "/teams/rollcall"}]));
    let me = admin.get("me").await.expect(200);
    assert_eq!(me["avatarUrl"], format!("{PUBLIC_URL}/avatar/admin"));
    let picture = admin.get("users.getAvatar?username=ada").await;
    let location = format!("{PUBLIC_URL}/avatar/ada");
    assert_eq!(picture.header("location"), Some(location.as_str()));
    let link = json!({"username": "ada"});
    let link = admin
        .post_proved("users.createPasswordResetLink", &link)
        .await
        .expect(200);
    let link = link["link"].as_str().expect("a link");
    assert!(link.starts_with(&format!("{PUBLIC_URL}/reset-password#")), "{link}");

    // Without a public path the same documents are those of the root, and a new path counts at once.
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let page = async || {
        let page = admin.send("GET", "/setup", &[], "").await;
        String::from_utf8(page.body.to_vec()).expect("a page")
    };
    assert!(page().await.contains("action=\"/setup\""));
    assert_eq!(
        admin.get("openapi.json").await.expect(200)["servers"],
        json!([{"url": "/"}])
    );
    let set = json!({"value": "https://example.org/x/"});
    admin.post_proved("settings/Site_Url", &set).await.expect(200);
    assert!(page().await.contains("action=\"/x/setup\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_path_that_hides_the_servers_own_is_refused() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for url in [
        "https://example.org/api",
        "https://example.org/avatar/x",
        "https://example.org/a b",
        "https://example.org/../x",
        "https://example.org/\u{e5}",
        "example.org",
    ] {
        let refused = admin
            .post_proved("settings/Site_Url", &json!({"value": url}))
            .await
            .expect(400);
        assert_eq!(refused["errorType"], "error-invalid-setting-value", "{url}");
        let mut command = rollcall(server.folder.path());
        command.args(["config", "--public-url", url]);
        let output = run(command, "");
        // `config` only shows values; the start refuses them.
        assert!(
            output.status.success() || output.status.code() == Some(78),
            "{url}: {output:?}"
        );
        let mut command = rollcall(server.folder.path());
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            "other",
            "--public-url",
            url,
        ]);
        let output = run(command, "");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && error.contains("public_url"),
            "{url}: {error}"
        );
    }
}
