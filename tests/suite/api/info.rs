//! Calls of clients and monitors without a login.

use serde_json::json;

use crate::support::TestServer;
use crate::support::store::is_in_cluster;

#[tokio::test]
async fn only_who_may_see_statistics_is_told_the_full_version() {
    let server = TestServer::start().await;
    let (anonymous, user, admin) = (server.anonymous(), server.user().await, server.admin().await);
    let minimum = json!({"desktop": "3.9.6", "mobile": "4.39.0"});
    let short = json!({
        "version": "8.8", "minimumClientVersions": minimum, "name": "Rollcall", "success": true,
    });
    let build = json!({"arch": std::env::consts::ARCH, "platform": std::env::consts::OS});
    let full = json!({
        "version": "8.8.0", "minimumClientVersions": minimum, "name": "Rollcall",
        "rollcall": {"version": env!("CARGO_PKG_VERSION")}, "info": {"version": "8.8.0", "build": build},
        "success": true,
    });
    for path in ["/api/info", "/api/v1/info"] {
        for (client, expected) in [(&anonymous, &short), (&user, &short), (&admin, &full)] {
            let body = client.send("GET", path, &[], "").await.expect(200);
            assert_eq!(body, *expected, "{path}");
        }
    }
    // No other answer without a login says it.
    for path in [
        "/api/v1/openapi.json",
        "/sockjs/info",
        "/",
        "/setup",
        "/nothing",
        "/api/v1/settings.public",
    ] {
        let answer = anonymous.send("GET", path, &[], "").await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let version = env!("CARGO_PKG_VERSION");
        assert!(
            !text.contains(&format!("\"{version}\"")) && answer.header("server").is_none(),
            "{path}: {text}"
        );
    }
}

#[tokio::test]
async fn health_is_told_to_watchers() {
    let server = TestServer::start().await;
    let get = async |path: &str| server.anonymous().send("GET", path, &[], "").await;
    let live = json!({"status": "ok", "checks": {"process": "ok"}});
    assert_eq!(get("/livez").await.expect(200), live);
    let mut ready = json!({"status": "ok", "checks": {"store": "ok", "disk": "ok", "serving": "ok"}});
    if is_in_cluster() {
        ready["checks"]["cluster"] = json!("ok");
    }
    assert_eq!(get("/readyz").await.expect(200), ready);
    let health = get("/health").await;
    assert_eq!((health.status, &*health.body), (200, b"ok".as_slice()));
}
