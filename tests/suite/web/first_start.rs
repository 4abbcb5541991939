//! The first start, without scripts.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::server::{PASSWORD, fix, new_folder};
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

fn fields<'text>(link: &'text str, first: &'text str, registration: &'text str) -> [(&'text str, &'text str); 8] {
    [
        ("link", link),
        ("team", "Harbour Studio"),
        ("first", first),
        ("last", "Lovelace"),
        ("username", "ada"),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
        ("registration", registration),
    ]
}

#[tokio::test]
async fn the_link_leads_from_the_team_to_the_board_without_a_script() {
    let server = TestServer::empty().await;
    let link = server.setup_link.clone().expect("a link");
    let visitor = Visitor::of(&server);
    let page = visitor.page("/setup").await;
    assert!(
        page.contains("Set up Rollcall") && page.contains("data-from-link"),
        "{page}"
    );
    let answer = visitor.submit("/setup", &fields("wrong", "Ada", "Public")).await;
    assert_eq!(answer.status, 422);
    assert!(text(&answer).contains("This link is not valid"), "{}", text(&answer));
    let answer = visitor.submit("/setup", &fields(&link, "A", "Public")).await;
    let page = text(&answer);
    assert!(page.contains("First name must have atleast 2 characters."), "{page}");
    // What was written stays, but not the password.
    assert!(
        page.contains("value=\"Harbour Studio\"") && page.contains("value=\"Public\" selected"),
        "{page}"
    );
    assert!(!page.contains(PASSWORD), "{page}");
    let answer = visitor.submit("/setup", &fields(&link, "Ada", "Public")).await;
    let page = text(&answer);
    assert!(
        answer.status == 200 && page.contains("Send this link to your team"),
        "{page}"
    );
    let board = visitor.page("/").await;
    assert!(
        board.contains("<b>Harbour Studio</b>") && board.contains("Ada Lovelace"),
        "{board}"
    );
    assert!(
        board.contains("Only you so far") && board.contains("can create an account"),
        "{board}"
    );
    let ada = server.logged_in("ada").await;
    let me = ada.get("me").await.expect(200);
    assert_eq!(me["roles"], json!(["admin", "user"]));
    let log = ada.get("audit.list").await.expect(200).to_string();
    assert!(log.contains("Harbour Studio") && log.contains("Public"), "{log}");

    // The link is used, and the second person comes in by the open door.
    let other = Visitor::of(&server);
    let answer = other.submit("/setup", &fields(&link, "Eve", "Public")).await;
    assert!(text(&answer).contains("This link is not valid"), "{}", text(&answer));
    let grace = [
        ("first", "Grace"),
        ("last", "Hopper"),
        ("username", "grace"),
        ("email", "grace@example.com"),
        ("password", PASSWORD),
    ];
    assert_eq!(other.submit("/register", &grace).await.header("location"), Some("/"));
    let board = visitor.page("/").await;
    assert!(
        board.contains("Grace Hopper") && !board.contains("Only you so far"),
        "{board}"
    );
}

#[tokio::test]
async fn a_name_that_is_fixed_at_the_start_is_not_asked_for_in_vain() {
    let server = TestServer::open(new_folder(), |options| {
        fix(options, &[(SettingId::SiteName, SettingValue::Text("Fixed".into()))]);
    })
    .await;
    let link = server.setup_link.clone().expect("a link");
    let visitor = Visitor::of(&server);
    let answer = visitor.submit("/setup", &fields(&link, "Ada", "Disabled")).await;
    assert!(text(&answer).contains("Site_Name is fixed"), "{}", text(&answer));
    let mut same = fields(&link, "Ada", "Disabled");
    same[1].1 = "Fixed";
    let answer = visitor.submit("/setup", &same).await;
    assert!(
        text(&answer).contains("Send this link to your team"),
        "{}",
        text(&answer)
    );
    assert!(visitor.page("/").await.contains("Create accounts for your team."));
}
