//! Limits between users who administer.

use rollcall::auth::TokenSecret;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{MINUTE, PASSWORD, PASSWORD_DIGEST, UNLIMITED, create_user, fix};
use crate::support::{Answer, Client, Socket, TestServer};

/// Gives a new role with these permissions to a user, and returns the id of the role.
pub async fn give(admin: &Client, username: &str, permissions: &[&str]) -> String {
    let name = format!("role of {username}");
    let role = admin.post("roles.create", &json!({"name": name})).await.expect(200);
    let role = role["role"]["_id"].as_str().expect("an id").to_owned();
    let all = admin.get("permissions.listAll").await.expect(200);
    let with = |permission: &&Value| permissions.iter().any(|id| permission["_id"] == *id);
    let grants: Vec<_> = all["update"].as_array().expect("a list").iter().filter(with).collect();
    let grants = grants.iter().map(|grant| {
        let mut roles = grant["roles"].as_array().expect("roles").clone();
        roles.push(json!(role));
        json!({"_id": grant["_id"], "roles": roles})
    });
    let grants = json!({"permissions": grants.collect::<Vec<_>>()});
    admin.post("permissions.update", &grants).await.expect(200);
    let give = json!({"roleId": role, "username": username});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    role
}

fn beyond(answer: &Answer, case: &str) {
    let refused = answer.expect(403);
    assert_eq!(refused["errorType"], "error-action-not-allowed", "{case}: {refused}");
    assert!(refused["details"]["permission"].is_string(), "{case}: {refused}");
}

/// What each administrative permission does to a user.
fn acts(id: &str, username: &str) -> Vec<(&'static str, &'static str, Value)> {
    let update = |data: Value| json!({"userId": id, "data": data});
    let user = || json!({"userId": id});
    vec![
        ("edit-other-user-password", "users.createPasswordResetLink", user()),
        ("edit-other-user-totp", "users.resetTOTP", user()),
        (
            "edit-other-user-info",
            "users.update",
            update(json!({"email": format!("x{username}@example.com")})),
        ),
        (
            "edit-other-user-info",
            "users.update",
            update(json!({"verified": true})),
        ),
        (
            "edit-other-user-info",
            "users.update",
            update(json!({"name": "Renamed"})),
        ),
        (
            "edit-other-user-active-status",
            "users.setActiveStatus",
            json!({"userId": id, "activeStatus": false}),
        ),
        (
            "edit-other-user-active-status",
            "users.setActiveStatus",
            json!({"userId": id, "activeStatus": true}),
        ),
        ("edit-other-user-active-status", "users.unlock", user()),
        (
            "user-generate-access-token",
            "users.createToken",
            json!({"userId": id, "secret": "open sesame"}),
        ),
        ("logout-other-user", "users.logout", user()),
        (
            "access-permissions",
            "roles.addUserToRole",
            json!({"roleId": "guest", "username": username}),
        ),
        (
            "access-permissions",
            "roles.removeUserFromRole",
            json!({"roleId": "guest", "username": username}),
        ),
        ("delete-user", "users.delete", user()),
    ]
}

const HELP_DESK: [&str; 9] = [
    "edit-other-user-password",
    "edit-other-user-totp",
    "edit-other-user-info",
    "edit-other-user-active-status",
    "user-generate-access-token",
    "logout-other-user",
    "access-permissions",
    "assign-roles",
    "delete-user",
];

async fn server_with_help_desk(permissions: &[&str]) -> (TestServer, Client, Client) {
    let server = TestServer::start_with(|options| {
        fix(options, &[UNLIMITED]);
        options.fixed.create_tokens_secret = Some(TokenSecret::presented("open sesame"));
    })
    .await;
    server.command(create_user("desk")).await;
    let admin = server.admin().await;
    give(&admin, "desk", permissions).await;
    // Guests may do nothing that the help desk may not.
    let desk = server.logged_in("desk").await;
    (server, admin, desk)
}

#[tokio::test]
async fn a_help_desk_acts_on_ordinary_users_and_not_on_administrators() {
    let (server, admin, desk) = server_with_help_desk(&HELP_DESK).await;
    let ada = server.user().await;
    for (permission, endpoint, body) in acts(admin.id(), "admin") {
        beyond(
            &desk.post_proved(endpoint, &body).await,
            &format!("{permission}: {endpoint} {body}"),
        );
    }
    for (permission, endpoint, body) in acts(ada.id(), "ada") {
        let answer = desk.post_proved(endpoint, &body).await;
        assert_eq!(answer.status, 200, "{permission}: {endpoint}: {answer:?}");
    }
    // The administrator is as before.
    assert_eq!(
        admin.get("me").await.expect(200)["emails"][0]["address"],
        "admin@example.com"
    );
    // The same over a socket.
    let mut socket = Socket::of(&desk).await;
    for (method, params) in [
        ("setUserActiveStatus", json!([admin.id(), false])),
        ("deleteUser", json!([admin.id()])),
        ("authorization:addUserToRole", json!(["guest", "admin"])),
        ("authorization:removeUserFromRole", json!(["admin", "admin"])),
    ] {
        let refused = socket.error(method, params).await;
        assert_eq!(refused["error"], "error-action-not-allowed", "{method}: {refused}");
    }
    admin.get("me").await.expect(200);
}

