//! Methods over a socket: the same table as over HTTP.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{BEGINNING, DAY, PASSWORD_DIGEST, create_user, fix};
use crate::support::{Socket, TestServer};

#[tokio::test]
async fn every_method_that_anybody_may_call_unseen_is_answered_over_both_faces_alike() {
    let server = TestServer::start_with(|options| {
        let off = |id| (id, SettingValue::Flag(false));
        fix(
            options,
            &[
                off(SettingId::MethodPerUserEnabled),
                off(SettingId::MethodPerSocketEnabled),
            ],
        );
    })
    .await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    for method in rollcall::methods::names() {
        // These answer for the socket that they come over, or change who is logged in.
        if method.starts_with("UserPresence:") || ["login", "logout", "2fa:enable"].contains(&method) {
            continue;
        }
        let params = json!([]);
        let text = json!({"msg": "method", "id": "x", "method": method, "params": params}).to_string();
        let path = format!("method.call/{}", method.replace(':', "%3A").replace('/', "%2F"));
        let over_http = ada.post(&path, &json!({"message": text})).await.json();
        let over_http: Value = serde_json::from_str(over_http["message"].as_str().expect("a message")).expect("JSON");
        let over_socket = socket.call(method, params).await;
        for part in ["result", "error"] {
            assert_eq!(over_http.get(part), over_socket.get(part), "{method}");
        }
    }
}

#[tokio::test]
async fn a_status_is_set_and_read() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    let set = socket.call("setUserStatus", json!(["busy", "in a call"])).await;
    assert_eq!(set.get("result"), None, "nothing is no result");
    let text = socket.result("getUserStatusText", json!([ada.id()])).await;
    assert_eq!(text, "in a call");
    // A status of the past ends in no time; one may be declared without words.
    assert_eq!(
        socket.result("UserPresence:setDefaultStatus", json!(["away"])).await,
        json!(true)
    );
    let body = ada.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&body["status"], &body["message"]),
        (&json!("away"), &json!("in a call"))
    );
    let wrong = socket.error("UserPresence:setDefaultStatus", json!(["here"])).await;
    assert_eq!(wrong["error"], "error-invalid-status");
}

#[tokio::test]
async fn an_unknown_method_and_wrong_parameters_are_refused() {
    let server = TestServer::start().await;
    let mut socket = Socket::of(&server.user().await).await;
    let unknown = socket.error("fly", json!([])).await;
    let expected = json!({
        "isClientSafe": true, "error": 404, "reason": "Method 'fly' not found",
        "message": "Method 'fly' not found [404]", "errorType": "Meteor.Error",
    });
    assert_eq!(unknown, expected);
    for (method, params) in [
        ("setUserStatus", json!([5])),
        ("getUserStatusText", json!([])),
        ("deleteCustomUserStatus", json!([{}])),
        ("setUserActiveStatus", json!(["x", "yes"])),
        ("personalAccessTokens:generateToken", json!([{}, Socket::proof()])),
        ("saveUserProfile", json!(["x"])),
    ] {
        let refused = socket.error(method, params).await;
        assert_eq!(
            (&refused["error"], &refused["reason"]),
            (&json!(400), &json!("Match failed")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_socket_has_limits_of_its_own_and_others_are_not_slowed_by_it() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::MethodsPerSocket, SettingValue::Number(15))]);
    })
    .await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    for _ in 0..10 {
        socket.result("listCustomUserStatus", json!([])).await;
    }
    let refused = socket.error("listCustomUserStatus", json!([])).await;
    assert_eq!(refused["error"], "too-many-requests");
    assert!(refused["details"]["timeToReset"].as_u64() > Some(0), "{refused}");
    assert!(
        refused["message"]
            .as_str()
            .expect("a text")
            .ends_with(" [too-many-requests]")
    );
    // Another socket of the same user goes on, up to what the user has.
    let mut other = Socket::of(&ada).await;
    other.result("listCustomUserStatus", json!([])).await;
    // All methods together have a limit as well.
    for _ in 0..4 {
        socket.result("rooms/get", json!([])).await;
    }
    assert_eq!(
        socket.error("permissions/get", json!([])).await["error"],
        "too-many-requests"
    );
    // The administrator has none.
    let mut admin = Socket::of(&server.admin().await).await;
    for _ in 0..30 {
        admin.result("listCustomUserStatus", json!([])).await;
    }
}

