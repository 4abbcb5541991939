//! Pages, filters and orders of the list.

use serde_json::{Value, json};

use crate::support::{Client, TestServer};

/// A query with the signs in it that addresses do not have.
fn encoded(query: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form_urlencoded::parse(query.as_bytes()))
        .finish()
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let path = format!("custom-user-status.list?{}", encoded(query));
    let body = client.get(&path).await.expect(200);
    let statuses = body["statuses"].as_array().expect("a list");
    assert_eq!(body["count"], statuses.len());
    statuses
        .iter()
        .map(|status| status["name"].as_str().expect("a name").to_owned())
        .collect()
}

async fn with_statuses(statuses: &[(&str, &str)]) -> (TestServer, Client) {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (name, status_type) in statuses {
        server.pass(1);
        admin.create_status(name, status_type).await.expect(200);
    }
    let user = server.user().await;
    (server, user)
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let (_server, user) = with_statuses(&[]).await;
    let empty = json!({"statuses": [], "count": 0, "offset": 0, "total": 0, "success": true});
    assert_eq!(user.get("custom-user-status.list").await.expect(200), empty);
    assert_eq!(user.get("custom-user-status.list?").await.expect(200), empty);
}

#[tokio::test]
async fn pages_have_fifty_items_unless_told_and_a_hundred_at_most() {
    let names: Vec<_> = (0..120).map(|number| format!("name {number:03}")).collect();
    let statuses: Vec<_> = names.iter().map(|name| (name.as_str(), "busy")).collect();
    let (_server, user) = with_statuses(&statuses).await;
    for (query, count, offset) in [
        ("", 50, 0),
        ("count=7", 7, 0),
        ("count=7&offset=3", 7, 3),
        ("count=101", 100, 0),
        ("count=0", 120, 0),
        ("count=0&offset=119", 1, 119),
        ("offset=120", 0, 120),
        ("offset=99999999999999999999999", 0, usize::MAX),
    ] {
        let body = user.get(&format!("custom-user-status.list?{query}")).await.expect(200);
        let page: Vec<_> = body["statuses"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|status| &status["name"])
            .collect();
        let expected: Vec<_> = names.iter().skip(offset).take(count).collect();
        assert_eq!(page, expected, "{query}");
        let counts = (&body["count"], &body["offset"], &body["total"]);
        assert_eq!(counts, (&json!(count), &json!(offset), &json!(120)), "{query}");
    }
}

#[tokio::test]
async fn the_filters_find_a_part_of_the_name_or_the_whole_id() {
    let (_server, user) = with_statuses(&[
        ("Lunch", "away"),
        ("late lunch", "busy"),
        ("a.b", "online"),
        ("ÄRGER", "busy"),
    ])
    .await;
    assert_eq!(names(&user, "name=lunch").await, ["Lunch", "late lunch"]);
    assert_eq!(names(&user, "name=ärger").await, ["ÄRGER"]);
    assert_eq!(names(&user, "name=a.b").await, ["a.b"], "no pattern");
    assert_eq!(names(&user, "name=.*").await, [""; 0]);
    assert_eq!(names(&user, "name=").await.len(), 4);
    let list = user.get("custom-user-status.list?name=late").await.expect(200);
    assert_eq!(list["total"], 1);
    let id = list["statuses"][0]["_id"].as_str().expect("an id").to_owned();
    assert_eq!(names(&user, &format!("_id={id}")).await, ["late lunch"]);
    assert_eq!(names(&user, &format!("_id={}", &id[1..])).await, [""; 0]);
}

#[tokio::test]
async fn the_order_is_by_name_unless_told() {
    let (_server, user) = with_statuses(&[("b", "busy"), ("C", "away"), ("a", "online"), ("d", "away")]).await;
    assert_eq!(names(&user, "").await, ["C", "a", "b", "d"]);
    assert_eq!(names(&user, r#"sort={"name":-1}"#).await, ["d", "b", "a", "C"]);
    assert_eq!(names(&user, r#"sort={"_updatedAt":1}"#).await, ["b", "C", "a", "d"]);
    assert_eq!(
        names(&user, r#"sort={"statusType":1,"name":-1}"#).await,
        ["d", "C", "b", "a"]
    );
    assert_eq!(names(&user, r#"sort={"name":-1}&count=2&offset=1"#).await, ["b", "a"]);
    assert_eq!(names(&user, "sort=").await, ["C", "a", "b", "d"]);
}

#[tokio::test]
async fn an_order_that_is_none_is_refused() {
    let (_server, user) = with_statuses(&[]).await;
    for raw in ["name", r#"{"name":2}"#, r#"{"name":"asc"}"#, "[1]", "{"] {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("sort", raw)
            .finish();
        let body = user.get(&format!("custom-user-status.list?{query}")).await.expect(400);
        let expected = json!({
            "success": false,
            "error": format!("Invalid sort parameter provided: \"{raw}\" [error-invalid-sort]"),
            "errorType": "error-invalid-sort",
            "details": {"helperMethod": "parseJsonQuery"},
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn wrong_and_unknown_parameters_are_refused_and_a_query_is_obeyed() {
    let (_server, user) = with_statuses(&[("lunch", "away"), ("call", "busy"), ("cafe\u{301}", "away")]).await;
    for (query, words) in [
        ("count=ten", "must be integer [invalid-params]"),
        ("count=-1", "must be >= 0 [invalid-params]"),
        ("offset=1.5", "must be integer [invalid-params]"),
        ("nam=lunch", "must NOT have additional properties [invalid-params]"),
    ] {
        let body = user.get(&format!("custom-user-status.list?{query}")).await.expect(400);
        assert_eq!(
            (&body["error"], &body["errorType"]),
            (&json!(words), &json!("invalid-params")),
            "{query}"
        );
    }
    for (condition, found) in [
        (r#"{"name":{"$ne":"lunch"}}"#, &["café", "call"][..]),
        (r#"{"statusType":"away"}"#, &["café", "lunch"]),
        (r#"{"name":"cafe\u0301"}"#, &["café"]),
        (r#"{"$or":[{"name":"call"},{"name":"lunch"}]}"#, &["call", "lunch"]),
    ] {
        let mut names = names(&user, &format!("fields={{\"name\":1}}&query={condition}")).await;
        names.sort();
        assert_eq!(names, found, "{condition}");
    }
    let refused = user
        .get("custom-user-status.list?query=%7B%22emoji%22%3A1%7D")
        .await
        .expect(400);
    assert_eq!(refused["errorType"], json!("error-invalid-query"));
}

#[tokio::test]
async fn a_list_has_exactly_the_documented_keys() {
    let (_server, user) = with_statuses(&[("lunch", "away")]).await;
    let body = user.get("custom-user-status.list").await.expect(200);
    let keys = |value: &Value| {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&body), ["statuses", "count", "offset", "total", "success"]);
    assert_eq!(keys(&body["statuses"][0]), ["_id", "name", "statusType", "_updatedAt"]);
}
