//! Access: every endpoint of the route table, for every kind of caller.

use std::io::Write;

use rollcall::auth::TokenSecret;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::http::routes;
use serde_json::{Value, json};

use crate::support::server::{
    ADMIN, DAY, PASSWORD, PASSWORD_DIGEST, copy, create_user, fix, new_folder, open_registration,
};
use crate::support::store::skipped_in_cluster;
use crate::support::{Answer, Client, TestServer};

/// The status for each kind of caller, in the order of [`CALLERS`].
type Expected = [u16; 7];

const CALLERS: [&str; 7] = [
    "anonymous",
    "user",
    "moderator",
    "administrator",
    "administrator's token for status:read",
    "deactivated user",
    "expired token",
];

/// Every caller, with any token or none.
const OPEN: Expected = [200; 7];
/// Callers who are logged in with a token that has the scope.
const USERS: Expected = [401, 200, 200, 200, 403, 401, 401];
/// Administrators.
const ADMINS: Expected = [401, 403, 403, 200, 403, 401, 401];

/// Every endpoint: what is sent (a query, or a body), and what is answered. `{id}` is the id of
/// another user, whose username is `target`.
#[allow(clippy::too_many_lines, reason = "one line for each endpoint, all in one place")]
fn expectations() -> Vec<(&'static str, Value, Expected)> {
    let none = || json!({});
    let target = || json!({"userId": "{id}"});
    vec![
        (
            "GET custom-user-status.list",
            none(),
            [401, 200, 200, 200, 200, 401, 401],
        ),
        (
            "POST custom-user-status.create",
            json!({"name": "new", "statusType": "busy"}),
            [401, 400, 400, 200, 403, 401, 401],
        ),
        (
            "POST custom-user-status.update",
            json!({"_id": "{status}", "name": "renamed", "statusType": "busy"}),
            [401, 400, 400, 200, 403, 401, 401],
        ),
        (
            "POST custom-user-status.delete",
            json!({"customUserStatusId": "{status}"}),
            [401, 400, 400, 200, 403, 401, 401],
        ),
        ("POST users.setStatus", json!({"status": "busy"}), USERS),
        ("POST status.end", none(), USERS),
        ("GET status.recent", none(), [401, 200, 200, 200, 200, 401, 401]),
        ("GET presence.getPrivacy", none(), [401, 200, 200, 200, 200, 401, 401]),
        ("POST presence.setPrivacy", json!({"lastSeen": "hidden"}), USERS),
        ("GET users.getStatus", none(), USERS),
        ("GET users.getPresence", none(), USERS),
        ("GET users.presence", none(), USERS),
        ("GET presence.getConnections", none(), ADMINS),
        ("POST presence.enableBroadcast", none(), ADMINS),
        (
            "POST method.call/:method",
            json!({"method": "x", "message": "{\"msg\":\"method\",\"method\":\"listCustomUserStatus\"}"}),
            [401, 200, 200, 200, 200, 401, 401],
        ),
        (
            // Without a login the method refuses, with a token that does not count as well.
            "POST method.callAnon/:method",
            json!({"method": "x", "message": "{\"msg\":\"method\",\"method\":\"listCustomUserStatus\"}"}),
            [400, 200, 200, 200, 200, 400, 400],
        ),
        ("POST login", json!({"user": "target", "password": PASSWORD}), OPEN),
        ("POST logout", none(), [401, 200, 200, 200, 200, 401, 401]),
        ("GET logout", none(), [401, 200, 200, 200, 200, 401, 401]),
        ("GET me", none(), USERS),
        (
            "POST users.create",
            json!({"email": "new@example.com", "name": "New", "username": "new", "password": PASSWORD}),
            ADMINS,
        ),
        (
            // No user registers twice: a caller who is logged in is refused, and the second one finds the name taken.
            "POST users.register",
            json!({"email": "new@example.com", "name": "New", "username": "new", "pass": PASSWORD}),
            [200, 400, 400, 400, 400, 400, 400],
        ),
        ("GET users.list", none(), USERS),
        ("GET users.listByStatus", json!({"status": "active"}), USERS),
        ("GET users.info", json!({"username": "target"}), USERS),
        ("GET users.autocomplete", json!({"selector": "{\"term\":\"t\"}"}), USERS),
        (
            "POST users.update",
            json!({"userId": "{id}", "data": {"nickname": "tea"}}),
            [401, 400, 400, 200, 403, 401, 401],
        ),
        ("POST users.updateOwnBasicInfo", json!({"data": {"bio": "x"}}), USERS),
        (
            "POST users.deleteOwnAccount",
            json!({"password": PASSWORD_DIGEST}),
            [401, 200, 200, 400, 403, 401, 401],
        ),
        ("POST users.delete", target(), ADMINS),
        (
            "POST users.setActiveStatus",
            json!({"userId": "{id}", "activeStatus": false}),
            ADMINS,
        ),
        ("POST users.unlock", target(), ADMINS),
        ("GET spotlight", json!({"query": "t"}), USERS),
        ("GET directory", json!({"type": "users"}), USERS),
        ("GET users.getAvatarSuggestion", none(), USERS),
        ("GET roles.getUsersInPublicRoles", none(), USERS),
        (
            "POST settings",
            json!({"settings": [{"_id": "Site_Name", "value": "Ours"}]}),
            ADMINS,
        ),
        ("POST users.deactivateIdle", json!({"daysIdle": 1000}), ADMINS),
        ("GET users.getUsernameSuggestion", none(), USERS),
        (
            "GET users.checkUsernameAvailability",
            json!({"username": "free"}),
            USERS,
        ),
        ("GET users.getPreferences", none(), USERS),
        ("POST users.setPreferences", json!({"data": {"language": "de"}}), USERS),
        ("POST users.setAvatar", json!({"avatarUrl": DOT}), USERS),
        ("POST users.resetAvatar", none(), USERS),
        ("GET users.getAvatar", none(), [401, 307, 307, 307, 403, 401, 401]),
        (
            "POST users.forgotPassword",
            json!({"email": "target@example.com"}),
            OPEN,
        ),
        ("POST users.createPasswordResetLink", target(), ADMINS),
        (
            "POST users.resetPassword",
            json!({"token": "guessed", "newPassword": "another horse"}),
            [403; 7],
        ),
        ("POST users.logout", target(), [401, 403, 403, 200, 403, 401, 401]),
        ("POST users.logoutOtherClients", none(), USERS),
        ("POST users.removeOtherTokens", none(), USERS),
        ("GET sessions/list", none(), USERS),
        ("GET sessions/list.all", none(), ADMINS),
        (
            "POST sessions/logout",
            json!({"sessionId": "000000000000"}),
            [401, 403, 403, 400, 403, 401, 401],
        ),
        ("GET statistics", none(), ADMINS),
        ("GET shield.svg", json!({"type": "online", "name": "Chat"}), OPEN),
        (
            "POST sessions/logout.me",
            json!({"sessionId": "000000000000"}),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        (
            "POST users.createToken",
            json!({"userId": "{id}", "secret": "s3cret"}),
            [401, 400, 400, 200, 403, 401, 401],
        ),
        (
            "POST users.generatePersonalAccessToken",
            json!({"tokenName": "phone"}),
            USERS,
        ),
        (
            "POST users.regeneratePersonalAccessToken",
            json!({"tokenName": "none"}),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        (
            "POST users.removePersonalAccessToken",
            json!({"tokenName": "none"}),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        ("GET users.getPersonalAccessTokens", none(), USERS),
        ("POST users.enableTotp", none(), USERS),
        (
            "POST users.validateTotp",
            json!({"code": "123456"}),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        (
            "POST users.disableTotp",
            json!({"code": "123456"}),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        (
            "POST users.regenerateTotpCodes",
            json!({"code": "123456"}),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        (
            "GET users.totpCodesRemaining",
            none(),
            [401, 400, 400, 400, 403, 401, 401],
        ),
        ("POST users.resetTOTP", target(), [401, 400, 400, 200, 403, 401, 401]),
        ("GET roles.list", none(), USERS),
        ("POST roles.create", json!({"name": "night"}), ADMINS),
        ("POST roles.update", json!({"roleId": "{role}", "name": "late"}), ADMINS),
        ("POST roles.delete", json!({"roleId": "{role}"}), ADMINS),
        (
            "POST roles.addUserToRole",
            json!({"roleId": "{role}", "username": "target"}),
            ADMINS,
        ),
        (
            "POST roles.removeUserFromRole",
            json!({"roleId": "user", "username": "target"}),
            ADMINS,
        ),
        ("GET roles.getUsersInRole", json!({"role": "user"}), ADMINS),
        ("GET permissions.listAll", none(), USERS),
        (
            "POST permissions.update",
            json!({"permissions": [{"_id": "view-audit", "roles": ["admin"]}]}),
            ADMINS,
        ),
        ("GET settings.public", none(), OPEN),
        ("GET settings.oauth", none(), OPEN),
        ("GET service.configurations", none(), OPEN),
        ("GET pw.getPolicy", none(), OPEN),
        ("GET settings", none(), USERS),
        ("GET settings/:_id", json!({"_id": "Site_Name"}), ADMINS),
        (
            "POST settings/:_id",
            json!({"_id": "Site_Name", "value": "Ours"}),
            ADMINS,
        ),
        ("GET audit.list", none(), ADMINS),
        ("GET backup", none(), ADMINS),
        (
            "POST setup.createAdministrator",
            json!({"link": "guessed", "username": "eve", "password": PASSWORD}),
            [403; 7],
        ),
        ("POST invitations.create", none(), ADMINS),
        ("GET invitations.list", none(), ADMINS),
        (
            "POST invitations.revoke",
            json!({"_id": "000000000000"}),
            [401, 403, 403, 400, 403, 401, 401],
        ),
        ("POST invitations.check", json!({"token": "guessed"}), [403; 7]),
        (
            // A logged-in caller does not register.
            "POST invitations.accept",
            json!({"token": "guessed", "username": "new", "email": "new@example.com", "pass": PASSWORD}),
            [403, 400, 400, 400, 400, 403, 403],
        ),
        ("POST boards.create", json!({"name": "Entrance"}), ADMINS),
        ("GET boards.list", none(), ADMINS),
        (
            "POST boards.revoke",
            json!({"_id": "000000000000"}),
            [401, 403, 403, 400, 403, 401, 401],
        ),
        ("POST boards.view", json!({"token": "guessed"}), [403; 7]),
        ("GET info", none(), OPEN),
        ("GET openapi.json", none(), OPEN),
    ]
}

/// A PNG of one dot.
const DOT: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A store with one caller of each kind, copied for every endpoint: what one changes is no other's
/// concern.
struct Stage {
    folder: std::sync::Arc<tempfile::TempDir>,
    /// User id and token of each caller.
    logins: Vec<Option<(String, String)>>,
    /// The values of `{id}`, `{status}` and `{role}`.
    names: Vec<(&'static str, String)>,
    /// The texts that no answer may contain.
    secrets: Vec<String>,
}

impl Stage {
    async fn set() -> Self {
        let server = TestServer::start().await;
        for name in ["mod", "gone", "late", "target"] {
            server.command(create_user(name)).await;
        }
        let admin = server.admin().await;
        let text = |answer: Value, pointer: &str| {
            let text = answer.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_else(|| panic!("{pointer} in {answer}")).to_owned()
        };
        let status = text(
            admin.create_status("lunch", "away").await.expect(200),
            "/customUserStatus/_id",
        );
        let role = admin.post("roles.create", &json!({"name": "idle"})).await.expect(200);
        let moderator = json!({"roleName": "moderator", "username": "mod"});
        admin.post("roles.addUserToRole", &moderator).await.expect(200);

        let one_day = json!({"value": 1});
        admin
            .post("settings/Accounts_LoginExpiration", &one_day)
            .await
            .expect(200);
        let late = server.logged_in("late").await;
        let ninety = json!({"value": 90});
        admin
            .post("settings/Accounts_LoginExpiration", &ninety)
            .await
            .expect(200);

        let (user, moderator) = (server.user().await, server.logged_in("mod").await);
        let (gone, target) = (server.logged_in("gone").await, server.logged_in("target").await);
        let off = json!({"userId": gone.id(), "activeStatus": false});
        admin.post("users.setActiveStatus", &off).await.expect(200);
        let narrow = json!({"tokenName": "narrow", "scopes": ["status:read"]});
        let narrow = admin
            .post_proved("users.generatePersonalAccessToken", &narrow)
            .await
            .expect(200);
        let narrow = admin.with_login(admin.id(), &text(narrow, "/token"));

        let callers = [&user, &moderator, &admin, &narrow, &gone, &late];
        let mut secrets: Vec<_> = callers.iter().map(|caller| caller.token().to_owned()).collect();
        secrets.extend([
            target.token().to_owned(),
            "$argon2".into(),
            PASSWORD.into(),
            PASSWORD_DIGEST.into(),
        ]);
        let logins = std::iter::once(None)
            .chain(callers.iter().map(|caller| caller.login.clone()))
            .collect();
        let names = vec![
            ("{id}", target.id().to_owned()),
            ("{status}", status),
            ("{role}", text(role, "/role/_id")),
        ];
        Self {
            folder: server.stop().await,
            logins,
            names,
            secrets,
        }
    }

    /// A server on a copy of the store, two days later.
    async fn open(&self) -> TestServer {
        let home = new_folder();
        copy(&self.folder.path().join("data"), &home.path().join("data"));
        let server = TestServer::open(home, |options| {
            fix(
                options,
                &[
                    (SettingId::RateLimiterEnabled, SettingValue::Flag(false)),
                    (SettingId::AllowDeleteOwnAccount, SettingValue::Flag(true)),
                    open_registration(),
                ],
            );
            options.fixed.create_tokens_secret = Some(TokenSecret::presented("s3cret"));
        })
        .await;
        server.pass(2 * DAY);
        server
    }

    async fn ask(&self, client: &Client, route: &str, sent: &Value) -> Answer {
        let (method, endpoint) = route.split_once(' ').expect("a method and an endpoint");
        let mut text = sent.to_string();
        for (name, value) in &self.names {
            text = text.replace(name, value);
        }
        let mut fields: Value = serde_json::from_str(&text).expect("JSON");
        let mut path = format!("/api/v1/{endpoint}");
        if let Some((fixed, name)) = endpoint.split_once(':') {
            let value = fields
                .as_object_mut()
                .and_then(|fields| fields.remove(name))
                .expect("a parameter");
            path = format!("/api/v1/{fixed}{}", value.as_str().expect("a text"));
        }
        let mut headers = vec![("x-2fa-code", PASSWORD_DIGEST), ("x-2fa-method", "password")];
        if method == "POST" {
            headers.push(("content-type", "application/json"));
            return client.send(method, &path, &headers, fields.to_string()).await;
        }
        let pairs = fields.as_object().expect("fields").iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()));
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        client.send(method, &format!("{path}?{query}"), &headers, "").await
    }
}

/// Keeps an answer in the file that `ROLLCALL_ANSWERS` names, if it names one: `.ci/fuzz` holds all of
/// them against the OpenAPI document.
fn keep_answer(route: &str, caller: &str, answer: &Answer) {
    let Ok(path) = std::env::var("ROLLCALL_ANSWERS") else {
        return;
    };
    let body = String::from_utf8_lossy(&answer.body);
    let line = json!({"route": route, "caller": caller, "status": answer.status, "body": body});
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    writeln!(file.expect("a file"), "{line}").expect("a line");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_answers_every_kind_of_caller_as_expected_and_tells_no_secret() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    let stage = Stage::set().await;
    let expectations = expectations();
    for route in routes::all() {
        let name = format!("{} {}", route.method, route.endpoint);
        assert!(
            expectations.iter().any(|(expected, ..)| *expected == name),
            "{name} has no line in the expectations: say who may call it"
        );
    }
    assert_eq!(
        expectations.len(),
        routes::all().len(),
        "an expectation for no endpoint"
    );

    let mut wrong = Vec::new();
    for (route, sent, expected) in &expectations {
        let server = stage.open().await;
        for (place, login) in stage.logins.iter().enumerate() {
            let client = Client {
                address: server.address,
                login: login.clone(),
            };
            let answer = stage.ask(&client, route, sent).await;
            let caller = CALLERS[place];
            keep_answer(route, caller, &answer);
            if answer.status != expected[place] {
                wrong.push(format!(
                    "{route} by {caller}: {} not {}: {answer:?}",
                    answer.status, expected[place]
                ));
            }
            let body = String::from_utf8_lossy(&answer.body);
            let own = login.as_ref().map(|(_, token)| token.as_str());
            // A backup has the hashes of passwords, but no token and no password.
            let is_due = |secret: &&String| *route == "GET backup" && *secret == "$argon2";
            let secrets = stage.secrets.iter().filter(|secret| !is_due(secret));
            for secret in secrets.filter(|secret| Some(secret.as_str()) != own) {
                assert!(!body.contains(secret), "{route} tells {caller} {secret}: {body}");
            }
            let private = [
                "admin@example.com",
                "target@example.com",
                "mod@example.com",
                "late@example.com",
            ];
            if caller == "user" {
                let seen = private.iter().find(|address| body.contains(**address));
                // A login is accepted from every caller who knows the password.
                assert!(
                    seen.is_none() || *route == "POST login",
                    "{route} tells a user {seen:?}: {body}"
                );
            }
        }
        server.stop().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_a_narrowed_token_lacks_is_named() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let narrow = json!({"tokenName": "reader", "scopes": ["users:read"]});
    let token = admin
        .post_proved("users.generatePersonalAccessToken", &narrow)
        .await
        .expect(200);
    let reader = admin.with_login(admin.id(), token["token"].as_str().expect("a token"));
    reader.get("users.list").await.expect(200);
    assert_eq!(
        reader.create_status("tea", "away").await.expect(403),
        json!({
            "success": false,
            "error": "This token lacks the scope status:write [error-missing-scope]",
            "errorType": "error-missing-scope",
            "details": {"scope": "status:write"},
        })
    );
    // No narrowed token makes itself wider.
    let wider = json!({"tokenName": "wider"});
    let refused = reader
        .post_proved("users.generatePersonalAccessToken", &wider)
        .await
        .expect(403);
    assert_eq!(refused["errorType"], "error-full-token-needed");
}

#[tokio::test]
async fn scopes_narrow_the_owners_permissions_too() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let narrow = json!({"tokenName": "writer", "scopes": ["users:write"]});
    let token = admin
        .post_proved("users.generatePersonalAccessToken", &narrow)
        .await
        .expect(200);
    let writer = admin.with_login(admin.id(), token["token"].as_str().expect("a token"));
    let new = |name: &str, roles: Value| {
        json!({
            "email": format!("{name}@example.com"), "name": name, "username": name, "password": PASSWORD, "roles": roles,
        })
    };
    writer
        .post("users.create", &new("bob", json!(["user"])))
        .await
        .expect(200);
    let refused = writer
        .post("users.create", &new("eve", json!(["admin"])))
        .await
        .expect(400);
    assert_eq!(refused["details"]["action"], "Assign_admin");
    let ada = server.user().await;
    let takeover = json!({"userId": ada.id(), "data": {"password": "another horse"}});
    let refused = writer.post("users.update", &takeover).await.expect(403);
    assert_eq!(refused["errorType"], "error-full-token-needed");
    server.anonymous().logged_in(ADMIN, PASSWORD).await;
}
