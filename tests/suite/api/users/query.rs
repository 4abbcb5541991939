//! Conditions on the users of a list: `query`, single fields, and the conditions of a selector.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{PASSWORD_DIGEST, create_user, fix};
use crate::support::{Client, TestServer};

/// Three users: bob (north), carol (north, busy), dave (no team).
async fn team() -> TestServer {
    let rules = json!({"team": {"type": "text", "public": true}, "pay": {"type": "text"}}).to_string();
    let rules = (SettingId::CustomFields, SettingValue::Text(rules));
    let server = TestServer::start_with(|options| fix(options, &[rules])).await;
    for name in ["bob", "carol", "dave"] {
        server.command(create_user(name)).await;
    }
    let admin = server.admin().await;
    for (name, fields) in [
        ("bob", json!({"team": "north"})),
        ("carol", json!({"team": "north", "pay": "high"})),
    ] {
        let id = admin.get(&format!("users.info?username={name}")).await.expect(200)["user"]["_id"].clone();
        let change = json!({"userId": id, "data": {"customFields": fields}});
        admin
            .post_confirmed("users.update", &change, "password", PASSWORD_DIGEST)
            .await
            .expect(200);
    }
    let carol = server.logged_in("carol").await;
    carol
        .post("users.setStatus", &json!({"status": "busy", "message": ""}))
        .await
        .expect(200);
    server
}

async fn found(client: &Client, query: &[(&str, &str)]) -> Vec<String> {
    let query = encoded(query);
    let body = client.get(&format!("users.list?{query}")).await.expect(200);
    let users = body["users"].as_array().expect("users");
    assert_eq!(body["total"], json!(users.len()), "{query}");
    users
        .iter()
        .map(|user| user["username"].as_str().expect("a name").to_owned())
        .collect()
}

fn encoded(query: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish()
}

#[tokio::test]
async fn a_list_has_only_the_users_for_whom_the_query_holds() {
    let server = team().await;
    let admin = server.admin().await;
    for (condition, names) in [
        (json!({"username": "BOB"}), &["bob"][..]),
        (
            json!({"username": {"$in": ["bob", "carol", "nobody"]}}),
            &["bob", "carol"],
        ),
        (
            json!({"username": {"$nin": ["ada", "admin", "bob"]}}),
            &["carol", "dave"],
        ),
        (json!({"emails.address": "Dave@Example.com"}), &["dave"]),
        (json!({"status": "busy"}), &["carol"]),
        (json!({"roles": "admin"}), &["admin"]),
        (
            json!({"customFields.team": "north", "customFields.pay": {"$exists": false}}),
            &["bob"],
        ),
        (json!({"customFields.pay": {"$ne": null}}), &["carol"]),
        (
            json!({"$nor": [{"customFields.team": "north"}, {"roles": "admin"}]}),
            &["ada", "dave"],
        ),
        (
            json!({"$and": [{"active": true}, {"type": "user"}, {"username": "dave"}]}),
            &["dave"],
        ),
        (json!({"active": false}), &[]),
    ] {
        assert_eq!(
            found(&admin, &[("query", &condition.to_string())]).await,
            names,
            "{condition}"
        );
    }
    let id = admin.get("users.info?username=bob").await.expect(200)["user"]["_id"].clone();
    assert_eq!(
        found(&admin, &[("query", &json!({"_id": id}).to_string())]).await,
        ["bob"]
    );
}

