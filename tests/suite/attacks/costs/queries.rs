//! Queries: how many sort fields and list items one call takes, and how many users one answer has.

use rollcall::domain::{User, UserId, Username, UsernameKey};
use rollcall::store::Change;
use serde_json::{Value, json};

use crate::support::crowd::AT_ONCE;
use crate::support::store::open_store;
use crate::support::{Client, TestServer};

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn refusal(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(400)
}

/// A server with so many users beside the administrator and the user.
async fn with_many(users: usize) -> TestServer {
    let folder = TestServer::start().await.stop().await;
    let store = open_store(&folder.path().join("data")).expect("a store");
    let model = store
        .read()
        .user_named(&UsernameKey::of("ada"))
        .cloned()
        .expect("a user");
    let another = |number: usize| User {
        id: UserId::new(&format!("user{number}")),
        username: Username::parse(&format!("user{number}")).expect("a username"),
        email: None,
        ..User::clone(&model)
    };
    let all: Vec<_> = (0..users).map(another).collect();
    for some in all.chunks(AT_ONCE) {
        let change = some.iter().fold(Change::new(), Change::insert);
        store.commit(change).await.expect("a commit");
    }
    store.close().await;
    TestServer::open(folder, |_| {}).await
}

/// The lists that take an order.
const SORTED: [&str; 5] = [
    "users.list",
    "users.listByStatus",
    "custom-user-status.list",
    "settings",
    "settings.public",
];

#[tokio::test]
async fn a_list_is_sorted_by_at_most_three_fields_that_it_knows() {
    let server = TestServer::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    for list in SORTED {
        let client = if list == "settings" { &admin } else { &user };
        let unknown = refusal(client, &format!("{list}?sort={}", encoded(r#"{"password":1}"#))).await;
        assert_eq!(unknown["errorType"], "error-invalid-sort", "{list}");
        let words = unknown["error"].as_str().expect("a text");
        assert!(
            words.starts_with("\"password\" is not a field to sort by: use _id"),
            "{words}"
        );
        let four = encoded(r#"{"_id":1,"name":1,"username":1,"status":1}"#);
        let many = refusal(client, &format!("{list}?sort={four}")).await;
        assert_eq!(many["error"], "sort by at most 3 fields [error-invalid-sort]", "{list}");
    }
    // As long as the head of a request may be.
    let long: Vec<_> = (0..1_500).map(|number| format!("\"x{number}\":1")).collect();
    let long = encoded(&format!("{{{}}}", long.join(",")));
    let refused = refusal(&user, &format!("users.list?sort={long}")).await;
    assert!(
        refused.to_string().len() < 1_000,
        "the order is not repeated in full: {refused}"
    );
    let three = encoded(r#"{"status":1,"name":-1,"username":1}"#);
    user.get(&format!("users.list?sort={three}")).await.expect(200);
}

#[tokio::test]
async fn a_list_in_a_query_has_at_most_a_hundred_items() {
    let server = TestServer::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    let repeated = |name: &str, value: &str, times: usize| vec![format!("{name}={value}"); times].join("&");
    let selector = |times: usize| encoded(&json!({"term": "a", "exceptions": vec!["x"; times]}).to_string());
    let commas = |times: usize| vec!["x"; times].join(",");
    let queries: [(&str, &dyn Fn(usize) -> String); 5] = [
        ("ids", &|times| format!("users.presence?ids={}", commas(times))),
        ("ids", &|times| {
            format!("users.presence?{}", repeated("ids[]", "x", times))
        }),
        ("roles", &|times| {
            format!("users.listByStatus?{}", repeated("roles[]", "x", times))
        }),
        ("inactiveReason", &|times| {
            format!(
                "users.listByStatus?{}",
                repeated("inactiveReason[]", "deactivated", times)
            )
        }),
        ("selector.exceptions", &|times| {
            format!("users.autocomplete?selector={}", selector(times))
        }),
    ];
    for (field, query) in queries {
        let client = if field == "roles" || field == "inactiveReason" {
            &admin
        } else {
            &user
        };
        client.get(&query(100)).await.expect(200);
        let refused = refusal(client, &query(101)).await;
        assert_eq!(refused["errorType"], "invalid-params", "{field}");
        let words = refused["error"].as_str().expect("a text");
        assert!(words.contains("must NOT have more than 100 items"), "{words}");
        assert_eq!(refused["details"]["field"], field);
    }
    let ids = |times: usize| format!("settings.public?_id={}", commas(times));
    user.get(&ids(500)).await.expect(200);
    refusal(&user, &ids(501)).await;
    let hide = json!({"hideFrom": {"roles": vec!["guest"; 101]}});
    user.post("presence.setPrivacy", &hide).await.expect(400);
}

#[tokio::test]
async fn an_ordinary_user_gets_at_most_a_thousand_users_at_once_and_an_administrator_all() {
    let server = with_many(1_000).await;
    let (user, admin) = (server.user().await, server.admin().await);
    for (client, expected) in [(&user, 1_000), (&admin, 1_002)] {
        for sort in ["", "&sort=%7B%22name%22%3A1%7D"] {
            let page = client.get(&format!("users.list?count=0{sort}")).await.expect(200);
            assert_eq!((&page["count"], &page["total"]), (&json!(expected), &json!(1_002)));
            assert_eq!(page["users"].as_array().map(Vec::len), Some(expected));
        }
    }
    let rest = user.get("users.list?count=0&offset=1000").await.expect(200);
    assert_eq!(rest["count"], 2, "the rest is on the next page");
}
