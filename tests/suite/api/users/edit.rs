//! Changing users, and oneself.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::errors::{action_not_allowed, coded, schema};
use crate::support::server::{DAY, PASSWORD, PASSWORD_DIGEST, create_user, fix};
use crate::support::{Client, TestServer};

async fn update(client: &Client, id: &str, data: Value) -> crate::support::Answer {
    client.post("users.update", &json!({"userId": id, "data": data})).await
}

async fn update_own(client: &Client, data: Value) -> crate::support::Answer {
    client.post("users.updateOwnBasicInfo", &json!({"data": data})).await
}

#[tokio::test]
async fn an_administrator_changes_everything_of_a_user_at_once() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let data = json!({
        "username": "countess", "email": "countess@example.com", "name": "Ada King", "verified": true,
        "bio": "analyst", "nickname": "A.", "statusText": "in a call", "status": "busy",
        "roles": ["user", "moderator"], "customFields": {"team": "engine"},
    });
    let user = update(&admin, ada.id(), data).await.expect(200)["user"].clone();
    assert_eq!(
        (&user["username"], &user["name"]),
        (&json!("countess"), &json!("Ada King"))
    );
    assert_eq!(
        user["emails"],
        json!([{"address": "countess@example.com", "verified": true}])
    );
    assert_eq!(user["roles"], json!(["moderator", "user"]));
    assert_eq!(
        (&user["status"], &user["statusText"]),
        (&json!("busy"), &json!("in a call"))
    );
    // A name that was given up is free, the session lives on, and the new name logs in.
    server.command(create_user("ada")).await;
    assert_eq!(ada.get("me").await.expect(200)["username"], "countess");
    server.logged_in("countess").await;
}

#[tokio::test]
async fn every_refusal_is_in_the_words_of_the_reference() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    assert_eq!(
        update(&ada, admin.id(), json!({"name": "Boss"})).await.expect(400),
        action_not_allowed("Editing user is not allowed", "Editing_user")
    );
    assert_eq!(
        update(&ada, ada.id(), json!({"verified": true})).await.expect(400),
        action_not_allowed("Editing email verification is not allowed", "Editing_user")
    );
    assert_eq!(
        update(&ada, ada.id(), json!({"roles": ["admin"]})).await.expect(400),
        action_not_allowed("Assign roles is not allowed", "Assign_role")
    );
    assert_eq!(
        update(&admin, "nobody", json!({"name": "x"})).await.expect(400),
        coded("User not found", "error-user-not-found", Value::Null)
    );
    assert_eq!(
        update(&admin, ada.id(), json!({"bio": "x".repeat(261)}))
            .await
            .expect(400)["errorType"],
        "error-bio-size-exceeded"
    );
    assert_eq!(
        update(&admin, ada.id(), json!({"username": "Admin"})).await.expect(400)["errorType"],
        "error-could-not-save-identity"
    );
    server.command(create_user("bob")).await;
    assert_eq!(
        update(&admin, ada.id(), json!({"username": "BOB"})).await.expect(400)["errorType"],
        "error-could-not-save-identity"
    );
    assert_eq!(
        update(&admin, ada.id(), json!({"status": "sleepy"})).await.expect(400),
        schema("must be equal to one of the allowed values", "data.status")
    );
    for data in [json!({"roles": ["user"]}), json!({"active": false})] {
        let refused = update(&admin, admin.id(), data).await.expect(400);
        assert_eq!(
            refused["error"],
            "Leaving the app without an active admin is not allowed [error-action-not-allowed]"
        );
    }
}

#[tokio::test]
async fn settings_keep_users_from_changing_what_administrators_still_may() {
    let settings = [
        (
            SettingId::AllowUsernameChange,
            json!({"username": "x"}),
            "Edit username is not allowed",
        ),
        (
            SettingId::AllowUserStatusMessageChange,
            json!({"statusText": "x"}),
            "Edit user status is not allowed",
        ),
        (
            SettingId::AllowRealNameChange,
            json!({"name": "X"}),
            "Edit user real name is not allowed",
        ),
        (
            SettingId::AllowEmailChange,
            json!({"email": "x@example.com"}),
            "Edit user email is not allowed",
        ),
        (
            SettingId::AllowPasswordChange,
            json!({"password": "another horse"}),
            "Edit user password is not allowed",
        ),
    ];
    let all: Vec<_> = settings
        .iter()
        .map(|(id, ..)| (*id, SettingValue::Flag(false)))
        .collect();
    let server = TestServer::start_with(|options| fix(options, &all)).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    // Administrators as well, as far as it is about themselves.
    for user in [&ada, &admin] {
        for (_, data, words) in &settings {
            let body = json!({"userId": user.id(), "data": data});
            assert_eq!(
                user.post_proved("users.update", &body).await.expect(400),
                action_not_allowed(words, "Update_user"),
                "{data}"
            );
        }
    }
    for (_, data, _) in settings {
        update(&admin, ada.id(), data).await.expect(200);
    }
    let closed = TestServer::start_with(|options| {
        fix(
            options,
            &[
                (SettingId::AllowUserProfileChange, SettingValue::Flag(false)),
                (SettingId::AllowInvisibleStatus, SettingValue::Flag(false)),
            ],
        );
    })
    .await;
    let refused = update_own(&closed.user().await, json!({"bio": "x"})).await.expect(400);
    assert_eq!(
        refused,
        coded("Not allowed", "error-not-allowed", json!({"method": "saveUserProfile"}))
    );
    let user = closed.user().await;
    let refused = update(&user, user.id(), json!({"status": "offline"})).await.expect(400);
    assert_eq!(
        refused["error"],
        "Invisible status is disabled [error-status-not-allowed]"
    );
}

