//! The section of the administration for the custom statuses of the team.

use serde_json::{Value, json};

use crate::support::server::{ADMIN, USER};
use crate::support::visitor::text;
use crate::support::{Answer, Client, TestServer, Visitor};
use crate::web::words::assert_words;

const NEW: &str = "/admin/statuses/new";

/// The fields of a form without errors.
const LUNCH: [(&str, &str); 6] = [
    ("name", " Lunch "),
    ("emoji", "🥪"),
    ("other-emoji", ""),
    ("status-type", "away"),
    ("lasts", "45"),
    ("minutes", ""),
];

/// Returns [`LUNCH`] with other values in some fields.
fn but<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = LUNCH
        .into_iter()
        .filter(|(name, _)| changes.iter().all(|(other, _)| other != name))
        .collect();
    fields.extend(changes);
    fields
}

async fn stored(client: &Client) -> Vec<Value> {
    let list = client.get("custom-user-status.list").await.expect(200);
    list["statuses"].as_array().expect("a list").clone()
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_else(|| panic!("{}", text(answer)))
}

#[tokio::test]
async fn a_status_is_created_changed_and_deleted() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let page = visitor.page("/admin/statuses").await;
    assert!(page.contains("No custom statuses yet"), "{page}");

    let answer = visitor.submit(NEW, &LUNCH).await;
    assert_eq!(location(&answer), "/admin/statuses?note=custom-status-saved");
    let lunch = stored(&admin).await.remove(0);
    assert_eq!(
        (
            &lunch["name"],
            &lunch["statusType"],
            &lunch["emoji"],
            &lunch["durationMinutes"]
        ),
        (&json!("Lunch"), &json!("away"), &json!("🥪"), &json!(45))
    );
    let page = visitor.page("/admin/statuses?note=custom-status-saved").await;
    for part in [
        "The status is saved.",
        "<bdi>Lunch</bdi>",
        "🥪",
        "45 min",
        ">Away<",
        "<kbd aria-hidden=\"true\">1</kbd>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }

    let id = lunch["_id"].as_str().expect("an id");
    let edit = format!("/admin/statuses/{id}");
    let page = visitor.page(&edit).await;
    for part in [
        "value=\"Lunch\"",
        "value=\"away\" checked",
        "value=\"45\" checked",
        "value=\"🥪\" aria-label=\"🥪\" checked",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let changed = but(&[
        ("name", "Long lunch"),
        ("emoji", "none"),
        ("status-type", "offline"),
        ("lasts", "exact"),
        ("minutes", "95"),
    ]);
    let answer = visitor.submit(&edit, &changed).await;
    assert_eq!(location(&answer), "/admin/statuses?note=custom-status-saved");
    let lunch = stored(&admin).await.remove(0);
    assert_eq!(
        (
            &lunch["name"],
            &lunch["statusType"],
            &lunch["emoji"],
            &lunch["durationMinutes"]
        ),
        (&json!("Long lunch"), &json!("offline"), &Value::Null, &json!(95))
    );
    let page = visitor.page(&edit).await;
    assert!(
        page.contains("value=\"exact\" checked") && page.contains("value=\"95\""),
        "{page}"
    );
    let palm = but(&[("other-emoji", ":palm_tree:"), ("lasts", "0")]);
    visitor.submit(&edit, &palm).await;
    let lunch = stored(&admin).await.remove(0);
    assert_eq!(
        (&lunch["emoji"], &lunch["durationMinutes"]),
        (&json!(":palm_tree:"), &Value::Null)
    );
    let page = visitor.page(&edit).await;
    assert!(
        page.contains("value=\":palm_tree:\" aria-label=\":palm_tree:\" checked"),
        "{page}"
    );

    let question = format!("/admin/statuses/delete?id={id}");
    let page = visitor.page(&question).await;
    assert!(
        page.contains("Delete “\u{2068}Lunch\u{2069}”?") && page.contains("btn danger"),
        "{page}"
    );
    assert_eq!(stored(&admin).await.len(), 1, "a question deletes nothing");
    for _ in 0..2 {
        let token = crate::support::visitor::token(&visitor.page("/admin/statuses").await);
        let answer = visitor.post(&question, &[("form-token", &token)]).await;
        assert_eq!(location(&answer), "/admin/statuses?note=custom-status-deleted");
    }
    assert!(stored(&admin).await.is_empty());
    for gone in [&edit, &question] {
        assert_eq!(visitor.get(gone).await.status, 404, "{gone}");
    }
    let answer = visitor.submit_from("/admin/statuses", &edit, &LUNCH).await;
    assert_eq!(answer.status, 422);
    assert!(text(&answer).contains("This status was deleted. Choose another one."));
}

#[tokio::test]
async fn a_status_keeps_what_another_administrator_changed_in_the_meantime() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let lunch = json!({"name": "Lunch", "statusType": "away", "emoji": "🥪", "durationMinutes": 45});
    admin.post("custom-user-status.create", &lunch).await.expect(200);
    let id = stored(&admin).await[0]["_id"].as_str().expect("an id").to_owned();
    let path = format!("/admin/statuses/{id}");
    let page = visitor.page(&path).await;
    for shown in [
        "name=\"was:name\" value=\"Lunch\"",
        "name=\"was:emoji\" value=\"🥪\"",
        "name=\"was:status-type\" value=\"away\"",
        "name=\"was:lasts\" value=\"45\"",
        "name=\"was:minutes\" value=\"\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let meanwhile = json!({"_id": id, "name": "Lunch", "statusType": "busy", "emoji": "🍜", "durationMinutes": 100});
    admin.post("custom-user-status.update", &meanwhile).await.expect(200);
    let fields = [
        ("was:name", "Lunch"),
        ("name", "Long lunch"),
        ("was:emoji", "🥪"),
        ("emoji", "🥪"),
        ("was:status-type", "away"),
        ("status-type", "away"),
        ("was:lasts", "45"),
        ("lasts", "45"),
        ("was:minutes", ""),
        ("minutes", ""),
    ];
    let answer = visitor.submit(&path, &fields).await;
    assert_eq!(
        location(&answer),
        "/admin/statuses?note=custom-status-saved",
        "{}",
        text(&answer)
    );
    let now = &stored(&admin).await[0];
    assert_eq!(
        (&now["name"], &now["statusType"], &now["emoji"], &now["durationMinutes"]),
        (&json!("Long lunch"), &json!("busy"), &json!("🍜"), &json!(100))
    );
}

#[tokio::test]
async fn the_sentences_of_the_contract_stand_at_their_fields() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    admin.create_status("Busy", "busy").await.expect(200);
    for (changes, sentence) in [
        (&[("name", " ")][..], "The field Name is required"),
        (
            &[("name", "Busy"), ("status-type", "Offline")],
            "The custom user status name is already in use",
        ),
        (&[("name", "<b>x")], "&#60;b&#62;x is not a valid name"),
        (&[("status-type", "Offline")], "Offline is not a valid status type"),
        (&[("status-type", "")], "The field StatusType is required"),
        (
            &[("other-emoji", "two words")],
            "must be an emoji or its short code, 64 characters at most",
        ),
        (
            &[("lasts", "exact"), ("minutes", "0")],
            "Enter the minutes, from 1 to 527040.",
        ),
        (
            &[("lasts", "exact"), ("minutes", "527041")],
            "Enter the minutes, from 1 to 527040.",
        ),
        (&[("lasts", "7")], "Enter the minutes, from 1 to 527040."),
    ] {
        let answer = visitor.submit(NEW, &but(changes)).await;
        let page = text(&answer);
        assert_eq!(answer.status, 422, "{sentence}");
        assert!(page.contains(&format!(">{sentence}</span>")), "{sentence}: {page}");
        assert!(!page.contains("<b>x") && !page.contains("[error-"), "{page}");
    }
    assert_eq!(stored(&admin).await.len(), 1);
    let taken = visitor.submit(NEW, &but(&[("name", "Busy")])).await;
    let page = text(&taken);
    assert!(
        page.contains("aria-invalid=\"true\" aria-describedby=\"name-err\""),
        "{page}"
    );
    assert!(
        page.contains("value=\"Busy\"") && page.contains("value=\"away\" checked"),
        "{page}"
    );
}

