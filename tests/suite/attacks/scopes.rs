//! What each scope opens: all endpoints, methods and streams with tokens of every scope.

use rollcall::domain::Scope;
use rollcall::http::routes;
use rollcall::{methods, realtime};
use serde_json::{Value, json};

use crate::support::server::{UNLIMITED, fix};
use crate::support::{Client, Socket, TestServer};

/// What opens what: `any` is every live token, `full` is a token without scopes only. `{id}` is the caller.
#[rustfmt::skip]
const OPENED: &[(&str, &[&str])] = &[
    ("any", &[
        "POST method.call/:method",
        "POST method.callAnon/:method",
        "GET info",
        "GET settings.public",
        "GET settings.oauth",
        "GET service.configurations",
        "GET pw.getPolicy",
        "POST login",
        "POST logout",
        "GET logout",
        "POST setup.createAdministrator",
        "POST users.forgotPassword",
        "POST users.resetPassword",
        "POST users.register",
        "POST invitations.check",
        "POST invitations.accept",
        "POST boards.view",
        "GET shield.svg",
        "call registerUser",
        "GET openapi.json",
        "call public-settings/get",
        "call rooms/get",
        "call subscriptions/get",
        "call login",
        "call logout",
        "sub stream-notify-all/x",
        "sub stream-room-messages/__my_messages__",
        "sub stream-notify-user/{id}/force_logout",
    ]),
    ("status:read", &[
        "GET custom-user-status.list",
        "GET status.recent",
        "GET presence.getPrivacy",
        "call listCustomUserStatus",
        "sub stream-notify-logged/updateCustomUserStatus",
        "sub stream-notify-logged/deleteCustomUserStatus",
    ]),
    ("status:write", &[
        "POST custom-user-status.create",
        "POST custom-user-status.update",
        "POST custom-user-status.delete",
        "POST users.setStatus",
        "POST status.end",
        "POST presence.setPrivacy",
        "call setUserStatus",
        "call UserPresence:setDefaultStatus",
        "call UserPresence:online",
        "call UserPresence:away",
        "call insertOrUpdateUserStatus",
        "call deleteCustomUserStatus",
    ]),
    ("presence:read", &[
        "GET users.getStatus",
        "GET users.getPresence",
        "GET users.presence",
        "GET presence.getConnections",
        "call getUserStatusText",
        "sub stream-notify-logged/user-status",
        "sub stream-user-presence/",
    ]),
    ("users:read", &[
        "GET permissions.listAll",
        "GET me",
        "GET roles.list",
        "GET users.getPreferences",
        "GET users.list",
        "GET users.listByStatus",
        "GET users.info",
        "GET users.autocomplete",
        "GET spotlight",
        "GET directory",
        "GET users.getAvatarSuggestion",
        "GET roles.getUsersInPublicRoles",
        "call getUserRoles",
        "call spotlight",
        "GET users.getAvatar",
        "GET users.getUsernameSuggestion",
        "GET users.checkUsernameAvailability",
        "call permissions/get",
        "call getUsernameSuggestion",
        "sub stream-notify-logged/Users:NameChanged",
        "sub stream-notify-user/{id}/userData",
        "sub stream-roles/roles",
    ]),
    ("users:write", &[
        "POST users.update",
        "POST users.updateOwnBasicInfo",
        "POST users.setPreferences",
        "POST users.create",
        "POST users.setAvatar",
        "POST users.resetAvatar",
        "POST users.delete",
        "POST users.setActiveStatus",
        "POST users.unlock",
        "POST users.deactivateIdle",
        "call setUserActiveStatus",
        "call deleteUser",
        "call saveUserProfile",
        "call saveUserPreferences",
        "call resetAvatar",
        "call setUsername",
        "call setAvatarFromService",
        "call userSetUtcOffset",
    ]),
    ("admin", &[
        "GET audit.list",
        "GET invitations.list",
        "POST invitations.revoke",
        "GET boards.list",
        "POST boards.revoke",
        "GET statistics",
        "POST permissions.update",
        "POST presence.enableBroadcast",
        "GET settings",
        "GET settings/:_id",
        "POST settings/:_id",
        "POST settings",
        "call private-settings/get",
        "call authorization:addPermissionToRole",
        "call authorization:removeRoleFromPermission",
        "POST roles.create",
        "POST roles.update",
        "POST roles.delete",
        "POST roles.addUserToRole",
        "POST roles.removeUserFromRole",
        "GET roles.getUsersInRole",
        "call authorization:addUserToRole",
        "call authorization:removeUserFromRole",
        "sub stream-notify-logged/private-settings-changed",
    ]),
    ("full", &[
        "POST users.enableTotp",
        "POST users.validateTotp",
        "POST users.disableTotp",
        "POST users.regenerateTotpCodes",
        "GET users.totpCodesRemaining",
        "POST users.resetTOTP",
        "POST users.logout",
        "POST users.logoutOtherClients",
        "POST users.removeOtherTokens",
        "GET sessions/list",
        "GET sessions/list.all",
        "POST sessions/logout",
        "POST sessions/logout.me",
        "POST users.createToken",
        "POST users.generatePersonalAccessToken",
        "POST users.regeneratePersonalAccessToken",
        "POST users.removePersonalAccessToken",
        "GET users.getPersonalAccessTokens",
        "GET backup",
        "POST users.createPasswordResetLink",
        "POST invitations.create",
        "POST boards.create",
        "POST users.deleteOwnAccount",
        "call 2fa:enable",
        "call 2fa:validateTempToken",
        "call 2fa:disable",
        "call 2fa:regenerateCodes",
        "call 2fa:checkCodesRemaining",
        "call logoutOtherClients",
        "call removeOtherTokens",
        "call personalAccessTokens:generateToken",
        "call personalAccessTokens:regenerateToken",
        "call personalAccessTokens:removeToken",
    ]),
];