#[tokio::test]
async fn users_change_themselves_and_are_told_so() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let data = json!({
        "username": "Ada.L", "firstName": "Ada", "lastName": "O'Lovelace-King", "bio": "analyst", "nickname": "A.",
        "statusType": "away", "statusText": "tea",
    });
    let answer = update_own(&ada, data).await.expect(200);
    assert_eq!(answer["message"], "Your profile has been successfully updated.");
    let me = ada.get("me").await.expect(200);
    assert_eq!(
        (&me["username"], &me["name"]),
        (&json!("Ada.L"), &json!("Ada O'Lovelace-King"))
    );
    assert_eq!((&me["status"], &me["statusText"]), (&json!("away"), &json!("tea")));
    assert_eq!(answer["user"]["username"], "Ada.L");
}

#[tokio::test]
async fn the_account_messages_are_exactly_these() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let ada = server.user().await;
    let none = Value::Null;
    for (data, expected) in [
        (
            json!({"firstName": "A", "lastName": "Lovelace"}),
            coded(
                "First name must have atleast 2 characters. Numbers and special characters are not allowed.",
                "error-invalid-first-name",
                none.clone(),
            ),
        ),
        (
            json!({"firstName": "Ada", "lastName": "4"}),
            coded(
                "Last name must have atleast 1 characters. Numbers and special characters are not allowed.",
                "error-invalid-last-name",
                none.clone(),
            ),
        ),
        (
            json!({"email": "ada@"}),
            coded("Enter a valid email", "error-invalid-email", none.clone()),
        ),
        (
            json!({"newPassword": " ", "currentPassword": PASSWORD_DIGEST}),
            coded("Enter a valid password", "error-invalid-password", none.clone()),
        ),
        (
            json!({"username": "bob"}),
            coded(
                "Could not save user identity",
                "error-could-not-save-identity",
                none.clone(),
            ),
        ),
        (
            json!({"username": "b b"}),
            coded("Could not save user identity", "error-could-not-save-identity", none),
        ),
    ] {
        assert_eq!(update_own(&ada, data.clone()).await.expect(400), expected, "{data}");
    }
}

#[tokio::test]
async fn a_new_address_or_password_needs_the_current_password() {
    let server = TestServer::start().await;
    server.pass(DAY);
    let ada = server.user().await;
    let details = json!({"method": "password", "codeGenerated": false, "availableMethods": ["password"]});
    for data in [
        json!({"newPassword": "another horse"}),
        json!({"email": "ada@example.org"}),
    ] {
        let refused = update_own(&ada, data.clone()).await.expect(400);
        assert_eq!(
            refused,
            coded("TOTP Required", "totp-required", details.clone()),
            "{data}"
        );
        let mut wrong = data.clone();
        wrong["currentPassword"] = json!("0".repeat(64));
        let refused = update_own(&ada, wrong).await.expect(400);
        assert_eq!(
            refused,
            coded("Invalid password", "error-invalid-password", Value::Null)
        );
    }
    // What is not about getting in needs none, nor does the address one has.
    update_own(&ada, json!({"bio": "x", "email": "ada@example.com"}))
        .await
        .expect(200);
    let data = json!({"email": "ada@example.org", "currentPassword": PASSWORD_DIGEST});
    let answer = update_own(&ada, data).await.expect(200);
    assert_eq!(
        answer["user"]["emails"],
        json!([{"address": "ada@example.org", "verified": false}])
    );
}

#[tokio::test]
async fn one_may_delete_ones_own_account_where_that_is_allowed() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::AllowDeleteOwnAccount, SettingValue::Flag(true))]);
    })
    .await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let wrong = json!({"password": "0".repeat(64)});
    assert_eq!(
        ada.post("users.deleteOwnAccount", &wrong).await.expect(400),
        coded("Invalid password", "error-invalid-password", Value::Null)
    );
    let right = json!({"password": PASSWORD_DIGEST});
    let refused = admin.post("users.deleteOwnAccount", &right).await.expect(400);
    assert_eq!(refused["details"]["action"], "Remove_last_admin");
    ada.post("users.deleteOwnAccount", &right).await.expect(200);
    ada.get("me").await.expect(401);
    let gone = json!({"user": "ada", "password": PASSWORD});
    server.anonymous().post("login", &gone).await.expect(401);

    let closed = TestServer::start().await;
    let refused = closed
        .user()
        .await
        .post("users.deleteOwnAccount", &right)
        .await
        .expect(400);
    assert_eq!(
        refused,
        coded(
            "Not allowed",
            "error-not-allowed",
            json!({"method": "deleteUserOwnAccount"})
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_renames_to_one_name_one_is_made() {
    let server = TestServer::start().await;
    for number in 0..16 {
        server.command(create_user(&format!("user{number}"))).await;
    }
    let admin = server.admin().await;
    let mut racers = tokio::task::JoinSet::new();
    for number in 0..16 {
        let (admin, found) = (
            admin.clone(),
            admin.get(&format!("users.info?username=user{number}")).await,
        );
        let id = found.expect(200)["user"]["_id"].as_str().expect("an id").to_owned();
        racers.spawn(async move { update(&admin, &id, json!({"username": "Winner"})).await.status });
    }
    let mut outcomes = racers.join_all().await;
    outcomes.sort_unstable();
    assert_eq!(outcomes, [&[200][..], &[400; 15]].concat());
}