#[tokio::test]
async fn each_permission_alone_does_not_reach_a_user_who_has_another_one() {
    for permission in HELP_DESK {
        let (server, admin, desk) = server_with_help_desk(&[permission]).await;
        server.command(create_user("auditor")).await;
        give(&admin, "auditor", &["view-audit"]).await;
        let auditor = server.logged_in("auditor").await;
        for (needed, endpoint, body) in acts(auditor.id(), "auditor") {
            let answer = desk.post_proved(endpoint, &body).await;
            if needed == permission && permission != "access-permissions" {
                beyond(&answer, &format!("{permission}: {endpoint} {body}"));
            } else {
                assert!(answer.status >= 400, "{permission}: {endpoint}: {answer:?}");
            }
        }
        auditor.get("me").await.expect(200);
    }
}

#[tokio::test]
async fn no_one_grants_or_takes_a_permission_that_they_lack() {
    let permissions = [
        "access-permissions",
        "assign-roles",
        "create-user",
        "edit-privileged-setting",
    ];
    let (server, admin, desk) = server_with_help_desk(&permissions).await;
    server.command(create_user("auditor")).await;
    let strong = give(&admin, "auditor", &["view-audit"]).await;
    let grant = |id: &str, roles: Value| json!({"permissions": [{"_id": id, "roles": roles}]});
    let own = admin.get("users.info?username=desk").await.expect(200)["user"]["roles"].clone();
    let own = own
        .as_array()
        .expect("roles")
        .iter()
        .find(|role| **role != "user")
        .expect("a role")
        .clone();
    for (endpoint, body) in [
        ("permissions.update", grant("assign-admin-role", json!(["admin", own]))),
        ("permissions.update", grant("view-audit", json!(["admin", strong, own]))),
        // Taking is a change of the permissions of a user who has more.
        ("permissions.update", grant("view-audit", json!(["admin"]))),
        ("permissions.update", grant("assign-roles", json!([own]))),
        (
            "permissions.update",
            grant("assign-roles", json!(["admin", own, strong])),
        ),
        ("roles.addUserToRole", json!({"roleId": strong, "username": "desk"})),
        ("roles.addUserToRole", json!({"roleId": strong, "username": "ada"})),
        (
            "roles.update",
            json!({"roleId": strong, "name": "weak", "mandatory2fa": true}),
        ),
        (
            "settings/Accounts_Registration_Users_Default_Roles",
            json!({"value": format!("user,{strong}")}),
        ),
        (
            "settings/Accounts_TwoFactorAuthentication_Enabled",
            json!({"value": false}),
        ),
        ("settings/Block_Multiple_Failed_Logins_Enabled", json!({"value": false})),
        ("settings/Site_Url", json!({"value": "https://evil.example"})),
        (
            "users.create",
            json!({"email": "n@example.com", "name": "N", "username": "new", "password": PASSWORD, "roles": [strong]}),
        ),
    ] {
        beyond(&desk.post_proved(endpoint, &body).await, &format!("{endpoint} {body}"));
    }
    // What they have, they give; and a setting that refuses every user, they change.
    for (endpoint, body) in [
        (
            "permissions.update",
            grant("create-user", json!(["admin", own, "guest"])),
        ),
        ("roles.create", json!({"name": "night"})),
        ("roles.addUserToRole", json!({"roleId": "guest", "username": "ada"})),
        ("settings/Site_Name", json!({"value": "Harbour"})),
        (
            "users.create",
            json!({"email": "n@example.com", "name": "N", "username": "new", "password": PASSWORD}),
        ),
    ] {
        let answer = desk.post_proved(endpoint, &body).await;
        assert_eq!(answer.status, 200, "{endpoint} {body}: {answer:?}");
    }
}

