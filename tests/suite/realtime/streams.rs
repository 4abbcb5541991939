//! The messages of each stream, to the letter.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{BEGINNING, MINUTE, PASSWORD_DIGEST, create_user, fix};
use crate::support::{Socket, TestServer};

/// A socket of the administrator that hears these events of `stream-notify-logged`.
async fn listener(server: &TestServer, events: &[&str]) -> Socket {
    let mut socket = Socket::of(&server.admin().await).await;
    for event in events {
        socket.listen("notify-logged", event).await;
    }
    socket
}

#[tokio::test]
async fn user_status_tells_who_is_what() {
    let server = TestServer::start().await;
    let mut socket = listener(&server, &["user-status"]).await;
    let ada = server.user().await;
    let rename = json!({"data": {"name": "Ada Lovelace"}});
    ada.post("users.updateOwnBasicInfo", &rename).await.expect(200);
    let end = BEGINNING + 5 * MINUTE;
    for (status, told) in [
        (
            json!({"status": "busy"}),
            json!([3, "", "Ada Lovelace", ["user"], "manual"]),
        ),
        (
            json!({"status": "away", "message": "lunch", "expiresAt": "2023-11-04T11:49:23.366Z"}),
            json!([2, "lunch", "Ada Lovelace", ["user"], "manual", {"$date": end}]),
        ),
        (json!({"status": "offline"}), json!([0, "", "Ada Lovelace", ["user"]])),
    ] {
        ada.post("users.setStatus", &status).await.expect(200);
        let mut tuple = vec![json!(ada.id()), json!("ada")];
        tuple.extend(told.as_array().expect("a tuple").iter().cloned());
        let message = socket
            .find(|message| message["fields"]["eventName"] == "user-status")
            .await;
        let expected = json!({
            "msg": "changed", "collection": "stream-notify-logged", "id": "id",
            "fields": {"eventName": "user-status", "args": [tuple]},
        });
        assert_eq!(message, expected);
    }
    // A call that changes nothing sends no event.
    ada.post("users.setStatus", &json!({"status": "offline"}))
        .await
        .expect(200);
    ada.post("users.setStatus", &json!({"status": "busy"}))
        .await
        .expect(200);
    assert_eq!(socket.event("notify-logged", "user-status").await[0][2], 3);
}

#[tokio::test]
async fn the_end_of_a_status_is_told_when_it_comes() {
    let server = TestServer::start().await;
    let mut socket = listener(&server, &["user-status"]).await;
    let ada = server.user().await;
    let lunch = json!({"status": "busy", "message": "lunch", "expiresAt": "2023-11-04T11:49:23.366Z"});
    ada.post("users.setStatus", &json!({"status": "away", "message": "vacation"}))
        .await
        .expect(200);
    ada.post("users.setStatus", &lunch).await.expect(200);
    for words in ["vacation", "lunch"] {
        assert_eq!(socket.event("notify-logged", "user-status").await[0][3], words);
    }
    server.pass(5 * MINUTE);
    let told = socket.event("notify-logged", "user-status").await;
    assert_eq!((&told[0][2], &told[0][3]), (&json!(2), &json!("vacation")));
}

#[tokio::test]
async fn users_hear_of_their_own_status_in_their_document_and_their_data() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    socket.listen("notify-user", &format!("{}/userData", ada.id())).await;
    socket
        .find(|message| message["msg"] == "changed" && message["fields"]["status"] == "online")
        .await;
    let busy = json!({"status": "busy", "message": "in a call"});
    ada.post("users.setStatus", &busy).await.expect(200);
    let data = socket.event("notify-user", &format!("{}/userData", ada.id())).await;
    let diff = json!({"status": "busy", "statusText": "in a call", "statusSource": "manual"});
    let expected = json!([{"type": "updated", "id": ada.id(), "diff": diff, "unset": {"statusExpiresAt": 1}}]);
    assert_eq!(data, expected);
    let document = json!({
        "msg": "changed", "collection": "users", "id": ada.id(),
        "fields": {"status": "busy", "statusText": "in a call"},
    });
    socket.find(|message| *message == document).await;
    ada.post("users.setStatus", &json!({"status": "online"}))
        .await
        .expect(200);
    let data = socket.event("notify-user", &format!("{}/userData", ada.id())).await;
    let unset = json!({"statusText": 1, "statusSource": 1, "statusExpiresAt": 1});
    let expected = json!([{"type": "updated", "id": ada.id(), "diff": {"status": "online"}, "unset": unset}]);
    assert_eq!(data, expected);
}