/// Whether a token with these scopes, or without scopes, opens what needs this.
fn opens(need: &str, scopes: Option<&[Scope]>) -> bool {
    match scopes {
        None => true,
        Some(_) if need == "any" => true,
        Some(scopes) => scopes.iter().any(|scope| scope.as_str() == need),
    }
}

/// Whether an error says that the token does not reach so far.
fn is_refusal(code: &Value) -> bool {
    ["error-missing-scope", "error-full-token-needed"].contains(&code.as_str().unwrap_or_default())
}

async fn is_refused(client: &Client, socket: &mut Socket, line: &str) -> bool {
    let (kind, name) = line.split_once(' ').expect("a kind and a name");
    match kind {
        "GET" | "POST" => {
            let path = format!("/api/v1/{}", name.split(':').next().expect("a path"));
            let path = if name.contains(":_") || name.contains("/:") {
                format!("{path}x")
            } else {
                path
            };
            let headers: &[_] = if kind == "POST" {
                &[("content-type", "application/json")]
            } else {
                &[]
            };
            let body = if kind == "POST" { "{}" } else { "" };
            let answer = client.send(kind, &path, headers, body).await;
            let refused = answer.status == 403 && is_refusal(&answer.json()["errorType"]);
            assert!(answer.status < 500, "{line}: {answer:?}");
            refused
        }
        "call" => {
            let message = json!({"msg": "method", "id": "1", "method": name, "params": []}).to_string();
            let path = format!("method.call/{}", name.replace(':', "%3A"));
            let answer = client.post(&path, &json!({"message": message})).await.json();
            let message: Value =
                serde_json::from_str(answer["message"].as_str().unwrap_or_default()).unwrap_or_default();
            is_refusal(&message["error"]["error"])
        }
        _ => {
            let (stream, event) = name.split_once('/').expect("a stream and an event");
            let params = json!([event.replace("{id}", client.id()), {"added": []}]);
            socket.sub(stream, params).await["msg"] == "nosub"
        }
    }
}

#[test]
fn every_endpoint_method_and_stream_has_a_line() {
    let lines: Vec<_> = OPENED.iter().flat_map(|(_, lines)| lines.iter().copied()).collect();
    let routes = routes::all()
        .iter()
        .map(|route| format!("{} {}", route.method, route.endpoint));
    let all: Vec<_> = routes
        .chain(methods::names().map(|name| format!("call {name}")))
        .collect();
    for name in &all {
        assert!(
            lines.contains(&name.as_str()),
            "{name} has no line: say which scope opens it"
        );
    }
    for line in &lines {
        assert!(
            line.starts_with("sub ") || all.iter().any(|name| name == line),
            "{line} is a line for nothing"
        );
    }
    for stream in realtime::streams() {
        let begin = format!("sub {stream}/");
        assert!(
            lines.iter().any(|line| line.starts_with(&begin)),
            "{stream} has no line"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_its_scopes_open_and_nothing_else() {
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    let mut kinds: Vec<_> = Scope::ALL.iter().map(|scope| Some(vec![*scope])).collect();
    kinds.extend([Some(Vec::new()), None]);
    let mut wrong = Vec::new();
    for (number, scopes) in kinds.iter().enumerate() {
        let ada = server.user().await;
        let mut wanted = json!({"tokenName": format!("token {number}"), "bypassTwoFactor": true});
        if let Some(scopes) = scopes {
            wanted["scopes"] = json!(scopes);
        }
        let made = ada
            .post_proved("users.generatePersonalAccessToken", &wanted)
            .await
            .expect(200);
        let client = ada.with_login(ada.id(), made["token"].as_str().expect("a token"));
        let mut socket = Socket::of(&client).await;
        // What ends the token comes last.
        let lines = OPENED
            .iter()
            .flat_map(|(need, lines)| lines.iter().map(move |line| (*need, *line)));
        let (ending, others): (Vec<_>, Vec<_>) = lines.partition(|(_, line)| line.ends_with(" logout"));
        for (need, line) in others.into_iter().chain(ending) {
            let opened = opens(need, scopes.as_deref());
            if is_refused(&client, &mut socket, line).await == opened && !(line.starts_with("sub ") && need == "admin")
            {
                wrong.push(format!(
                    "{scopes:?}: {line} is {}",
                    if opened { "refused" } else { "open" }
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
