//! What clients and watchers ask without logging in.

use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn info_tells_whose_behaviour_is_followed_and_our_own_version() {
    let server = TestServer::start().await;
    for path in ["/api/info", "/api/v1/info"] {
        let body = server.anonymous().send("GET", path, &[], "").await.expect(200);
        assert_eq!(
            (&body["version"], &body["success"]),
            (&json!("8.8.0"), &json!(true)),
            "{path}"
        );
        assert_eq!(body["rollcall"]["version"], env!("CARGO_PKG_VERSION"), "{path}");
        assert_eq!(body.get("info"), None, "{path}");
    }
    let user = server.user().await.get("info").await.expect(200);
    assert_eq!(user.get("info"), None);
    let admin = server.admin().await.get("info").await.expect(200);
    assert_eq!(admin["info"]["version"], "8.8.0");
}

#[tokio::test]
async fn health_is_told_to_watchers() {
    let server = TestServer::start().await;
    let get = async |path: &str| server.anonymous().send("GET", path, &[], "").await;
    let sound = json!({"status": "ok", "checks": {"store": "ok"}});
    assert_eq!(get("/livez").await.expect(200), sound);
    assert_eq!(get("/readyz").await.expect(200), sound);
    let health = get("/health").await;
    assert_eq!((health.status, &*health.body), (200, b"ok".as_slice()));
}
