//! Methods over HTTP.

use rollcall::domain::{SettingId, SettingValue};
use rollcall::methods;
use serde_json::{Value, json};

use crate::support::errors::{error_json, schema};
use crate::support::server::{PASSWORD_DIGEST, fix};
use crate::support::{Client, TestServer};

/// Calls a method; answers the status and the result message.
async fn call(client: &Client, endpoint: &str, method: &str, params: Value) -> (u16, Value) {
    let text = json!({"msg": "method", "id": "7", "method": method, "params": params}).to_string();
    let path = format!("{endpoint}/{}", method.replace(':', "%3A"));
    let answer = client.post(&path, &json!({"message": text})).await;
    let body = answer.json();
    assert_eq!(body["success"], answer.status == 200, "{body}");
    let message = body["message"]
        .as_str()
        .unwrap_or_else(|| panic!("no message in {body}"));
    let message: Value = serde_json::from_str(message).expect("JSON");
    assert_eq!((&message["msg"], &message["id"]), (&json!("result"), &json!("7")));
    (answer.status, message)
}

async fn result(client: &Client, method: &str, params: Value) -> Option<Value> {
    let (status, message) = call(client, "method.call", method, params).await;
    assert_eq!(status, 200, "{message}");
    message.get("result").cloned()
}

async fn error(client: &Client, method: &str, params: Value) -> Value {
    let (status, message) = call(client, "method.call", method, params).await;
    assert_eq!(status, 400, "{message}");
    message["error"].clone()
}

async fn status(client: &Client) -> (Value, Value) {
    let body = client.get("users.getStatus").await.expect(200);
    (body["status"].clone(), body["message"].clone())
}

#[tokio::test]
async fn every_method_of_the_reference_is_there() {
    let expected = "login logout setUserStatus UserPresence:setDefaultStatus UserPresence:online UserPresence:away \
        getUserStatusText listCustomUserStatus insertOrUpdateUserStatus deleteCustomUserStatus saveUserProfile";
    for name in expected.split_whitespace() {
        assert!(methods::names().any(|method| method == name), "{name}");
    }
}

#[tokio::test]
async fn a_status_is_set_and_read_by_methods() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    assert_eq!(result(&ada, "setUserStatus", json!(["busy", "in a call"])).await, None);
    assert_eq!(status(&ada).await, (json!("busy"), json!("in a call")));
    let text = result(&admin, "getUserStatusText", json!([ada.id()])).await;
    assert_eq!(text, Some(json!("in a call")));
    let set = result(&ada, "UserPresence:setDefaultStatus", json!(["away"])).await;
    assert_eq!(set, Some(json!(true)));
    assert_eq!(status(&ada).await, (json!("away"), json!("in a call")));
    server.pass(1000);
    assert_eq!(result(&ada, "setUserStatus", json!([null, "lunch"])).await, None);
    assert_eq!(status(&ada).await, (json!("away"), json!("lunch")));
    // Over HTTP there is no connection that one could be away from.
    for method in ["UserPresence:online", "UserPresence:away"] {
        assert_eq!(result(&ada, method, json!([])).await, Some(json!(false)));
    }
    server.pass(1000);
    let wrong = error(&ada, "setUserStatus", json!(["here"])).await;
    let words = "Valid status types include online, away, offline, and busy.";
    assert_eq!(wrong, error_json(&json!("error-invalid-status"), words, None));
    let wrong = error(&ada, "UserPresence:setDefaultStatus", json!([5])).await;
    let details = json!({"field": "params.0", "expected": "string"});
    assert_eq!(wrong, error_json(&json!(400), "Match failed", Some(details)));
}

#[tokio::test]
async fn settings_forbid_words_and_invisibility_to_methods_too() {
    let server = TestServer::start_with(|options| {
        let off = |id| (id, SettingValue::Flag(false));
        fix(
            options,
            &[
                off(SettingId::AllowUserStatusMessageChange),
                off(SettingId::AllowInvisibleStatus),
            ],
        );
    })
    .await;
    let ada = server.user().await;
    let refused = error(&ada, "setUserStatus", json!(["busy", "in a call"])).await;
    let details = json!({"method": "setUserStatus"});
    assert_eq!(
        refused,
        error_json(&json!("error-not-allowed"), "Not allowed", Some(details))
    );
    let refused = error(&ada, "UserPresence:setDefaultStatus", json!(["offline"])).await;
    assert_eq!(refused["error"], "error-status-not-allowed");
}

#[tokio::test]
async fn custom_statuses_are_managed_by_methods() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let new = json!([{"name": "caught up", "statusType": "busy"}]);
    let refused = error(&ada, "insertOrUpdateUserStatus", new.clone()).await;
    assert_eq!(refused, error_json(&json!("not_authorized"), "", None));
    let id = result(&admin, "insertOrUpdateUserStatus", new.clone())
        .await
        .expect("an id");
    let taken = error(&admin, "insertOrUpdateUserStatus", new).await;
    let details = json!({"method": "insertOrUpdateUserStatus"});
    let code = "Custom_User_Status_Error_Name_Already_In_Use";
    let words = "The custom user status name is already in use";
    assert_eq!(taken, error_json(&json!(code), words, Some(details)));
    let changed = json!([{"_id": id, "name": "behind", "statusType": "away", "previousName": "caught up"}]);
    assert_eq!(
        result(&admin, "insertOrUpdateUserStatus", changed).await,
        Some(json!(true))
    );
    let list = result(&ada, "listCustomUserStatus", json!([])).await.expect("a list");
    let expected = json!([{
        "_id": id, "name": "behind", "statusType": "away", "_updatedAt": {"$date": 1_699_098_263_366_i64}
    }]);
    assert_eq!(list, expected);
    let deleted = result(&admin, "deleteCustomUserStatus", json!([id])).await;
    assert_eq!(deleted, Some(json!(true)));
    let gone = error(&admin, "deleteCustomUserStatus", json!([id])).await;
    assert_eq!(gone["error"], "Custom_User_Status_Error_Invalid_User_Status");
}

