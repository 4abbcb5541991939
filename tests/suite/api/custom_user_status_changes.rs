//! Custom statuses are changed, deleted, and there after a restart.

use serde_json::json;

use crate::support::TestServer;
use crate::support::errors::{invalid_name, invalid_type, required, schema, taken};

const UPDATE: &str = "custom-user-status.update";
const DELETE: &str = "custom-user-status.delete";

#[tokio::test]
async fn an_update_changes_name_type_and_time_and_frees_the_old_name() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let id = admin.create_status("lunch", "away").await.expect(200)["customUserStatus"]["_id"].clone();
    server.pass(1_000);
    let update = json!({"_id": id, "name": " dinner ", "statusType": "busy"});
    let updated = admin.post(UPDATE, &update).await.expect(200);
    let time = "2023-11-04T11:44:24.366Z";
    let expected = json!({"_id": id, "name": "dinner", "statusType": "busy", "_updatedAt": time});
    assert_eq!(updated, json!({"customUserStatus": expected, "success": true}));
    // Its own name is not taken, and the old one is free.
    admin
        .post(UPDATE, &json!({"_id": id, "name": "dinner", "statusType": "away"}))
        .await
        .expect(200);
    admin.create_status("lunch", "away").await.expect(200);
    assert_eq!(admin.status_names().await, ["dinner", "lunch"]);
}

#[tokio::test]
async fn an_update_is_refused_in_the_documented_words_and_order() {
    let server = TestServer::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    let id = admin.create_status("lunch", "away").await.expect(200)["customUserStatus"]["_id"].clone();
    admin.create_status("tea", "away").await.expect(200);

    let missing = admin
        .post(UPDATE, &json!({"name": "a", "statusType": "busy"}))
        .await
        .expect(400);
    assert_eq!(missing, schema("must have required property '_id'", "_id"));
    let unknown = json!({"success": false, "error": "No custom user status found with the id of \"nope\"."});
    let body = json!({"_id": "nope", "name": "a", "statusType": "busy"});
    assert_eq!(admin.post(UPDATE, &body).await.expect(400), unknown);
    assert_eq!(
        user.post(UPDATE, &body).await.expect(400),
        unknown,
        "before the permission"
    );

    let update = async |name: &str, status_type: &str| {
        let body = json!({"_id": id, "name": name, "statusType": status_type});
        admin.post(UPDATE, &body).await.expect(400)
    };
    assert_eq!(update(" ", "Offline").await, required("Name"));
    assert_eq!(update("<b>", "Offline").await, invalid_name("<b>"));
    assert_eq!(update("tea", "Offline").await, taken());
    assert_eq!(update("lunch", "Offline").await, invalid_type("Offline"));
    assert_eq!(update("lunch", "").await, required("StatusType"));
    assert_eq!(admin.status_names().await, ["lunch", "tea"]);
}

#[tokio::test]
async fn a_deleted_status_is_gone_and_its_name_is_free() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let id = admin.create_status("lunch", "away").await.expect(200)["customUserStatus"]["_id"].clone();
    let body = json!({"customUserStatusId": id});
    assert_eq!(admin.post(DELETE, &body).await.expect(200), json!({"success": true}));
    assert!(admin.status_names().await.is_empty());
    let unknown = json!({
        "success": false,
        "error": "Invalid user status [Custom_User_Status_Error_Invalid_User_Status]",
        "errorType": "Custom_User_Status_Error_Invalid_User_Status",
        "details": {"method": "deleteCustomUserStatus"},
    });
    assert_eq!(admin.post(DELETE, &body).await.expect(400), unknown);
    admin.create_status("lunch", "away").await.expect(200);

    let empty = admin.post(DELETE, &json!({"customUserStatusId": ""})).await.expect(400);
    assert_eq!(
        empty,
        schema("must NOT have fewer than 1 characters", "customUserStatusId")
    );
    let missing = admin.post(DELETE, &json!({})).await.expect(400);
    assert_eq!(
        missing,
        schema("must have required property 'customUserStatusId'", "customUserStatusId")
    );
}

#[tokio::test]
async fn what_was_created_is_there_after_a_restart() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let created = admin.create_status("caught up", "busy").await.expect(200)["customUserStatus"].clone();
    let folder = server.stop().await;

    let server = TestServer::open(folder, |_| {}).await;
    let (id, token) = admin.login.expect("a login");
    let list = server
        .anonymous()
        .with_login(&id, &token)
        .get("custom-user-status.list")
        .await
        .expect(200);
    assert_eq!(list["statuses"], json!([created]), "the token is alive too");
}
