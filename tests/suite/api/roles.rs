//! Roles, and who has them.

use serde_json::{Value, json};

use crate::support::errors::coded;
use crate::support::{Client, TestServer};

async fn create(admin: &Client, name: &str) -> String {
    let body = admin.post("roles.create", &json!({"name": name})).await.expect(200);
    body["role"]["_id"].as_str().expect("an id").to_owned()
}

fn error(words: &str, code: &str) -> Value {
    coded(words, code, Value::Null)
}

#[tokio::test]
async fn everybody_sees_the_built_in_roles() {
    let server = TestServer::start().await;
    let body = server.user().await.get("roles.list").await.expect(200);
    let roles = body["roles"].as_array().expect("a list");
    let mut ids: Vec<_> = roles.iter().map(|role| role["_id"].as_str().expect("an id")).collect();
    ids.sort_unstable();
    let expected = [
        "admin",
        "anonymous",
        "app",
        "bot",
        "guest",
        "leader",
        "moderator",
        "owner",
        "user",
    ];
    assert_eq!(ids, expected);
    let admin = roles.iter().find(|role| role["_id"] == "admin").expect("admin");
    assert_eq!(
        (
            &admin["name"],
            &admin["description"],
            &admin["protected"],
            &admin["scope"]
        ),
        (&json!("admin"), &json!("Admin"), &json!(true), &json!("Users"))
    );
    for role in roles {
        let id = role["_id"].as_str().expect("an id");
        let scope = if ["leader", "moderator", "owner"].contains(&id) {
            "Subscriptions"
        } else {
            "Users"
        };
        assert_eq!(role["scope"], scope, "{id}");
    }
}

#[tokio::test]
async fn a_role_lives_from_creation_to_deletion() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let wanted = json!({"name": "Greeter", "description": "Says hello", "scope": "Users", "mandatory2fa": false});
    let role = admin.post("roles.create", &wanted).await.expect(200)["role"].clone();
    assert_eq!(
        (&role["name"], &role["description"], &role["protected"]),
        (&json!("Greeter"), &json!("Says hello"), &json!(false))
    );
    let changed = json!({"roleId": role["_id"], "name": "Host", "description": "Says hello first"});
    let body = admin.post("roles.update", &changed).await.expect(200);
    assert_eq!(body["role"]["name"], "Host");
    let give = json!({"roleName": "Host", "username": "ada"});
    let body = admin.post("roles.addUserToRole", &give).await.expect(200);
    assert_eq!(body["role"]["_id"], role["_id"]);
    let holders = admin.get("roles.getUsersInRole?role=Host").await.expect(200);
    assert_eq!(
        (&holders["total"], &holders["users"][0]["username"]),
        (&json!(1), &json!("ada"))
    );
    let id = json!({"roleId": role["_id"]});
    let in_use = error("Cannot delete role because it's in use", "error-role-in-use");
    assert_eq!(admin.post("roles.delete", &id).await.expect(400), in_use);
    admin.post("roles.removeUserFromRole", &give).await.expect(200);
    let default = "settings/Accounts_Registration_Users_Default_Roles";
    let named = json!({"value": format!("user,{}", role["_id"].as_str().expect("an id"))});
    admin.post(default, &named).await.expect(200);
    assert_eq!(
        admin.post("roles.delete", &id).await.expect(400),
        in_use,
        "new users would have it"
    );
    admin.post(default, &json!({"value": "user"})).await.expect(200);
    admin.post("roles.delete", &id).await.expect(200);
    let gone = error("This role does not exist", "error-invalid-roleId");
    assert_eq!(admin.post("roles.delete", &id).await.expect(400), gone);
    assert_eq!(admin.get("roles.getUsersInRole?role=Host").await.expect(400), gone);
}

