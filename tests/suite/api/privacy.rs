//! Hiding: a viewer from whom a user hides sees them as a user who is really offline.

use serde_json::{Value, json};

use crate::support::errors::coded;
use crate::support::server::{DAY, MINUTE, create_user};
use crate::support::{Client, TestServer};

async fn set(client: &Client, status: &str, message: &str) {
    let body = json!({"status": status, "message": message});
    client.post("users.setStatus", &body).await.expect(200);
}

async fn hide(client: &Client, from: Value) {
    let body = json!({"hideFrom": from});
    client.post("presence.setPrivacy", &body).await.expect(200);
}

/// Everything that a viewer gets about a user, as text.
async fn told(viewer: &Client, name: &str, id: &str, from: &str) -> Vec<String> {
    let selector = format!("%7B%22term%22%3A%22{name}%22%7D");
    let text = |endpoint: String| async move {
        let answer = viewer.get(&endpoint).await;
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    vec![
        text(format!("users.getStatus?username={name}")).await,
        text(format!("users.getPresence?username={name}")).await,
        text(format!("users.info?username={name}")).await,
        text(format!("users.presence?ids={id}")).await,
        text(format!("users.autocomplete?selector={selector}")).await,
        text(format!("users.listByStatus?searchTerm={name}")).await,
        text("users.presence".to_owned()).await,
        text(format!("users.presence?from={from}")).await,
        text("presence.getConnections".to_owned()).await,
    ]
}

/// Two servers that are alike but for one thing: on the first, `hid` is busy and hides; on the second
/// they are truly offline.
async fn compare(role: Option<&str>, hidden_from: &Value) {
    let mut both = Vec::new();
    for hides in [true, false] {
        let server = TestServer::start().await;
        for name in ["hid", "eve"] {
            server.command(create_user(name)).await;
        }
        let admin = server.admin().await;
        if let Some(role) = role {
            let give = json!({"roleName": role, "username": "eve"});
            admin.post("roles.addUserToRole", &give).await.expect(200);
        }
        let (hid, eve) = (server.logged_in("hid").await, server.logged_in("eve").await);
        if hides {
            hide(&hid, hidden_from.clone()).await;
        }
        // The clock goes on, so that both servers give out the same moments.
        server.pass(MINUTE);
        let from = eve.get("users.presence").await.expect(200)["at"].clone();
        server.pass(MINUTE);
        if hides {
            set(&hid, "busy", "in secret").await;
            set(&hid, "away", "still in secret").await;
            assert_eq!(hid.get("users.getStatus").await.expect(200)["status"], "away");
        }
        server.pass(MINUTE);
        let ids = [(hid.id().to_owned(), "HID"), (eve.id().to_owned(), "EVE")];
        let told = told(&eve, "hid", hid.id(), from.as_str().expect("a moment")).await;
        let told = told.into_iter().map(|text| {
            ids.iter()
                .fold(text, |text, (id, name)| text.replace(id.as_str(), name))
        });
        both.push(told.collect::<Vec<_>>());
    }
    for (hidden, offline) in both[0].iter().zip(&both[1]) {
        assert_eq!(hidden, offline);
    }
}

#[tokio::test]
async fn who_hides_from_a_user_is_to_them_as_truly_offline() {
    compare(None, &json!({"users": ["eve"]})).await;
}

#[tokio::test]
async fn who_hides_from_a_role_is_to_its_holders_as_truly_offline() {
    compare(Some("guest"), &json!({"roles": ["guest"]})).await;
}

#[tokio::test]
async fn who_hides_from_administrators_is_hidden_from_them_too() {
    compare(Some("admin"), &json!({"roles": ["admin"], "users": ["eve"]})).await;
}

#[tokio::test]
async fn hiding_looks_like_going_and_showing_like_coming() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    set(&ada, "busy", "in a call").await;
    let mut at = admin.get("users.presence").await.expect(200)["at"].clone();
    let mut delta = async || {
        let from = at.as_str().expect("a moment");
        let answer = admin.get(&format!("users.presence?from={from}")).await.expect(200);
        assert_eq!(answer["full"], false);
        at = answer["at"].clone();
        let users = answer["users"].as_array().expect("a list").clone();
        let line = |user: &Value| (user["status"].clone(), user["statusText"].clone());
        users.iter().map(line).collect::<Vec<_>>()
    };
    hide(&ada, json!({"users": ["admin"]})).await;
    assert_eq!(delta().await, [(json!("offline"), json!(""))]);
    set(&ada, "away", "lunch").await;
    assert_eq!(delta().await, []);
    hide(&ada, json!({"users": ["admin"], "roles": ["guest"]})).await;
    assert_eq!(delta().await, [], "hiding from more is nothing to who saw nothing");
    hide(&ada, json!({"users": [], "roles": []})).await;
    assert_eq!(delta().await, [(json!("away"), json!("lunch"))]);
}

#[tokio::test]
async fn one_sees_oneself_and_whom_one_hides_from() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    hide(&ada, json!({"users": ["admin", "ada"], "roles": ["user"]})).await;
    set(&ada, "busy", "").await;
    assert_eq!(ada.get("users.getStatus").await.expect(200)["status"], "busy");
    let body = ada.get("presence.getPrivacy").await.expect(200);
    assert_eq!(body["lastSeen"], "exact");
    assert_eq!(body["hideFrom"]["roles"], json!(["user"]));
    let users = body["hideFrom"]["users"].as_array().expect("a list");
    assert_eq!(users[0]["username"], "admin");
    for (body, words, code) in [
        (
            json!({"hideFrom": {"users": ["nobody"]}}),
            "User not found",
            "error-user-not-found",
        ),
        (
            json!({"hideFrom": {"roles": ["none"]}}),
            "This role does not exist",
            "error-invalid-roleId",
        ),
    ] {
        let refused = ada.post("presence.setPrivacy", &body).await.expect(400);
        assert_eq!(refused, coded(words, code, Value::Null));
    }
}

#[tokio::test]
async fn last_seen_is_told_as_its_owner_chose() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let seen = async || {
        let body = admin.get("users.getPresence?username=ada").await.expect(200);
        let info = admin.get("users.info?username=ada").await.expect(200);
        assert_eq!(body.get("lastSeen"), info["user"].get("lastSeen"));
        body.get("lastSeen").cloned()
    };
    let choose = async |choice: &str| {
        let body = json!({"lastSeen": choice});
        ada.post("presence.setPrivacy", &body).await.expect(200);
    };
    assert_eq!(seen().await, Some(json!("2023-11-04T11:44:23.366Z")));
    choose("coarse").await;
    assert_eq!(seen().await, Some(json!("today")));
    server.pass(2 * DAY);
    assert_eq!(seen().await, Some(json!("this week")));
    server.pass(6 * DAY);
    assert_eq!(seen().await, Some(json!("before")));
    choose("hidden").await;
    assert_eq!(seen().await, None);
    choose("exact").await;
    // The choice itself was activity, but no call waits until activity is stored.
    let last = async || {
        let body = admin.get("users.getPresence?username=ada").await.expect(200);
        body["lastSeen"].clone()
    };
    while last().await != "2023-11-12T11:44:23.366Z" {}
    server.pass(MINUTE);
    set(&ada, "offline", "").await;
    let gone = Some(json!("2023-11-12T11:45:23.366Z"));
    assert_eq!(seen().await, gone, "the time stops when the user goes invisible");
    server.pass(MINUTE);
    ada.get("me").await.expect(200);
    assert_eq!(seen().await, gone);
}
