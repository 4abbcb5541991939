//! The spellings of a list in a query or a form.

use serde_json::{Value, json};

use crate::support::server::{PASSWORD, UNLIMITED, create_user, fix};
use crate::support::{Socket, TestServer};

/// One list of two items in every spelling, with duplicates as well.
fn spellings(name: &str, first: &str, second: &str) -> Vec<String> {
    vec![
        format!("{name}={first}&{name}={second}"),
        format!("{name}[]={first}&{name}[]={second}"),
        format!("{name}[0]={first}&{name}[1]={second}"),
        format!("{name}%5B1%5D={second}&{name}%5B0%5D={first}"),
        format!("{name}={first},{second}"),
        format!("{name}={first},{second},{first}&{name}[]={second}"),
    ]
}

fn sorted_texts(list: &Value, field: &str) -> Vec<String> {
    let mut texts: Vec<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item[field].as_str().expect("a text").to_owned())
        .collect();
    texts.sort_unstable();
    texts
}

#[tokio::test]
async fn a_list_in_a_query_is_the_same_in_every_spelling_and_answers_once() {
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    server.command(create_user("bob")).await;
    let (admin, ada, bob) = (server.admin().await, server.user().await, server.logged_in("bob").await);
    let _connections = (Socket::of(&ada).await, Socket::of(&bob).await);
    for query in spellings("ids", ada.id(), bob.id()) {
        let body = admin.get(&format!("users.presence?{query}")).await.expect(200);
        assert_eq!(sorted_texts(&body["users"], "username"), ["ada", "bob"], "{query}");
    }
    for query in spellings("_id", "Site_Name", "Accounts_LoginExpiration") {
        let body = admin.get(&format!("settings.public?{query}")).await.expect(200);
        let found = sorted_texts(&body["settings"], "_id");
        assert_eq!(found, ["Accounts_LoginExpiration", "Site_Name"], "{query}");
    }
    for query in spellings("roles", "user", "bot") {
        let body = admin.get(&format!("users.listByStatus?{query}")).await.expect(200);
        assert_eq!(
            sorted_texts(&body["users"], "username"),
            ["ada", "admin", "bob"],
            "{query}"
        );
    }
    for query in spellings("inactiveReason", "deactivated", "idle_too_long") {
        let body = admin.get(&format!("users.listByStatus?{query}")).await.expect(200);
        assert_eq!(body["total"], 0, "{query}");
    }
    let error = admin
        .get("users.listByStatus?inactiveReason=deactivated,lazy")
        .await
        .expect(400);
    assert_eq!(error["details"]["field"], "inactiveReason.1");
}

#[tokio::test]
async fn a_list_in_a_form_is_the_same_in_every_spelling() {
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    let admin = server.admin().await;
    for (number, roles) in spellings("roles", "user", "bot").into_iter().enumerate() {
        let name = format!("u{number}");
        let form = format!("username={name}&name=X&email={name}@example.com&password={PASSWORD}&{roles}");
        let user = admin.post_form("users.create", &form).await.expect(200)["user"].clone();
        assert_eq!(user["roles"], json!(["bot", "user"]), "{roles}");
    }
    // In JSON a list is a list, and an item counts once.
    let body = json!({"username": "v", "name": "X", "email": "v@example.com", "password": PASSWORD,
        "roles": ["user", "user"]});
    let user = admin.post("users.create", &body).await.expect(200)["user"].clone();
    assert_eq!(user["roles"], json!(["user"]));
    let token = json!({"tokenName": "t", "scopes": ["users:read", "users:read"]});
    admin
        .post_proved("users.generatePersonalAccessToken", &token)
        .await
        .expect(200);
    let tokens = admin.get("users.getPersonalAccessTokens").await.expect(200);
    assert_eq!(tokens["tokens"][0]["scopes"], json!(["users:read"]));
}