#[tokio::test]
async fn who_may_not_manage_statuses_finds_no_page_and_changes_nothing() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let status = admin.create_status("Lunch", "away").await.expect(200);
    let id = status["customUserStatus"]["_id"].as_str().expect("an id");
    let ada = Visitor::signed_in(&server, USER).await;
    let (edit, delete) = (
        format!("/admin/statuses/{id}"),
        format!("/admin/statuses/delete?id={id}"),
    );
    for path in ["/admin/statuses", NEW, &edit, &delete] {
        assert_eq!(ada.get(path).await.status, 403, "{path}");
    }
    for path in [NEW, &edit, &delete] {
        let answer = ada.submit_from("/", path, &but(&[("name", "Mine")])).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(admin.status_names().await, ["Lunch"]);
    assert!(!ada.page("/").await.contains("/admin"));
}

#[tokio::test]
async fn a_long_list_has_pages_in_both_languages() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for number in 1..=51 {
        admin
            .create_status(&format!("Status {number:02}"), "busy")
            .await
            .expect(200);
    }
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let (first, second) = (
        visitor.page("/admin/statuses").await,
        visitor.page("/admin/statuses?page=2").await,
    );
    assert!(first.contains("Status 50") && !first.contains("Status 51"), "{first}");
    assert!(
        first.contains("1 to 50 of 51") && first.contains("href=\"?page=2\""),
        "{first}"
    );
    assert!(
        second.contains("Status 51") && !second.contains("<kbd aria-hidden=\"true\">"),
        "{second}"
    );
    // For a number after the last page, the server shows the last page.
    let beyond = visitor.page("/admin/statuses?page=99").await;
    assert!(
        beyond.contains("Status 51") && beyond.contains("51 to 51 of 51"),
        "{beyond}"
    );
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    for path in ["/admin/statuses", NEW] {
        let page = german.page(path).await;
        assert!(page.contains("Neuer Status"), "{page}");
        assert_words(&page, path, "de");
    }
}