#[tokio::test]
async fn single_fields_filter_a_list_and_join_the_query() {
    let server = team().await;
    let admin = server.admin().await;
    assert_eq!(found(&admin, &[("username", "Carol")]).await, ["carol"]);
    assert_eq!(found(&admin, &[("customFields.team", "north")]).await, ["bob", "carol"]);
    assert_eq!(
        found(&admin, &[("customFields[team]", "north"), ("username", "bob")]).await,
        ["bob"]
    );
    let busy = json!({"status": "busy"}).to_string();
    assert_eq!(
        found(&admin, &[("customFields.team", "north"), ("query", &busy)]).await,
        ["carol"]
    );
    let name = admin.get("users.info?username=dave").await.expect(200)["user"]["name"].clone();
    if let Value::String(name) = name {
        assert_eq!(found(&admin, &[("name", &name)]).await, ["dave"]);
    }
    assert!(found(&admin, &[("name", "no such name")]).await.is_empty());
}

#[tokio::test]
async fn what_is_no_known_query_is_refused_and_never_ignored() {
    let server = team().await;
    let admin = server.admin().await;
    for condition in [
        r#"{"username":{"$regex":"b"}}"#,
        r#"{"$where":"true"}"#,
        r#"{"services.password":{"$exists":true}}"#,
        r#"{"customFields.":1}"#,
        r#"{"username":{"$gt":""}}"#,
        r"[]",
        "{",
    ] {
        let body = admin
            .get(&format!("users.list?{}", encoded(&[("query", condition)])))
            .await
            .expect(400);
        assert_eq!(body["errorType"], json!("error-invalid-query"), "{body}");
        let words = body["error"].as_str().expect("words");
        assert!(words.starts_with("Invalid query parameter provided: "), "{words}");
        let selector = json!({"term": "b", "conditions": {"x": 1}}).to_string();
        let body = admin
            .get(&format!("users.autocomplete?{}", encoded(&[("selector", &selector)])))
            .await
            .expect(400);
        assert_eq!(body["errorType"], json!("error-invalid-query"), "{body}");
    }
    let misspelt = admin.get("users.list?cuont=1").await.expect(400);
    assert_eq!(misspelt["details"], json!({"field": "cuont", "nearest": "count"}));
}

#[tokio::test]
async fn a_query_on_what_the_viewer_does_not_see_is_refused() {
    let server = team().await;
    let dave = server.logged_in("dave").await;
    for hidden in ["emails.address", "roles", "customFields.pay", "customFields.unknown"] {
        for condition in [json!({hidden: {"$exists": true}}), json!({"$nor": [{hidden: "x"}]})] {
            let query = encoded(&[("query", &condition.to_string())]);
            dave.get(&format!("users.list?{query}")).await.expect(403);
            let selector = encoded(&[("selector", &json!({"term": "", "conditions": condition}).to_string())]);
            dave.get(&format!("users.autocomplete?{selector}")).await.expect(403);
        }
    }
    assert_eq!(found(&dave, &[("customFields.team", "north")]).await, ["bob", "carol"]);
    assert_eq!(found(&dave, &[("query", r#"{"status":"busy"}"#)]).await, ["carol"]);
    let carol = server.logged_in("carol").await;
    carol
        .post("users.setStatus", &json!({"status": "offline", "message": ""}))
        .await
        .expect(200);
    assert!(
        found(&dave, &[("query", r#"{"status":"busy"}"#)]).await.is_empty(),
        "an invisible user is offline"
    );
    let offline = found(&dave, &[("query", r#"{"status":"offline"}"#)]).await;
    assert!(offline.contains(&"carol".to_owned()), "{offline:?}");
}

#[tokio::test]
async fn suggestions_are_only_users_for_whom_the_conditions_hold() {
    let server = team().await;
    let dave = server.logged_in("dave").await;
    let ask = async |conditions: Value| {
        let selector = json!({"term": "", "conditions": conditions}).to_string();
        let body = dave
            .get(&format!("users.autocomplete?{}", encoded(&[("selector", &selector)])))
            .await
            .expect(200);
        let items = body["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|user| user["username"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ask(json!({"customFields.team": "north"})).await, ["bob", "carol"]);
    assert_eq!(
        ask(json!({"username": {"$nin": ["ada", "admin", "bob"]}})).await,
        ["carol", "dave"]
    );
}
