//! Calls about users beside the lists: search, directory, public roles; settings in bulk, single grants.

use serde_json::{Value, json};

use crate::support::server::create_user;
use crate::support::{Client, Socket, TestServer};

async fn bulk(client: &Client, settings: Value) -> u16 {
    client.post("settings", &json!({"settings": settings})).await.status
}

#[tokio::test]
async fn users_are_found_by_spotlight_and_directory_and_rooms_are_not() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let ada = server.user().await;
    for (text, users) in [("bo", 1), ("@bob", 1), ("#bob", 0), ("nobody", 0)] {
        let text = text.replace('#', "%23").replace('@', "%40");
        let found = ada.get(&format!("spotlight?query={text}")).await.expect(200);
        assert_eq!(found["users"].as_array().map(Vec::len), Some(users), "{text}: {found}");
        assert_eq!(found["rooms"], json!([]));
    }
    let found = ada.get("directory?type=users&text=bob").await.expect(200);
    assert_eq!(
        (&found["total"], &found["result"][0]["name"]),
        (&json!(1), &json!("bob")),
        "{found}"
    );
    assert_eq!(found["result"][0].get("emails"), None, "{found}");
    for none in [
        "directory",
        "directory?type=teams",
        "directory?type=users&workspace=external",
    ] {
        assert_eq!(ada.get(none).await.expect(200)["total"], 0, "{none}");
    }
    ada.get("directory?type=rooms").await.expect(400);
    let admin = server.admin().await;
    let grant = json!({"permissions": [{"_id": "view-outside-room", "roles": ["admin"]}]});
    admin.post("permissions.update", &grant).await.expect(200);
    assert_eq!(ada.get("directory?type=users").await.expect(200)["total"], 1);
    assert_eq!(ada.get("spotlight?query=bob").await.expect(200)["users"], json!([]));
}

#[tokio::test]
async fn public_roles_are_shown_to_viewers_of_roles() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let users = admin.get("roles.getUsersInPublicRoles").await.expect(200)["users"].clone();
    assert_eq!(users[0]["roles"], json!(["admin"]), "{users}");
    let mut socket = Socket::of(&admin).await;
    assert_eq!(socket.result("getUserRoles", json!([])).await, users);
    assert_eq!(
        ada.get("roles.getUsersInPublicRoles").await.expect(200)["users"],
        json!([])
    );
}

#[tokio::test]
async fn settings_are_set_together_or_not_at_all() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let name = |value: &str| json!({"_id": "Site_Name", "value": value});
    let days = |value: i64| json!({"_id": "Accounts_LoginExpiration", "value": value});
    assert_eq!(bulk(&admin, json!([name("One"), days(-5)])).await, 400);
    assert_eq!(bulk(&admin, json!([name("One"), name("Two")])).await, 400);
    assert_eq!(bulk(&admin, json!([])).await, 400);
    let coloured = json!({"_id": "Site_Name", "value": "Red", "editor": "color"});
    assert_eq!(bulk(&admin, json!([coloured])).await, 200);
    assert_ne!(admin.get("settings/Site_Name").await.expect(200)["value"], "One");
    assert_eq!(bulk(&admin, json!([name("One"), days(5)])).await, 200);
    assert_eq!(admin.get("settings/Site_Name").await.expect(200)["value"], "One");
    assert_eq!(
        admin.get("settings/Accounts_LoginExpiration").await.expect(200)["value"],
        5
    );
    assert_eq!(bulk(&server.user().await, json!([name("Mine")])).await, 403);
}

#[tokio::test]
async fn one_grant_is_given_and_taken_and_changes_are_asked_for_by_date() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let (mut root, mut own) = (Socket::of(&admin).await, Socket::of(&ada).await);
    let grant = json!(["view-audit", "user"]);
    own.error("authorization:addPermissionToRole", grant.clone()).await;
    root.call("authorization:addPermissionToRole", grant.clone()).await;
    ada.get("audit.list").await.expect(200);
    let changed = root.result("permissions/get", json!([{"$date": 1}])).await;
    assert_eq!(changed["update"][0]["_id"], "view-audit", "{changed}");
    assert_eq!(changed["remove"], json!([]));
    root.call("authorization:removeRoleFromPermission", grant).await;
    ada.get("audit.list").await.expect(403);
    let last = json!(["access-permissions", "admin"]);
    root.error("authorization:removeRoleFromPermission", last).await;
    for method in ["rooms/get", "subscriptions/get"] {
        assert_eq!(own.result(method, json!([])).await, json!([]));
        let nothing = json!({"update": [], "remove": []});
        assert_eq!(own.result(method, json!([{"$date": 1}])).await, nothing);
    }
    let settings = root.result("public-settings/get", json!([{"$date": 1}])).await;
    assert!(settings["update"].is_array(), "{settings}");
    assert_eq!(own.result("private-settings/get", json!([])).await, json!([]));
    assert_ne!(root.result("private-settings/get", json!([])).await, json!([]));
    own.error("rooms/get", json!(["yesterday"])).await;
}

#[tokio::test]
async fn names_fall_back_to_the_username_and_users_see_how_they_log_in() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    assert_eq!(socket.result("setUsername", json!(["ada.l"])).await, "ada.l");
    socket.call("userSetUtcOffset", json!([5.5])).await;
    let me = ada.get("me").await.expect(200);
    assert_eq!((&me["username"], &me["utcOffset"]), (&json!("ada.l"), &json!(5.5)));
    assert!(me["name"].is_string(), "{me}");
    let own = ada.get("users.info?username=ada.l").await.expect(200);
    assert_eq!(own["user"]["services"], json!({"password": {"exists": true}}));
    let other = server.admin().await.get("users.info?username=ada.l").await.expect(200);
    assert_eq!(other["user"].get("services"), None);
}
