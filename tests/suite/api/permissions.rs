//! The permissions of roles.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::errors::{coded, form_of};
use crate::support::server::MINUTE;

fn grant(id: &str, roles: &Value) -> Value {
    json!({"permissions": [{"_id": id, "roles": roles}]})
}

#[tokio::test]
async fn the_default_grants_are_those_of_the_reference() {
    let server = TestServer::start().await;
    let body = server.user().await.get("permissions.listAll").await.expect(200);
    assert_eq!(body["remove"], json!([]));
    let granted = |id: &str| {
        let all = body["update"].as_array().expect("a list");
        let found = all.iter().find(|permission| permission["_id"] == id);
        let mut roles: Vec<_> = found.unwrap_or_else(|| panic!("no {id}"))["roles"]
            .as_array()
            .expect("roles")
            .iter()
            .map(|role| role.as_str().expect("a role").to_owned())
            .collect();
        roles.sort_unstable();
        roles
    };
    let admin_only = "manage-user-status edit-other-user-info create-user delete-user view-full-other-user-info \
        edit-other-user-active-status edit-other-user-password edit-other-user-totp edit-other-user-avatar \
        user-generate-access-token view-statistics logout-other-user access-permissions assign-admin-role \
        assign-roles view-privileged-setting edit-privileged-setting view-user-administration \
        manage-moderation-actions view-audit create-invite-links manage-boards manage-backup";
    for id in admin_only.split_whitespace() {
        assert_eq!(granted(id), ["admin"], "{id}");
    }
    assert_eq!(granted("create-personal-access-tokens"), ["admin", "user"]);
    assert_eq!(granted("view-d-room"), ["admin", "app", "bot", "guest", "user"]);
    assert_eq!(granted("view-outside-room"), ["admin", "moderator", "owner", "user"]);
    assert_eq!(granted("api-bypass-rate-limit"), ["admin", "app", "bot"]);
}

#[tokio::test]
async fn a_grant_counts_from_the_next_call_and_survives_a_restart() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let body = admin
        .post("permissions.update", &grant("manage-user-status", &json!(["bot"])))
        .await
        .expect(200);
    let all = body["permissions"].as_array().expect("all of them");
    let changed = all
        .iter()
        .find(|permission| permission["_id"] == "manage-user-status")
        .expect("the permission");
    assert_eq!(changed["roles"], json!(["bot"]));
    admin.create_status("not any more", "busy").await.expect(400);
    let bot = json!({"roleName": "bot", "username": "ada"});
    admin.post("roles.addUserToRole", &bot).await.expect(200);
    ada.create_status("caught up", "busy").await.expect(200);
    let server = TestServer::open(server.stop().await, |_| {}).await;
    server.user().await.create_status("still", "busy").await.expect(200);
}

#[tokio::test]
async fn only_what_changed_since_then_is_listed() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    server.pass(MINUTE);
    admin
        .post("permissions.update", &grant("view-audit", &json!(["admin", "bot"])))
        .await
        .expect(200);
    let since = async |moment: &str| {
        let query = format!("permissions.listAll?updatedSince={moment}");
        let body = admin.get(&query).await.expect(200);
        let changed = body["update"].as_array().expect("a list").clone();
        changed.iter().map(|one| one["_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(since("2023-11-04T11:45:23.365Z").await, ["view-audit"]);
    assert!(since("2023-11-04T11:45:23.366Z").await.is_empty());
    let refused = admin.get("permissions.listAll?updatedSince=lately").await;
    let words = "The \"updatedSince\" query parameter must be a valid date.";
    assert_eq!(
        refused.expect(400),
        coded(words, "error-roomId-param-invalid", form_of("updatedSince"))
    );
}

#[tokio::test]
async fn all_of_a_list_is_taken_or_nothing() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let good = json!({"_id": "view-audit", "roles": ["admin", "bot"]});
    let error = |words: &str, code: &str| coded(words, code, Value::Null);
    let malformed = error("Invalid body params", "error-invalid-body-params");
    for (body, expected) in [
        (
            json!({"permissions": [good, {"_id": "fly", "roles": []}]}),
            error("Invalid permission", "error-invalid-permission"),
        ),
        (
            json!({"permissions": [good, {"_id": "create-user", "roles": ["none"]}]}),
            error("Invalid role", "error-invalid-role"),
        ),
        (
            json!({"permissions": [good, {"_id": "create-user"}]}),
            malformed.clone(),
        ),
        (json!({"permissions": [good, good]}), malformed.clone()),
        (json!({"permissions": "all"}), malformed.clone()),
        (json!({}), malformed.clone()),
        (grant("view-audit", &json!(["admin", "admin"])), malformed),
    ] {
        assert_eq!(
            admin.post("permissions.update", &body).await.expect(400),
            expected,
            "{body}"
        );
    }
    let all = admin.get("permissions.listAll").await.expect(200);
    let audit = all["update"].as_array().expect("a list").iter();
    let audit: Vec<_> = audit.filter(|one| one["_id"] == "view-audit").collect();
    assert_eq!(audit[0]["roles"], json!(["admin"]));
}

#[tokio::test]
async fn nobody_takes_the_way_back_from_administrators() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let body = grant("access-permissions", &json!(["user"]));
    let refused = admin.post("permissions.update", &body).await.expect(400);
    assert_eq!(refused["errorType"], "error-action-not-allowed");
    admin.get("roles.getUsersInRole?role=admin").await.expect(200);
}
