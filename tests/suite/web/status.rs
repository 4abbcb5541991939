//! The user's own status, set on its page without a script.

use serde_json::{Value, json};

use crate::support::server::{MINUTE, USER};
use crate::support::visitor::text;
use crate::support::{Client, TestServer, Visitor};

async fn shown(client: &Client) -> (String, String, Value, Value) {
    let status = client.get("users.getStatus").await.expect(200);
    let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
    (
        text("status"),
        text("message"),
        status["statusEmoji"].clone(),
        status["statusExpiresAt"].clone(),
    )
}

#[tokio::test]
async fn a_status_is_set_in_own_words_with_an_end_on_the_readers_clock() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    // The test begins at 11:44 UTC on a Saturday, which is 13:14 on this device.
    visitor.set_cookie("rollcall-offset", "90");
    for (ends, expected) in [
        ("never", Value::Null),
        ("30m", json!("2023-11-04T12:14:23.366Z")),
        ("1h", json!("2023-11-04T12:44:23.366Z")),
        ("today", json!("2023-11-04T22:30:00.000Z")),
        ("week", json!("2023-11-05T22:30:00.000Z")),
        ("exact", json!("2023-11-04T15:30:00.000Z")),
    ] {
        let fields = [
            ("status", "away"),
            ("text", " lunch\u{7} "),
            ("emoji", "🥪"),
            ("ends", ends),
            ("date", "2023-11-04"),
            ("time", "17:00"),
            ("set", "1"),
        ];
        let answer = visitor.submit("/my-status", &fields).await;
        assert_eq!(
            answer.header("location"),
            Some("/?note=status-set"),
            "{}",
            text(&answer)
        );
        assert_eq!(
            shown(&ada).await,
            ("away".into(), "lunch".into(), json!("🥪"), expected),
            "{ends}"
        );
    }
    let board = visitor.page("/?note=status-set").await;
    assert!(
        board.contains("until 17:00, then Away") && board.contains("Your status is set."),
        "{board}"
    );
    let answer = visitor.submit_from("/", "/my-status/end", &[]).await;
    assert_eq!(answer.header("location"), Some("/?note=status-cleared"));
    assert_eq!(
        shown(&ada).await.3,
        json!("2023-11-05T22:30:00.000Z"),
        "what lay below shows again"
    );
    visitor.submit("/my-status", &[("clear", "1")]).await;
    assert_eq!(shown(&ada).await.1, "");
}

#[tokio::test]
async fn the_statuses_of_the_team_and_recent_ones_take_one_click() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let lunch = json!({"name": "Lunch", "statusType": "away", "emoji": "🥪", "durationMinutes": 45});
    let lunch = admin.post("custom-user-status.create", &lunch).await.expect(200);
    let id = lunch["customUserStatus"]["_id"].as_str().expect("an id").to_owned();
    ada.post("users.setStatus", &json!({"status": "busy", "message": "writing"}))
        .await
        .expect(200);
    let visitor = Visitor::signed_in(&server, USER).await;
    let page = visitor.page("/my-status").await;
    assert!(
        page.contains("<bdi>Lunch</bdi>") && page.contains("45 min") && page.contains("data-digit=\"1\""),
        "{page}"
    );
    assert!(
        page.contains("<bdi>writing</bdi>") && page.contains("data-digit=\"2\""),
        "{page}"
    );
    visitor
        .submit("/my-status", &[("preset", &format!("status-{id}"))])
        .await;
    let end = json!("2023-11-04T12:29:23.366Z");
    assert_eq!(shown(&ada).await, ("away".into(), "Lunch".into(), json!("🥪"), end));
    visitor.submit("/my-status", &[("preset", "recent-0")]).await;
    let (_, message, ..) = shown(&ada).await;
    assert_eq!(message, "Lunch", "the newest of the recent ones");
    for wrong in ["recent-99", "recent-x", "status-000000000000000000000000"] {
        let answer = visitor.submit("/my-status", &[("preset", wrong)]).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
    server.pass(46 * MINUTE);
}

#[tokio::test]
async fn what_cannot_be_set_is_said_on_the_page() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    for (fields, words) in [
        (
            &[
                ("status", "busy"),
                ("ends", "exact"),
                ("date", "2020-01-01"),
                ("time", "10:00"),
            ][..],
            "This end has passed.",
        ),
        (
            &[("status", "busy"), ("ends", "exact"), ("date", ""), ("time", "")],
            "Enter a date and a time.",
        ),
        (&[("status", "busy"), ("emoji", "two words")], "must be an emoji"),
        (&[("status", "asleep")], "Valid status types"),
        (&[], "Valid status types"),
    ] {
        let answer = visitor.submit("/my-status", fields).await;
        assert_eq!(answer.status, 422, "{words}");
        assert!(text(&answer).contains(words), "{words}: {}", text(&answer));
    }
}