#[tokio::test]
async fn many_who_share_an_address_log_in_at_once() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(Socket::of(&ada).await);
    }
    let status = ada.get("users.getStatus").await.expect(200);
    assert_eq!(status["connectionStatus"], "online");
}

#[tokio::test]
async fn what_asks_for_a_second_factor_takes_it_as_the_last_parameter() {
    let server = TestServer::start().await;
    server.pass(DAY);
    let mut socket = Socket::of(&server.admin().await).await;
    let wanted = json!({"tokenName": "lamp", "bypassTwoFactor": true});
    let method = "personalAccessTokens:generateToken";
    let refused = socket.error(method, json!([wanted])).await;
    assert_eq!(
        (&refused["error"], &refused["details"]),
        (
            &json!("totp-required"),
            &json!({"method": "password", "codeGenerated": false, "availableMethods": ["password"]})
        )
    );
    let wrong = json!({"twoFactorCode": "0".repeat(64), "twoFactorMethod": "password"});
    assert_eq!(
        socket.error(method, json!([wanted, wrong])).await["error"],
        "totp-invalid"
    );
    let right = json!({"twoFactorCode": PASSWORD_DIGEST, "twoFactorMethod": "password"});
    let token = socket.result(method, json!([wanted, right])).await;
    assert_eq!(token.as_str().expect("a token").len(), 43);
    let again = socket.error(method, json!([wanted, right])).await;
    assert_eq!(again["error"], "error-token-already-exists");
    let name = json!([{"tokenName": "lamp"}]);
    let second = socket
        .result(
            "personalAccessTokens:regenerateToken",
            json!([{"tokenName": "lamp"}, right]),
        )
        .await;
    assert_ne!(second, token);
    socket.call("personalAccessTokens:removeToken", name.clone()).await;
    let gone = socket.error("personalAccessTokens:removeToken", name).await;
    assert_eq!(gone["error"], "error-token-does-not-exists");
}

#[tokio::test]
async fn clients_are_told_what_they_ask_for_when_they_start() {
    let server = TestServer::start().await;
    let mut socket = Socket::of(&server.user().await).await;
    for method in ["rooms/get", "subscriptions/get"] {
        assert_eq!(socket.result(method, json!([])).await, json!([]));
        let changes = json!({"update": [], "remove": []});
        assert_eq!(socket.result(method, json!([{"$date": BEGINNING}])).await, changes);
    }
    let settings = socket.result("public-settings/get", json!([])).await;
    let settings = settings.as_array().expect("a list");
    assert!(settings.contains(&json!({"_id": "Site_Name", "value": "Rollcall", "enterprise": false})));
    assert!(settings.iter().all(|setting| setting["_id"] != "API_Default_Count"));
    let permissions = socket.result("permissions/get", json!([])).await;
    let manage = permissions
        .as_array()
        .expect("a list")
        .iter()
        .find(|permission| permission["_id"] == "manage-user-status");
    assert_eq!(manage.expect("the permission")["roles"], json!(["admin"]));
}