#[tokio::test]
async fn somebody_logs_in_and_out_by_methods() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    let password = json!({"digest": PASSWORD_DIGEST, "algorithm": "sha-256"});
    let login = json!([{"user": {"username": "ada"}, "password": password}]);
    let (status, message) = call(&anonymous, "method.callAnon", "login", login).await;
    assert_eq!(status, 200);
    let begun = &message["result"];
    assert_eq!(
        (&begun["type"], &begun["tokenExpires"]),
        (&json!("password"), &json!({"$date": 1_706_874_263_366_i64}))
    );
    let text = |field: &str| begun[field].as_str().expect("a text").to_owned();
    let ada = server.anonymous().with_login(&text("id"), &text("token"));
    assert_eq!(ada.get("me").await.expect(200)["username"], "ada");
    let resume = json!([{"resume": ada.token()}]);
    let (_, resumed) = call(&anonymous, "method.callAnon", "login", resume).await;
    assert_eq!(resumed["result"]["type"], "resume");
    let wrong = json!([{"user": {"username": "ada"}, "password": "wrong"}]);
    let (_, refused) = call(&anonymous, "method.callAnon", "login", wrong).await;
    let words = "User not found or incorrect password";
    assert_eq!(refused["error"], error_json(&json!(403), words, None));
    assert_eq!(result(&ada, "logout", json!([])).await, None);
    ada.get("me").await.expect(401);
}

#[tokio::test]
async fn a_profile_is_saved_by_a_method() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let profile = json!({
        "realname": "Ada Lovelace", "username": "", "email": "", "statusText": "writing", "statusType": "busy",
        "bio": "analyst", "nickname": "countess", "newPassword": "", "typedPassword": "",
    });
    assert_eq!(
        result(&ada, "saveUserProfile", json!([profile, {}])).await,
        Some(json!(true))
    );
    let me = ada.get("me").await.expect(200);
    assert_eq!(
        (
            &me["name"],
            &me["bio"],
            &me["nickname"],
            &me["statusText"],
            &me["statusDefault"]
        ),
        (
            &json!("Ada Lovelace"),
            &json!("analyst"),
            &json!("countess"),
            &json!("writing"),
            &json!("busy")
        )
    );
    let long = json!([{"bio": "x".repeat(261)}]);
    assert_eq!(
        error(&ada, "saveUserProfile", long).await["error"],
        "error-bio-size-exceeded"
    );
}

#[tokio::test]
async fn an_unknown_method_and_what_is_no_call_are_refused() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let unknown = error(&ada, "fly", json!([])).await;
    assert_eq!(unknown, error_json(&json!(404), "Method 'fly' not found", None));
    let missing = ada.post("method.call/x", &json!({})).await.expect(400);
    assert_eq!(missing, schema("must have required property 'message'", "message"));
    for text in [
        "",
        "5",
        "{}",
        "{\"msg\":\"sub\",\"method\":\"x\"}",
        "{\"method\":\"x\",\"id\":[]}",
    ] {
        let refused = ada.post("method.call/x", &json!({"message": text})).await.expect(400);
        assert_eq!(refused["errorType"], "invalid-params", "{text}");
    }
    // Without a login, what needs one says so.
    let (status, refused) = call(&server.anonymous(), "method.callAnon", "setUserStatus", json!(["busy"])).await;
    assert_eq!((status, &refused["error"]["error"]), (400, &json!("error-not-allowed")));
    server.anonymous().post("method.call/x", &json!({})).await.expect(401);
}

#[tokio::test]
async fn methods_have_limits_of_their_own() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    result(&ada, "setUserStatus", json!(["busy"])).await;
    let refused = error(&ada, "setUserStatus", json!(["away"])).await;
    let words = "Error, too many requests. Please slow down. You must wait 1 seconds before trying again.";
    let details = json!({"timeToReset": 1000});
    assert_eq!(refused, error_json(&json!("too-many-requests"), words, Some(details)));
    server.pass(1000);
    result(&ada, "setUserStatus", json!(["away"])).await;
    for _ in 0..20 {
        result(&ada, "listCustomUserStatus", json!([])).await;
    }
    let refused = error(&ada, "listCustomUserStatus", json!([])).await;
    assert_eq!(refused["error"], "too-many-requests");
    for _ in 0..21 {
        result(&admin, "listCustomUserStatus", json!([])).await;
    }
}

#[tokio::test]
async fn a_narrowed_token_calls_what_its_scopes_reach() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let wanted = json!({"tokenName": "lamp", "scopes": ["status:read"]});
    let made = admin
        .post_proved("users.generatePersonalAccessToken", &wanted)
        .await
        .expect(200);
    let lamp = admin.with_login(admin.id(), made["token"].as_str().expect("a token"));
    result(&lamp, "listCustomUserStatus", json!([])).await;
    let refused = error(&lamp, "setUserStatus", json!(["busy"])).await;
    assert_eq!(
        (&refused["error"], &refused["details"]),
        (&json!("error-missing-scope"), &json!({"scope": "status:write"}))
    );
}