#[tokio::test]
async fn a_role_carries_the_permissions_that_are_granted_to_it_at_once() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let role = create(&admin, "Keeper of statuses").await;
    let grant = json!({"permissions": [{"_id": "manage-user-status", "roles": ["admin", role]}]});
    admin.post("permissions.update", &grant).await.expect(200);
    ada.create_status("caught up", "busy").await.expect(400);
    let give = json!({"roleId": role, "username": "ada"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    ada.create_status("caught up", "busy").await.expect(200);
    admin.post("roles.removeUserFromRole", &give).await.expect(200);
    ada.create_status("one more", "busy").await.expect(400);
    // A deleted role is in no grant any more.
    admin.post("roles.delete", &json!({"roleId": role})).await.expect(200);
    let all = admin.get("permissions.listAll").await.expect(200);
    assert!(!all.to_string().contains(&role));
}

#[tokio::test]
async fn names_are_unique_and_built_in_roles_stay() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let id = create(&admin, "Greeter").await;
    let other = create(&admin, "Host").await;
    let taken = error("Role name already exists", "error-duplicate-role-names-not-allowed");
    for name in ["Greeter", " Greeter", "admin"] {
        let body = json!({"name": name});
        assert_eq!(admin.post("roles.create", &body).await.expect(400), taken, "{name}");
    }
    let body = json!({"roleId": other, "name": "Greeter"});
    assert_eq!(admin.post("roles.update", &body).await.expect(400), taken);
    let same = json!({"roleId": id, "name": "Greeter", "description": "Says hello"});
    admin.post("roles.update", &same).await.expect(200);
    let protected = error("Cannot change or delete a protected role", "error-role-protected");
    let rename = json!({"roleId": "admin", "name": "boss"});
    assert_eq!(admin.post("roles.update", &rename).await.expect(400), protected);
    let delete = json!({"roleId": "user"});
    assert_eq!(admin.post("roles.delete", &delete).await.expect(400), protected);
    for name in ["", " ", "<b>", &"x".repeat(121)] {
        let body = admin.post("roles.create", &json!({"name": name})).await.expect(400);
        assert_eq!(body["errorType"], "error-invalid-role-name", "{name}");
    }
}

#[tokio::test]
async fn giving_and_taking_say_what_is_wrong() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let unknown = error("This role does not exist", "error-invalid-roleId");
    let nobody = "The required \"userId\" or \"username\" param provided does not match any users";
    let nobody = error(nobody, "error-invalid-user");
    let already = error("User already in role", "error-user-already-in-role");
    let not_in = error("User is not in this role", "error-user-not-in-role");
    for (endpoint, body, expected) in [
        (
            "roles.addUserToRole",
            json!({"roleId": "none", "username": "ada"}),
            unknown,
        ),
        (
            "roles.addUserToRole",
            json!({"roleId": "bot", "username": "nobody"}),
            nobody,
        ),
        (
            "roles.addUserToRole",
            json!({"roleId": "user", "username": "ada"}),
            already,
        ),
        (
            "roles.removeUserFromRole",
            json!({"roleId": "bot", "username": "ada"}),
            not_in,
        ),
        (
            "roles.removeUserFromRole",
            json!({"roleId": "bot", "username": "nobody"}),
            error("There is no user with this username", "error-invalid-user"),
        ),
    ] {
        assert_eq!(admin.post(endpoint, &body).await.expect(400), expected, "{body}");
    }
    let unnamed = admin.post("roles.addUserToRole", &json!({"username": "ada"})).await;
    assert_eq!(unnamed.expect(400)["errorType"], "invalid-params");
}