#[tokio::test]
async fn users_hear_of_their_own_record_when_anybody_changes_it() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut socket = Socket::of(&ada).await;
    socket.listen("notify-user", &format!("{}/userData", ada.id())).await;
    // A login of the same user changes nothing that anybody sees.
    server.user().await;
    let data = json!({"userId": ada.id(), "data": {"name": "Ada L", "email": "ada@example.org"}});
    let update = admin
        .post_confirmed("users.update", &data, "password", PASSWORD_DIGEST)
        .await;
    update.expect(200);
    let fields = json!({"name": "Ada L", "emails": [{"address": "ada@example.org", "verified": false}]});
    let document = json!({"msg": "changed", "collection": "users", "id": ada.id(), "fields": fields});
    socket.find(|message| *message == document).await;
    let event = |message: &Value| message["fields"]["args"][0]["diff"].get("name").is_some();
    let told = socket.find(event).await;
    let expected = json!([{"type": "updated", "id": ada.id(), "diff": fields, "unset": {}}]);
    assert_eq!(told["fields"]["args"], expected);
    let give = json!({"roleName": "guest", "username": "ada"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    socket
        .find(|message| message["msg"] == "changed" && message["fields"] == json!({"roles": ["guest", "user"]}))
        .await;
    let others = |message: &Value| message["collection"] == "users" && message["fields"].get("status").is_none();
    let left: Vec<_> = socket.left_with_own().into_iter().filter(others).collect();
    assert_eq!(left, Vec::<Value>::new());
}

#[tokio::test]
async fn custom_statuses_are_told_when_they_are_made_changed_and_deleted() {
    let server = TestServer::start().await;
    let mut socket = listener(&server, &["updateCustomUserStatus", "deleteCustomUserStatus"]).await;
    let admin = server.admin().await;
    let made = admin.create_status("caught up", "busy").await.expect(200);
    let id = &made["customUserStatus"]["_id"];
    let record = |name: &str, status: &str| {
        let updated = json!({"$date": BEGINNING});
        json!([{"userStatusData": {"_id": id, "name": name, "statusType": status, "_updatedAt": updated}}])
    };
    let told = socket.event("notify-logged", "updateCustomUserStatus").await;
    assert_eq!(told, record("caught up", "busy"));
    let change = json!({"_id": id, "name": "behind", "statusType": "away"});
    admin.post("custom-user-status.update", &change).await.expect(200);
    let told = socket.event("notify-logged", "updateCustomUserStatus").await;
    assert_eq!(told, record("behind", "away"));
    let delete = json!({"customUserStatusId": id});
    admin.post("custom-user-status.delete", &delete).await.expect(200);
    let told = socket.event("notify-logged", "deleteCustomUserStatus").await;
    assert_eq!(told, record("behind", "away"));
}

#[tokio::test]
async fn names_pictures_roles_and_the_end_of_users_are_told() {
    let server = TestServer::start().await;
    let events = ["Users:NameChanged", "Users:Deleted", "updateAvatar", "roles-change"];
    let mut socket = listener(&server, &events).await;
    server.command(create_user("bob")).await;
    let (bob, admin) = (server.logged_in("bob").await, server.admin().await);
    let rename = json!({"data": {"name": "Bob B", "username": "bobby"}});
    bob.post("users.updateOwnBasicInfo", &rename).await.expect(200);
    let told = socket.event("notify-logged", "Users:NameChanged").await;
    assert_eq!(told, json!([{"_id": bob.id(), "name": "Bob B", "username": "bobby"}]));

    let picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
    let set = bob.post("users.setAvatar", &json!({"avatarUrl": picture})).await;
    set.expect(200);
    let told = socket.event("notify-logged", "updateAvatar").await;
    let etag = told[0]["etag"].as_str().expect("an etag").to_owned();
    assert_eq!(told, json!([{"username": "bobby", "etag": etag}]));
    bob.post("users.resetAvatar", &json!({})).await.expect(200);
    let told = socket.event("notify-logged", "updateAvatar").await;
    assert_eq!(told, json!([{"username": "bobby", "etag": null}]));

    let give = json!({"roleName": "guest", "username": "bobby"});
    for (endpoint, kind) in [
        ("roles.addUserToRole", "added"),
        ("roles.removeUserFromRole", "removed"),
    ] {
        admin.post(endpoint, &give).await.expect(200);
        let told = socket.event("notify-logged", "roles-change").await;
        let who = json!({"_id": bob.id(), "username": "bobby"});
        assert_eq!(told, json!([{"type": kind, "_id": "guest", "u": who}]));
    }
    let whom = json!({"userId": bob.id()});
    admin.post("users.delete", &whom).await.expect(200);
    let told = socket.event("notify-logged", "Users:Deleted").await;
    assert_eq!(told, json!([{"userId": bob.id(), "messageErasureType": "Delete"}]));
    assert_eq!(socket.left(), Vec::<Value>::new());
}

#[tokio::test]
async fn roles_permissions_and_settings_are_told() {
    let server = TestServer::start().await;
    let mut socket = listener(&server, &["permissions-changed"]).await;
    let answer = socket.sub("stream-roles", json!(["roles", false])).await;
    assert_eq!(answer["msg"], "ready");
    // Public settings are also sent to callers who are not logged in.
    let mut nobody = Socket::connected(server.address).await;
    nobody.listen("notify-all", "public-settings-changed").await;
    let admin = server.admin().await;
    let new = json!({"name": "night shift", "description": "after ten"});
    let made = admin.post("roles.create", &new).await.expect(200);
    let mut record = made["role"].clone();
    let told = socket.event("roles", "roles").await;
    assert_eq!((&told[0]["type"], &told[0]["_id"]), (&json!("changed"), &record["_id"]));
    let delete = json!({"roleId": record["_id"].take()});
    admin.post("roles.delete", &delete).await.expect(200);
    let told = socket.event("roles", "roles").await;
    assert_eq!(
        (&told[0]["type"], &told[0]["name"]),
        (&json!("removed"), &json!("night shift"))
    );

    let grants = json!({"permissions": [{"_id": "manage-user-status", "roles": ["admin", "guest"]}]});
    admin.post("permissions.update", &grants).await.expect(200);
    let told = socket.event("notify-logged", "permissions-changed").await;
    let record = json!({
        "_id": "manage-user-status", "roles": ["admin", "guest"], "_updatedAt": {"$date": BEGINNING},
    });
    assert_eq!(told, json!(["updated", record]));

    let set = json!({"value": "Here"});
    let path = "settings/Site_Name";
    let answer = admin.post_confirmed(path, &set, "password", PASSWORD_DIGEST).await;
    answer.expect(200);
    let told = nobody.event("notify-all", "public-settings-changed").await;
    let expected = json!(["updated", {"_id": "Site_Name", "value": "Here", "enterprise": false}]);
    assert_eq!(told, expected);
}

#[tokio::test]
async fn where_nobody_is_told_who_is_here_only_users_hear_of_themselves() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::PresenceBroadcastDisabled, SettingValue::Flag(true))],
        );
    })
    .await;
    let ada = server.user().await;
    let mut watcher = listener(&server, &["user-status", "updateCustomUserStatus"]).await;
    watcher
        .sub("stream-user-presence", json!(["", {"added": [ada.id()]}]))
        .await;
    let mut own = Socket::of(&ada).await;
    own.listen("notify-user", &format!("{}/userData", ada.id())).await;
    ada.post("users.setStatus", &json!({"status": "busy"}))
        .await
        .expect(200);
    let busy = async |socket: &mut Socket| socket.event("notify-user", &format!("{}/userData", ada.id())).await;
    while busy(&mut own).await[0]["diff"]["status"] != "busy" {}
    server
        .admin()
        .await
        .create_status("caught up", "busy")
        .await
        .expect(200);
    watcher.event("notify-logged", "updateCustomUserStatus").await;
    assert_eq!(watcher.left(), Vec::<Value>::new());
}

#[tokio::test]
async fn each_of_many_sockets_hears_everything_in_its_order() {
    // More than one task sends them.
    const SOCKETS: usize = 600;
    rollcall::server::allow_as_many_as_possible();
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = Socket::of(&admin).await;
        socket.listen("notify-logged", "updateCustomUserStatus").await;
        sockets.push(socket);
    }
    for name in ["one", "two", "three"] {
        admin.create_status(name, "busy").await.expect(200);
    }
    for mut socket in sockets {
        for name in ["one", "two", "three"] {
            let told = socket.event("notify-logged", "updateCustomUserStatus").await;
            assert_eq!(told[0]["userStatusData"]["name"], name);
        }
    }
}
