//! Deleting users, and switching accounts on and off.

use serde_json::json;

use crate::support::TestServer;
use crate::support::errors::coded;
use crate::support::server::{PASSWORD, create_user};

#[tokio::test]
async fn a_deleted_user_is_gone_with_everything_of_theirs() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    ada.post_proved("users.generatePersonalAccessToken", &json!({"tokenName": "phone"}))
        .await
        .expect(200);
    admin
        .post_proved("users.createPasswordResetLink", &json!({"username": "ada"}))
        .await
        .expect(200);
    let wrong = json!({"user": "ada", "password": "wrong"});
    server.anonymous().post("login", &wrong).await.expect(401);

    let deleted = admin
        .post("users.delete", &json!({"username": "ADA"}))
        .await
        .expect(200);
    assert_eq!(deleted, json!({"deletedRooms": [], "success": true}));
    ada.get("me").await.expect(401);
    // The name and the address are free again, and nothing is inherited with them.
    server.command(create_user("ada")).await;
    let new = server.user().await;
    assert_ne!(new.id(), ada.id());
    let tokens = new.get("users.getPersonalAccessTokens").await.expect(200);
    assert_eq!(tokens["tokens"], json!([]));
    let folder = server.stop().await;
    // Nothing is left behind that a check of the store would find.
    TestServer::open(folder, |_| {}).await.stop().await;
}

#[tokio::test]
async fn whom_a_request_is_about_has_to_be_named_and_be_there() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let missing = coded(
        "The required \"userId\" or \"username\" param was not provided",
        "error-user-param-not-provided",
        json!(null),
    );
    assert_eq!(admin.post("users.delete", &json!({})).await.expect(400), missing);
    let unknown = coded(
        "The required \"userId\" or \"username\" param provided does not match any users",
        "error-invalid-user",
        json!(null),
    );
    for whom in [json!({"userId": "x"}), json!({"username": "x"}), json!({"user": "x"})] {
        assert_eq!(admin.post("users.delete", &whom).await.expect(400), unknown);
    }
    assert_eq!(
        admin
            .post("users.delete", &json!({"userId": "rocket.cat"}))
            .await
            .expect(400),
        coded(
            "Deleting the rocket.cat user is not allowed",
            "error-action-not-allowed",
            json!({"method": "deleteUser", "action": "Delete_user"})
        )
    );
    let refused = server
        .user()
        .await
        .post("users.delete", &json!({"username": "admin"}))
        .await
        .expect(403);
    assert_eq!(
        refused,
        json!({
            "success": false,
            "error": "User does not have the permissions required for this action [error-unauthorized]",
        })
    );
}

#[tokio::test]
async fn an_account_that_is_switched_off_loses_its_logins_and_comes_back_without_them() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let set = |active: bool| json!({"userId": ada.id(), "activeStatus": active});
    let answer = admin.post("users.setActiveStatus", &set(false)).await.expect(200);
    assert_eq!(
        answer,
        json!({"user": {"_id": ada.id(), "active": false}, "success": true})
    );
    ada.get("me").await.expect(401);
    let login = json!({"user": "ada", "password": PASSWORD});
    assert_eq!(
        server.anonymous().post("login", &login).await.expect(401)["message"],
        "User is not activated"
    );
    admin.post("users.setActiveStatus", &set(true)).await.expect(200);
    ada.get("me").await.expect(401);
    server.user().await.get("me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_active_administrator_stays() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let last = coded(
        "Leaving the app without an active admin is not allowed",
        "error-action-not-allowed",
        json!({"method": "setUserActiveStatus", "action": "Remove_last_admin"}),
    );
    let off = json!({"userId": admin.id(), "activeStatus": false});
    assert_eq!(admin.post("users.setActiveStatus", &off).await.expect(400), last);
    assert_eq!(
        admin
            .post("users.delete", &json!({"userId": admin.id()}))
            .await
            .expect(400)["details"],
        json!({"method": "deleteUser", "action": "Remove_last_admin"})
    );

    // Two administrators who switch each other off at once: one stays.
    let promote = json!({"roleName": "admin", "username": "ada"});
    admin.post("roles.addUserToRole", &promote).await.expect(200);
    let ada = server.user().await;
    let other = json!({"userId": ada.id()});
    let (one, two) = tokio::join!(
        admin.post("users.delete", &other),
        ada.post("users.setActiveStatus", &off),
    );
    assert!(
        (one.status == 200) != (two.status == 200),
        "exactly one is left: {} {}",
        one.status,
        two.status
    );
}
