//! Looking users up.

use rollcall::admin_socket::Command;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::errors::{coded, plain, schema};
use crate::support::server::{DAY, PASSWORD, create_user, fix};
use crate::support::{Client, TestServer};

async fn names(client: &Client, query: &str) -> Vec<String> {
    let body = client.get(query).await.expect(200);
    let users = body["users"].as_array().expect("users").clone();
    users
        .iter()
        .map(|user| user["username"].as_str().expect("a name").to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_is_paged_sorted_and_filtered() {
    let server = TestServer::start().await;
    for name in ["Carol", "bob", "dave"] {
        server.command(create_user(name)).await;
    }
    let admin = server.admin().await;
    assert_eq!(
        names(&admin, "users.list").await,
        ["ada", "admin", "bob", "Carol", "dave"]
    );
    assert_eq!(names(&admin, "users.list?offset=1&count=2").await, ["admin", "bob"]);
    assert_eq!(
        names(&admin, "users.list?sort=%7B%22username%22%3A-1%7D&count=1").await,
        ["dave"]
    );
    assert_eq!(names(&admin, "users.list?email=CAROL@example.com").await, ["Carol"]);
    // Clients send fields and an empty query.
    assert_eq!(
        names(
            &admin,
            "users.list?fields=%7B%22username%22%3A1%7D&query=%7B%7D&count=1"
        )
        .await,
        ["ada"]
    );
    let page = admin.get("users.list?count=2&offset=4").await.expect(200);
    assert_eq!(
        (&page["count"], &page["offset"], &page["total"]),
        (&json!(1), &json!(4), &json!(5))
    );
    let raw = "{\"username\":2}";
    let refused = admin.get("users.list?sort=%7B%22username%22%3A2%7D").await.expect(400);
    let words = format!("Invalid sort parameter provided: \"{raw}\"");
    assert_eq!(
        refused,
        coded(&words, "error-invalid-sort", json!({"helperMethod": "parseJsonQuery"}))
    );
}

#[tokio::test]
async fn what_others_may_not_see_they_neither_see_nor_search_nor_sort_by() {
    let server = TestServer::start().await;
    server.admin().await;
    let user = server.user().await;
    let list = user.get("users.list").await.expect(200);
    let line = |name: &str| {
        let users = list["users"].as_array().expect("users");
        users
            .iter()
            .find(|user| user["username"] == name)
            .expect("a line")
            .clone()
    };
    let keys = |value: &Value| {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let seen = ["_id", "username", "name", "nameInsensitive", "status", "active", "type"];
    assert_eq!(keys(&line("admin")), seen);
    assert!(keys(&line("ada")).contains(&"emails".to_owned()), "of oneself");
    user.get("users.list?email=admin@example.com").await.expect(403);
    assert_eq!(
        names(&user, "users.listByStatus?searchTerm=admin@example").await,
        [""; 0]
    );
    assert_eq!(
        user.get("users.info?email=admin@example.com").await.expect(400),
        plain("User not found.")
    );
}

#[tokio::test]
async fn users_are_listed_by_whether_they_may_log_in() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let admin = server.admin().await;
    let off = Command::SetActive {
        user: "bob".into(),
        active: false,
    };
    server.command(off).await;
    assert_eq!(names(&admin, "users.listByStatus?status=deactivated").await, ["bob"]);
    assert_eq!(
        names(&admin, "users.listByStatus?status=active").await,
        ["ada", "admin"]
    );
    assert_eq!(names(&admin, "users.listByStatus?hasLoggedIn=true").await, ["admin"]);
    assert_eq!(
        names(&admin, "users.listByStatus?roles[]=admin&roles[]=bot").await,
        ["admin"]
    );
    assert_eq!(names(&admin, "users.listByStatus?searchTerm=BOB@exa").await, ["bob"]);
    assert_eq!(
        names(&admin, "users.listByStatus?inactiveReason[]=deactivated").await,
        ["bob"]
    );
    assert_eq!(names(&admin, "users.listByStatus?type=bot").await, [""; 0]);
    assert_eq!(
        admin.get("users.listByStatus?status=sleepy").await.expect(400),
        schema("must be equal to one of the allowed values", "status")
    );
}

#[tokio::test]
async fn a_user_is_found_by_id_name_or_address_and_all_is_shown_to_who_may_see_it() {
    let server = TestServer::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    for query in [
        format!("userId={}", user.id()),
        "username=ADA".into(),
        "email=ada@example.com".into(),
    ] {
        let found = admin.get(&format!("users.info?{query}")).await.expect(200);
        assert_eq!(found["user"]["_id"], user.id(), "{query}");
        assert_eq!(found["user"]["canViewAllInfo"], true);
        assert_eq!(found["user"]["emails"][0]["address"], "ada@example.com");
    }
    let stranger = user.get("users.info?username=admin").await.expect(200)["user"].clone();
    assert_eq!(stranger["canViewAllInfo"], false);
    for hidden in [
        "emails",
        "roles",
        "createdAt",
        "lastLogin",
        "settings",
        "services",
        "_updatedAt",
        "statusDefault",
    ] {
        assert!(stranger.get(hidden).is_none(), "{hidden} in {stranger}");
    }
    let words = "must match a schema in anyOf";
    for query in ["users.info", "users.info?userId=a&username=b"] {
        assert_eq!(user.get(query).await.expect(400), schema(words, "username"));
    }
    for query in [
        "users.info?userId=none",
        "users.info?username=",
        "users.info?importId=5",
    ] {
        assert_eq!(user.get(query).await.expect(400), plain("User not found."), "{query}");
    }
}

#[tokio::test]
async fn ten_are_suggested_while_typing_and_none_who_is_excepted_or_inactive() {
    let server = TestServer::start().await;
    for number in 0..12 {
        server.command(create_user(&format!("bob{number:02}"))).await;
    }
    let off = Command::SetActive {
        user: "bob00".into(),
        active: false,
    };
    server.command(off).await;
    let user = server.user().await;
    let ask = async |selector: &str| {
        let encoded: String = form_urlencoded::byte_serialize(selector.as_bytes()).collect();
        user.get(&format!("users.autocomplete?selector={encoded}")).await
    };
    let found = ask("{\"term\":\"BOB\",\"exceptions\":[\"bob01\"],\"conditions\":{}}")
        .await
        .expect(200);
    let items = found["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[0]["username"]), (10, &json!("bob02")));
    assert_eq!(ask("[").await.expect(400), schema("must be a JSON object", "selector"));
}

#[tokio::test]
async fn usernames_are_suggested_and_checked() {
    let server = TestServer::start_with(|_| {}).await;
    let admin = server.admin().await;
    let bob = json!({
        "email": "bob@example.com", "name": "Bob van Dyk", "username": "bob", "password": PASSWORD,
    });
    admin.post("users.create", &bob).await.expect(200);
    let bob = server.logged_in("bob").await;
    let suggested = bob.get("users.getUsernameSuggestion").await.expect(200);
    assert_eq!(suggested, json!({"result": "bob.van.dyk", "success": true}));
    server.command(create_user("bob.van.dyk")).await;
    assert_eq!(
        bob.get("users.getUsernameSuggestion").await.expect(200)["result"],
        "bob.van.dyk-1"
    );
    for (name, free) in [("free", true), ("BOB", true), ("ada", false), ("b%20b", false)] {
        let answer = bob
            .get(&format!("users.checkUsernameAvailability?username={name}"))
            .await;
        assert_eq!(answer.expect(200)["result"], free, "{name}");
    }
    bob.get("users.checkUsernameAvailability?username=all")
        .await
        .expect(400);
    assert_eq!(
        bob.get("users.checkUsernameAvailability").await.expect(400),
        schema("must have required property 'username'", "username")
    );
    let fixed = TestServer::start_with(|options| {
        fix(options, &[(SettingId::AllowUsernameChange, SettingValue::Flag(false))]);
    })
    .await;
    let refused = fixed
        .user()
        .await
        .get("users.checkUsernameAvailability?username=x")
        .await;
    let details = json!({"method": "checkUsernameAvailability"});
    assert_eq!(refused.expect(400), coded("Not allowed", "error-not-allowed", details));
}

#[tokio::test]
async fn a_sleeping_account_can_be_found_and_switched_off() {
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    server.logged_in("bob").await;
    server.pass(40 * DAY);
    let admin = server.admin().await;
    server.user().await;
    let done = admin
        .post_proved("users.deactivateIdle", &json!({"daysIdle": 30}))
        .await
        .expect(200);
    assert_eq!(done, json!({"count": 1, "success": true}));
    assert_eq!(
        names(&admin, "users.listByStatus?inactiveReason[]=idle_too_long").await,
        ["bob"]
    );
    let again = admin
        .post_proved("users.deactivateIdle", &json!({"daysIdle": 30, "role": "bot"}))
        .await
        .expect(200);
    assert_eq!(again["count"], 0);
}

#[tokio::test]
async fn fields_choose_what_an_answer_has_and_nothing_that_the_caller_may_not_see() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let own = json!({"userId": ada.id(), "data": {"customFields": {"team": "north"}}});
    admin.post("users.update", &own).await.expect(200);
    let ask = async |client: &Client, endpoint: &str, fields: &str| {
        let pairs = form_urlencoded::Serializer::new(String::new())
            .append_pair("username", "ada")
            .append_pair("fields", fields)
            .finish();
        client.get(&format!("{endpoint}?{pairs}")).await
    };
    let ada_id = json!(ada.id());
    for (fields, expected) in [
        (r#"{"username":1}"#, json!({"_id": ada_id, "username": "ada"})),
        (r#"{"username":1,"_id":0}"#, json!({"username": "ada"})),
        (
            r#"{"emails.address":1}"#,
            json!({"_id": ada_id, "emails": [{"address": "ada@example.com"}]}),
        ),
        (
            r#"{"customFields":1}"#,
            json!({"_id": ada_id, "customFields": {"team": "north"}}),
        ),
        (r#"{"phone":1}"#, json!({"_id": ada_id})),
    ] {
        let listed = ask(&admin, "users.list", fields).await.expect(200);
        assert_eq!(
            (&listed["users"], &listed["total"]),
            (&json!([expected]), &json!(1)),
            "{fields}"
        );
        let found = ask(&admin, "users.info", fields).await.expect(200);
        assert_eq!(found, json!({"user": expected, "success": true}), "{fields}");
    }
    let without = ask(&admin, "users.list", r#"{"emails":0,"roles":0}"#).await.expect(200);
    let line = &without["users"][0];
    assert!(
        line.get("emails").is_none() && line.get("roles").is_none() && line["status"] == "offline",
        "{line}"
    );
    // Asking for a field shows no more of another user than the answer has.
    let hidden = json!({"_id": admin.id()});
    let of_admin = ada
        .get("users.list?username=admin&fields=%7B%22emails%22%3A1%2C%22roles%22%3A1%7D")
        .await;
    assert_eq!(of_admin.expect(200)["users"], json!([hidden]));
    let raw = r#"{"password":1}"#;
    for endpoint in ["users.list", "users.info"] {
        let refused = ask(&admin, endpoint, raw).await.expect(400);
        assert_eq!(refused["errorType"], "error-invalid-fields");
        let words = format!("Invalid fields parameter provided: \"{raw}\": password is not a field of this list");
        assert_eq!(refused["error"], format!("{words} [error-invalid-fields]"));
        ask(&admin, endpoint, "username").await.expect(400);
    }
}

#[tokio::test]
async fn a_list_has_custom_fields_where_it_is_asked_to_and_only_public_ones_of_others() {
    let rules = r#"{"team": {"type": "text", "public": true}, "desk": {"type": "text"}}"#;
    let rules = (SettingId::CustomFields, SettingValue::Text(rules.into()));
    let server = TestServer::start_with(|options| fix(options, &[rules])).await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let change = json!({"userId": admin.id(), "data": {"customFields": {"team": "north", "desk": "4"}}});
    admin.post("users.update", &change).await.expect(200);
    let of_admin = async |client: &Client, more: &str| {
        let body = client
            .get(&format!("users.list?username=admin{more}"))
            .await
            .expect(200);
        body["users"][0].get("customFields").cloned()
    };
    assert_eq!(of_admin(&ada, "").await, None);
    assert_eq!(of_admin(&ada, "&includeCustomFields=false").await, None);
    assert_eq!(
        of_admin(&ada, "&includeCustomFields=true").await,
        Some(json!({"team": "north"}))
    );
    let all = Some(json!({"team": "north", "desk": "4"}));
    assert_eq!(of_admin(&admin, "&includeCustomFields=true").await, all);
}

#[tokio::test]
async fn users_see_in_their_own_record_that_they_have_a_password_and_never_the_hash() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let exists = json!({"password": {"exists": true}});
    let bio = json!({"data": {"bio": "analyst"}});
    let bodies = [
        ada.get("me").await.expect(200),
        ada.get("users.info?username=ada").await.expect(200)["user"].clone(),
        ada.post("users.updateOwnBasicInfo", &bio).await.expect(200)["user"].clone(),
    ];
    for own in &bodies {
        assert_eq!(own["services"], exists, "{own}");
        assert!(!own.to_string().contains("$argon2"), "{own}");
    }
    let of_other = admin.get("users.info?username=ada").await.expect(200);
    assert_eq!(of_other["user"].get("services"), None);
    let mut all = admin.get("users.list").await.expect(200).to_string();
    all.push_str(&ada.get("users.list").await.expect(200).to_string());
    assert!(!all.contains("services"), "{all}");
}