#[tokio::test]
async fn accounts_and_roles_are_administered() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let bob = server.logged_in("bob").await;
    let mut ada = Socket::of(&server.user().await).await;
    let mut admin = Socket::of(&server.admin().await).await;
    for (method, params) in [
        ("setUserActiveStatus", json!([bob.id(), false])),
        ("deleteUser", json!([bob.id()])),
        ("authorization:addUserToRole", json!(["guest", "bob", null])),
    ] {
        ada.error(method, params).await;
    }
    assert_eq!(
        admin
            .result("authorization:addUserToRole", json!(["guest", "bob"]))
            .await,
        json!(true)
    );
    let me = bob.get("me").await.expect(200);
    assert_eq!(me["roles"], json!(["guest", "user"]));
    admin
        .result("authorization:removeUserFromRole", json!(["guest", "bob"]))
        .await;
    assert_eq!(
        admin.result("setUserActiveStatus", json!([bob.id(), false])).await,
        json!(true)
    );
    bob.get("me").await.expect(401);
    admin.result("setUserActiveStatus", json!([bob.id(), true])).await;
    let deleted = admin.result("deleteUser", json!([bob.id()])).await;
    assert_eq!(deleted, json!({"deletedRooms": []}));
}

#[tokio::test]
async fn users_manage_their_other_logins_preferences_and_names() {
    let server = TestServer::start().await;
    let (ada, other) = (server.user().await, server.user().await);
    let mut socket = Socket::of(&ada).await;
    let kept = socket.result("logoutOtherClients", json!([])).await;
    assert_eq!(
        kept,
        json!({"token": ada.token(), "tokenExpires": {"$date": BEGINNING + 90 * DAY}})
    );
    other.get("me").await.expect(401);
    let third = server.user().await;
    socket.call("removeOtherTokens", json!([])).await;
    third.get("me").await.expect(401);
    let saved = socket
        .result("saveUserPreferences", json!([{"idleTimeLimit": 120}]))
        .await;
    assert_eq!(saved, json!(true));
    let preferences = ada.get("users.getPreferences").await.expect(200);
    assert_eq!(preferences["preferences"]["idleTimeLimit"], 120);
    let low = socket.error("saveUserPreferences", json!([{"idleTimeLimit": 1}])).await;
    assert_eq!(low["error"], "invalid-idle-time-limit-value");
    assert_eq!(socket.result("getUsernameSuggestion", json!([])).await, "ada");
    assert_eq!(socket.call("resetAvatar", json!([])).await.get("error"), None);
}

#[tokio::test]
async fn an_error_names_the_method_that_was_called() {
    let server = TestServer::start_with(|options| {
        let pictures = (SettingId::AllowUserAvatarChange, SettingValue::Flag(false));
        let off = |id| (id, SettingValue::Flag(false));
        fix(options, &[pictures, off(SettingId::MethodPerSocketEnabled)]);
    })
    .await;
    let mut anonymous = Socket::connected(server.address).await;
    let mut refused_as_anonymous = Vec::new();
    for method in rollcall::methods::names() {
        let answer = anonymous.call(method, json!([])).await;
        if answer["error"]["error"] == "error-not-allowed" {
            assert_eq!(answer["error"]["details"], json!({"method": method}));
            refused_as_anonymous.push(method);
        }
    }
    for method in ["rooms/get", "subscriptions/get", "resetAvatar", "deleteUser"] {
        assert!(refused_as_anonymous.contains(&method), "{method} asks for a login");
    }
    let mut ada = Socket::of(&server.user().await).await;
    let refused = ada.error("resetAvatar", json!([])).await;
    assert_eq!(refused["details"], json!({"method": "resetAvatar"}));
    let over_http = server
        .user()
        .await
        .post("users.resetAvatar", &json!({}))
        .await
        .expect(400);
    assert_eq!(over_http["details"], json!({"method": "users.resetAvatar"}));

    let admin = server.admin().await;
    let mut socket = Socket::of(&admin).await;
    for (method, params) in [
        ("setUserActiveStatus", json!([admin.id(), false])),
        ("deleteUser", json!([admin.id()])),
    ] {
        let last = socket.error(method, params).await;
        let details = json!({"method": method, "action": "Remove_last_admin"});
        assert_eq!(
            (&last["error"], &last["details"]),
            (&json!("error-action-not-allowed"), &details)
        );
    }
}
