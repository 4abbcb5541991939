//! The lines of users in lists, which the server keeps: each viewer gets their own, and a change shows at once.

use serde_json::{Value, json};

use crate::support::server::create_user;
use crate::support::{Client, TestServer};

/// Returns the lines of the user `hid` in the list of users and in the directory.
async fn lines(viewer: &Client) -> (Value, Value) {
    let list = viewer.get("users.list").await.expect(200);
    let directory = viewer.get("directory?type=users").await.expect(200);
    let line = |users: &Value| {
        let mut users = users.as_array().expect("a list").iter();
        users.find(|user| user["username"] == "hid").expect("a line").clone()
    };
    (line(&list["users"]), line(&directory["result"]))
}

/// Checks which status a viewer sees, and whether they see the fields that only few may see.
async fn expect(viewer: &Client, status: &str, full: bool) {
    let (line, entry) = lines(viewer).await;
    assert_eq!(line["status"], status, "{line}");
    for hidden in ["emails", "roles"] {
        assert_eq!(line.get(hidden).is_some(), full, "{line}");
    }
    for hidden in ["emails", "createdAt"] {
        assert_eq!(entry.get(hidden).is_some(), full, "{entry}");
    }
}

#[tokio::test]
async fn no_viewer_gets_the_line_of_a_viewer_who_sees_something_else() {
    let server = TestServer::start().await;
    for name in ["hid", "eve"] {
        server.command(create_user(name)).await;
    }
    let (admin, ada) = (server.admin().await, server.user().await);
    let (hid, eve) = (server.logged_in("hid").await, server.logged_in("eve").await);
    let hide = json!({"hideFrom": {"users": ["eve"]}});
    hid.post("presence.setPrivacy", &hide).await.expect(200);
    for (set, seen) in [
        ("busy", "busy"),
        ("away", "away"),
        ("offline", "offline"),
        ("busy", "busy"),
    ] {
        let status = json!({"status": set, "message": ""});
        hid.post("users.setStatus", &status).await.expect(200);
        // Twice, so that each viewer follows each other one.
        for _ in 0..2 {
            expect(&hid, seen, true).await;
            expect(&eve, "offline", false).await;
            expect(&admin, seen, true).await;
            expect(&ada, seen, false).await;
        }
    }
    let grant = json!({"permissions": [{"_id": "view-full-other-user-info", "roles": ["admin", "user"]}]});
    admin.post_proved("permissions.update", &grant).await.expect(200);
    expect(&ada, "busy", true).await;
    expect(&eve, "offline", true).await;
}

#[tokio::test]
async fn a_changed_user_has_another_line_at_once() {
    let server = TestServer::start().await;
    server.command(create_user("hid")).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let id = lines(&admin).await.0["_id"].clone();
    for number in 0..3 {
        let name = format!("Name {number}");
        let change = json!({"userId": id, "data": {"name": name, "nickname": name}});
        admin.post("users.update", &change).await.expect(200);
        for viewer in [&admin, &ada] {
            let (line, entry) = lines(viewer).await;
            assert_eq!((&line["name"], &entry["name"]), (&json!(name), &json!(name)));
            assert_eq!(line["nameInsensitive"], name.to_lowercase());
            assert_eq!(entry["nickname"], name);
        }
    }
    let role = json!({"roleName": "guest", "username": "hid"});
    admin.post("roles.addUserToRole", &role).await.expect(200);
    assert_eq!(lines(&admin).await.0["roles"], json!(["guest", "user"]));
    let off = json!({"userId": id, "activeStatus": false});
    admin.post("users.setActiveStatus", &off).await.expect(200);
    let list = ada.get("users.list?username=hid").await.expect(200);
    assert_eq!(list["users"][0]["active"], false);
    let selected = admin
        .get("users.list?username=hid&fields=%7B%22name%22%3A1%7D")
        .await
        .expect(200);
    assert_eq!(selected["users"], json!([{"_id": id, "name": "Name 2"}]));
}