#[tokio::test]
async fn a_role_is_never_given_or_taken_more_widely_than_asked() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let refused = |field: &str| {
        let words = "this server has no rooms, and without one the right would count on the whole server: \
                     send no FIELD if you want that";
        coded(
            &words.replace("FIELD", field),
            "invalid-params",
            json!({"field": field}),
        )
    };
    let roles_of_ada = async || admin.get("users.info?username=ada").await.expect(200)["user"]["roles"].clone();
    let before = roles_of_ada().await;
    for field in ["roomId", "scope"] {
        for (endpoint, role) in [
            ("roles.addUserToRole", "moderator"),
            ("roles.removeUserFromRole", "user"),
        ] {
            let body = json!({"roleName": role, "username": "ada", field: "GENERAL"});
            assert_eq!(
                admin.post(endpoint, &body).await.expect(400),
                refused(field),
                "{endpoint}"
            );
        }
    }
    for (method, role) in [
        ("authorization:addUserToRole", "moderator"),
        ("authorization:removeUserFromRole", "user"),
    ] {
        let params = json!([role, "ada", "GENERAL"]);
        let message = json!({"msg": "method", "id": "1", "method": method, "params": params}).to_string();
        let answer = admin
            .post("method.call/x", &json!({"message": message}))
            .await
            .expect(400);
        let message: Value = serde_json::from_str(answer["message"].as_str().expect("a text")).expect("JSON");
        assert_eq!(message["error"]["error"], "invalid-params", "{method}");
    }
    let in_room = admin.get("roles.getUsersInRole?role=user&roomId=GENERAL").await;
    assert_eq!(in_room.expect(400), refused("roomId"));
    // Nor does a new role count in rooms only.
    let body = json!({"name": "Host", "scope": "Subscriptions"});
    assert_eq!(admin.post("roles.create", &body).await.expect(400), refused("scope"));
    let id = create(&admin, "Greeter").await;
    let body = json!({"roleId": id, "name": "Greeter", "scope": "Subscriptions"});
    assert_eq!(admin.post("roles.update", &body).await.expect(400), refused("scope"));
    assert_eq!(roles_of_ada().await, before);
    // An empty text names no room.
    let body = json!({"roleName": "moderator", "username": "ada", "roomId": ""});
    admin.post("roles.addUserToRole", &body).await.expect(200);
}

#[tokio::test]
async fn the_last_active_administrator_keeps_the_role() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let demote = |username: &str| json!({"roleName": "admin", "username": username});
    let details = json!({"method": "authorization:removeUserFromRole"});
    let needed = coded("You need to have at least one admin", "error-admin-required", details);
    let own = demote("admin");
    assert_eq!(admin.post("roles.removeUserFromRole", &own).await.expect(400), needed);
    admin.post("roles.addUserToRole", &demote("ada")).await.expect(200);
    // One who is switched off does not count.
    let id = server.user().await.id().to_owned();
    let off = json!({"userId": id, "activeStatus": false});
    admin.post("users.setActiveStatus", &off).await.expect(200);
    assert_eq!(admin.post("roles.removeUserFromRole", &own).await.expect(400), needed);
    let on = json!({"userId": id, "activeStatus": true});
    admin.post("users.setActiveStatus", &on).await.expect(200);
    admin.post("roles.removeUserFromRole", &own).await.expect(200);
    admin.get("roles.getUsersInRole?role=admin").await.expect(403);
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_leave_one() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let give = json!({"roleName": "admin", "username": "ada"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    let ada = server.user().await;
    let (demote_ada, demote_admin) = (give, json!({"roleName": "admin", "username": "admin"}));
    let (one, other) = tokio::join!(
        admin.post("roles.removeUserFromRole", &demote_ada),
        ada.post("roles.removeUserFromRole", &demote_admin),
    );
    let mut outcomes = [one.status, other.status];
    outcomes.sort_unstable();
    // The loser is refused as the last administrator, or as a user without the permission.
    assert!(outcomes == [200, 400] || outcomes == [200, 403], "{outcomes:?}");
}

#[tokio::test]
async fn only_who_may_assign_administrators_does() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let roles = ["admin", "user"];
    let grant = json!({"permissions": [
        {"_id": "access-permissions", "roles": roles}, {"_id": "assign-roles", "roles": roles}
    ]});
    admin.post("permissions.update", &grant).await.expect(200);
    let give = json!({"roleName": "admin", "username": "ada"});
    let refused = ada.post("roles.addUserToRole", &give).await.expect(400);
    assert_eq!(refused["errorType"], "error-action-not-allowed");
    // Bots have a permission that ada lacks, guests have none.
    let bot = json!({"roleName": "bot", "username": "ada"});
    let refused = ada.post("roles.addUserToRole", &bot).await.expect(403);
    assert_eq!(refused["details"]["permission"], "api-bypass-rate-limit");
    let guest = json!({"roleName": "guest", "username": "ada"});
    ada.post("roles.addUserToRole", &guest).await.expect(200);
}
