//! Figures of the server, and badges.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::server::{MINUTE, create_user, fix};
use crate::support::store::skipped_in_cluster;
use crate::support::{Answer, Client, Socket, TestServer};

#[tokio::test]
async fn figures_count_users_and_statuses_as_the_viewer_sees_them() {
    if skipped_in_cluster("a cluster does not tell how much space is free") {
        return;
    }
    let server = TestServer::start().await;
    for name in ["bob", "cleo", "gone"] {
        server.command(create_user(name)).await;
    }
    let (admin, ada) = (server.admin().await, server.user().await);
    let (bob, cleo, gone) = (
        server.logged_in("bob").await,
        server.logged_in("cleo").await,
        server.logged_in("gone").await,
    );
    let off = json!({"userId": gone.id(), "activeStatus": false});
    admin.post("users.setActiveStatus", &off).await.expect(200);
    for (client, status) in [(&ada, "busy"), (&bob, "away"), (&cleo, "offline")] {
        client
            .post("users.setStatus", &json!({"status": status}))
            .await
            .expect(200);
    }
    let _connected = (Socket::of(&admin).await, Socket::of(&cleo).await);
    server.pass(90_000);
    let mut found = admin.get("statistics").await.expect(200);
    let store = found
        .as_object_mut()
        .expect("an object")
        .remove("store")
        .expect("sizes");
    let size = |name: &str| store[name].as_u64().expect("a number");
    assert_eq!(size("wasteBytes"), size("fileBytes") - size("dataBytesAtStart"));
    assert!(size("fileBytes") > 0 && size("freeBytes") > 0, "{store}");
    let expected = json!({
        "version": "8.8.0",
        "rollcall": {"version": env!("CARGO_PKG_VERSION")},
        "totalUsers": 5, "activeUsers": 4, "nonActiveUsers": 1,
        // Cleo is connected and invisible: no user sees that, and no administrator.
        "onlineUsers": 1, "awayUsers": 1, "busyUsers": 1, "offlineUsers": 2, "totalConnectedUsers": 3,
        "process": {"pid": std::process::id(), "uptime": 90},
        "os": {"platform": std::env::consts::OS, "arch": std::env::consts::ARCH},
        "instanceCount": 1, "createdAt": "2023-11-04T11:45:53.366Z", "success": true,
    });
    assert_eq!(found, expected);
    ada.get("statistics").await.expect(403);
    admin.get("statistics?refresh=true").await.expect(200);
    admin.get("statistics?refresh=maybe").await.expect(400);
}

async fn shield(client: &Client, query: &str) -> Answer {
    client.get(&format!("shield.svg?{query}")).await
}

fn drawing(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("image/svg+xml;charset=utf-8"));
    String::from_utf8(answer.body.to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn a_badge_shows_strangers_how_many_are_online_a_minute_old_and_nobody_who_hides() {
    let server = TestServer::start().await;
    let (ada, admin, stranger) = (server.user().await, server.admin().await, server.anonymous());
    let online = async || drawing(&shield(&stranger, "type=online&name=Chat").await);
    assert!(online().await.contains(">0 Online<"));
    ada.post("users.setStatus", &json!({"status": "busy"}))
        .await
        .expect(200);
    admin
        .post("users.setStatus", &json!({"status": "away"}))
        .await
        .expect(200);
    assert!(online().await.contains(">0 Online<"), "it is counted once a minute");
    server.pass(MINUTE);
    assert!(online().await.contains(">2 Online<"));
    let hidden = json!({"hideFrom": {"users": [admin.id()]}});
    ada.post("presence.setPrivacy", &hidden).await.expect(200);
    server.pass(MINUTE);
    assert!(
        online().await.contains(">1 Online<"),
        "who hides from anyone is not counted"
    );
}

#[tokio::test]
async fn a_badge_of_a_user_is_for_users_alone_and_its_texts_are_escaped() {
    let server = TestServer::start().await;
    let (ada, stranger) = (server.user().await, server.anonymous());
    for (status, colour) in [
        ("online", "#1fb31f"),
        ("away", "#dc9b01"),
        ("busy", "#bc2031"),
        ("offline", "#a5a1a1"),
    ] {
        ada.post("users.setStatus", &json!({"status": status, "message": "here"}))
            .await
            .expect(200);
        let drawn = drawing(&shield(&ada, "type=user&username=ada").await);
        assert!(drawn.contains(colour) && drawn.contains(">@ada<"), "{status}: {drawn}");
    }
    // A stranger does not learn which names there are.
    for name in ["ada", "nobody"] {
        shield(&stranger, &format!("type=user&username={name}"))
            .await
            .expect(401);
    }
    shield(&ada, "type=user&username=nobody").await.expect(400);
    shield(&ada, "type=user").await.expect(400);
    let drawn = drawing(&shield(&stranger, "name=%3Cscript%3E%22%27%26%07x").await);
    assert!(
        drawn.contains(">&lt;script&gt;&quot;&apos;&amp;x<") && drawn.contains(">JOIN CHAT<"),
        "{drawn}"
    );
    for refused in [
        "type=channel&channel=general",
        "type=robot",
        "icon=false",
        "icon=false&name=%20",
    ] {
        shield(&stranger, refused).await.expect(400);
    }
    shield(&stranger, &format!("name={}", "x".repeat(64))).await;
    shield(&stranger, &format!("name={}", "x".repeat(65))).await.expect(400);
}

#[tokio::test]
async fn badges_are_off_where_the_setting_says_so() {
    let off = (SettingId::Shields, SettingValue::Flag(false));
    let server = TestServer::start_with(|options| fix(options, &[off])).await;
    let refused = shield(&server.anonymous(), "type=online").await.expect(400);
    assert_eq!(refused["errorType"], "error-endpoint-disabled");
    assert_eq!(refused["error"], "This endpoint is disabled [error-endpoint-disabled]");
}