#[tokio::test]
async fn acts_on_others_and_on_rights_ask_for_the_second_factor() {
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    server.pass(31 * MINUTE);
    let rights = [
        ("roles.create", json!({"name": "night"})),
        ("roles.update", json!({"roleId": "x", "name": "night"})),
        ("roles.delete", json!({"roleId": "x"})),
        ("permissions.update", json!({"permissions": []})),
        ("settings/Site_Name", json!({"value": "Harbour"})),
        ("users.deactivateIdle", json!({"daysIdle": 1000})),
        ("users.setPreferences", json!({"userId": ada.id(), "data": {}})),
        ("users.resetAvatar", json!({"userId": ada.id()})),
        ("users.setStatus", json!({"userId": ada.id(), "status": "busy"})),
        ("users.setStatus", json!({"username": "ada", "message": "away"})),
        ("status.end", json!({"user": "ada"})),
    ];
    let on_ada = acts(ada.id(), "ada")
        .into_iter()
        .map(|(_, endpoint, body)| (endpoint, body));
    for (endpoint, body) in rights.into_iter().chain(on_ada) {
        let refused = admin.post(endpoint, &body).await.expect(400);
        assert_eq!(refused["errorType"], "totp-required", "{endpoint} {body}");
    }
    let mut socket = Socket::of(&admin).await;
    for (method, params) in [
        ("setUserActiveStatus", json!([ada.id(), false])),
        ("deleteUser", json!([ada.id()])),
        ("authorization:addUserToRole", json!(["guest", "ada"])),
        ("authorization:removeUserFromRole", json!(["guest", "ada"])),
        ("resetAvatar", json!([ada.id()])),
    ] {
        assert_eq!(socket.error(method, params).await["error"], "totp-required", "{method}");
    }
    ada.get("me").await.expect(200);
    // The administrator's own account needs none, and one proof serves for a while.
    let own = json!({"userId": admin.id(), "status": "busy"});
    admin.post("users.setStatus", &own).await.expect(200);
    let busy = json!({"userId": ada.id(), "status": "busy"});
    admin.post_proved("users.setStatus", &busy).await.expect(200);
    admin.post("users.setStatus", &busy).await.expect(200);
}

/// Endpoints that take the name of a user and act on no account that is there.
const ACT_ON_NO_ACCOUNT: [&str; 1] = ["/api/v1/users.create"];

#[tokio::test]
async fn every_endpoint_that_names_a_user_asks_for_a_confirmation() {
    let server = TestServer::start().await;
    let document = server.anonymous().get("openapi.json").await.expect(200);
    let mut acts = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let operation = &operations["post"];
        if !operation["security"].is_array() || ACT_ON_NO_ACCOUNT.contains(&path.as_str()) {
            continue;
        }
        let bodies = operation["requestBody"]["content"].as_object().expect("bodies");
        let names_a_user = bodies.values().any(|body| {
            let mut schema = &body["schema"];
            while let Some(reference) = schema["$ref"].as_str() {
                let pointer = reference.strip_prefix('#').expect("a reference inside");
                schema = document.pointer(pointer).expect("a schema");
            }
            ["userId", "username", "user"]
                .iter()
                .any(|field| !schema["properties"][field].is_null())
        });
        if names_a_user {
            assert_eq!(operation["x-two-factor"], true, "{path}");
            acts += 1;
        }
    }
    assert!(acts >= 10, "{acts} endpoints name a user");
}

#[tokio::test]
async fn a_setting_binds_every_road_to_the_change_of_ones_own_profile() {
    let closed = (SettingId::AllowUserProfileChange, SettingValue::Flag(false));
    let server = TestServer::start_with(|options| fix(options, &[closed])).await;
    for client in [server.user().await, server.admin().await] {
        for data in [
            json!({"bio": "x"}),
            json!({"name": "Other"}),
            json!({"email": "o@example.org"}),
            json!({"username": "other"}),
            json!({"password": "another horse"}),
        ] {
            let body = json!({"userId": client.id(), "data": data});
            let refused = client.post_proved("users.update", &body).await.expect(400);
            assert_eq!(refused["errorType"], "error-not-allowed", "{data}");
        }
        let own = json!({"data": {"bio": "x", "currentPassword": PASSWORD_DIGEST}});
        let refused = client.post("users.updateOwnBasicInfo", &own).await.expect(400);
        assert_eq!(refused["errorType"], "error-not-allowed");
        let refused = Socket::of(&client)
            .await
            .error("saveUserProfile", json!([{"bio": "x"}, {}]))
            .await;
        assert_eq!(refused["error"], "error-not-allowed");
    }
}

#[tokio::test]
async fn allowed_domains_bind_every_road_to_an_address() {
    let domains = (SettingId::AllowedDomains, SettingValue::Text("corp.example".into()));
    let server = TestServer::start_with(|options| fix(options, &[domains])).await;
    let ada = server.user().await;
    let evil = json!("ada@evil.example");
    let own = json!({"data": {"email": evil, "currentPassword": PASSWORD_DIGEST}});
    let update = json!({"userId": ada.id(), "data": {"email": evil}});
    for answer in [
        ada.post("users.updateOwnBasicInfo", &own).await,
        ada.post_proved("users.update", &update).await,
    ] {
        assert_eq!(answer.expect(400)["errorType"], "error-invalid-domain");
    }
    let profile = json!([{"email": evil, "typedPassword": PASSWORD_DIGEST}, {}]);
    let refused = Socket::of(&ada).await.error("saveUserProfile", profile).await;
    assert_eq!(refused["error"], "error-invalid-domain");
    let allowed = json!({"data": {"email": "ada@corp.example", "currentPassword": PASSWORD_DIGEST}});
    ada.post("users.updateOwnBasicInfo", &allowed).await.expect(200);
}
