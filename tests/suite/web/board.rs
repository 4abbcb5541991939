//! The board over HTTP: what it shows to whom.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::server::{DAY, USER, create_user, fix};
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

/// The row of a person, without the tags.
fn row(page: &str, id: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("id=\"p-{id}\""))
        .unwrap_or_else(|| panic!("no {id} in {page}"));
    let row = rest.split("</li>").next().expect("a row");
    let texts = row.split('>').skip(1).filter_map(|part| part.split('<').next());
    texts
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("|")
}

#[tokio::test]
async fn everyone_is_in_the_group_of_their_status() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let until = json!({"status": "busy", "message": "deep work", "emoji": "🎧", "expiresAt": "2023-11-04T13:00:00Z"});
    ada.post("users.setStatus", &until).await.expect(200);
    let visitor = Visitor::signed_in(&server, "admin").await;
    let page = visitor.page("/").await;
    assert!(page.contains("1 of 2 here"), "{page}");
    assert_eq!(row(&page, ada.id()), "A|ada|Busy|🎧|deep work|since 11:44|until 13:00");
    assert!(
        row(&page, admin.id()).contains("You|Offline"),
        "{}",
        row(&page, admin.id())
    );
    let (busy, offline) = (page.find("id=\"group-busy\""), page.find("id=\"group-offline\""));
    let at = page.find(&format!("id=\"p-{}\"", ada.id()));
    assert!(busy < at && at < offline, "ada is not in the group of the busy");
    // The filters count all, and lead to addresses that show the same.
    let page = visitor.page("/?status=busy").await;
    assert!(
        page.contains(ada.id()) && !page.contains(&format!("id=\"p-{}\"", admin.id())),
        "{page}"
    );
    for (query, found) in [
        ("q=DEEP", true),
        ("q=ad%C3%A0", false),
        ("q=nothing", false),
        ("team=x", false),
    ] {
        let page = visitor.page(&format!("/?{query}")).await;
        assert_eq!(page.contains(&format!("id=\"p-{}\"", ada.id())), found, "{query}");
        assert_eq!(page.contains("id=\"nobody\" hidden"), found, "{query}");
    }
}

#[tokio::test]
async fn a_user_who_hides_or_is_invisible_is_an_offline_user_in_every_byte() {
    let server = TestServer::start().await;
    let users = ["grace", "hedy", "ida"];
    for user in users {
        server.command(create_user(user)).await;
    }
    let [grace, hedy, ida] = [
        server.logged_in("grace").await,
        server.logged_in("hedy").await,
        server.logged_in("ida").await,
    ];
    let admin = server.admin().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    // Hedy was invisible from the beginning on, and Ida hides from ada. Grace did nothing.
    hedy.post("users.setStatus", &json!({"status": "offline", "message": ""}))
        .await
        .expect(200);
    let hide = json!({"hideFrom": {"users": [USER]}});
    ida.post("presence.setPrivacy", &hide).await.expect(200);
    ida.post("users.setStatus", &json!({"status": "busy", "message": "secret"}))
        .await
        .expect(200);
    server.pass(DAY / 24);
    hedy.get("me").await.expect(200);
    let page = visitor.page("/").await;
    let like = |id: &str, name: &str| {
        row(&page, id)
            .replace(name, "X")
            .replacen(&name[..1].to_uppercase(), "X", 1)
    };
    let plain = like(grace.id(), "grace");
    assert!(plain.contains("Offline"), "{plain}");
    assert_eq!(like(hedy.id(), "hedy"), plain);
    assert_eq!(like(ida.id(), "ida"), plain);
    assert!(page.contains("0 of 5 here") && !page.contains("secret"), "{page}");
    assert!(
        !visitor
            .page("/?q=secret")
            .await
            .contains(&format!("id=\"p-{}\"", ida.id()))
    );
    let person = visitor.page(&format!("/people/{}", ida.id())).await;
    assert!(!person.contains("secret") && person.contains("Offline"), "{person}");
    // The administrator, from whom ida does not hide, sees her.
    let other = Visitor::signed_in(&server, "admin").await;
    assert!(row(&other.page("/").await, ida.id()).contains("Busy|secret"));
    admin.get("me").await.expect(200);
}

#[tokio::test]
async fn teams_are_a_custom_field_that_a_setting_names() {
    let rules = json!({"team": {"type": "text", "public": true}, "desk": {"type": "text", "public": true}});
    let rules = SettingValue::Text(rules.to_string());
    let server = TestServer::start_with(|options| fix(options, &[(SettingId::CustomFields, rules)])).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let data = json!({"userId": ada.id(), "data": {"customFields": {"team": "Design & more", "desk": "seven"}}});
    admin.post_proved("users.update", &data).await.expect(200);
    let visitor = Visitor::signed_in(&server, USER).await;
    let page = visitor.page("/?by=team").await;
    assert!(
        page.contains("<bdi>Design &#38; more</bdi> <span class=\"num\">1</span>"),
        "{page}"
    );
    assert!(
        page.contains("No team") && page.contains("href=\"?team=Design+%26+more&#38;by=team\""),
        "{page}"
    );
    let set = json!({"value": "desk"});
    admin.post_proved("settings/Team_Custom_Field", &set).await.expect(200);
    assert!(visitor.page("/?by=team").await.contains("<bdi>seven</bdi>"));
}

#[tokio::test]
async fn many_people_are_tiles_unless_the_address_says_otherwise() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    assert!(!visitor.page("/").await.contains("people tiles"));
    assert!(visitor.page("/?view=tiles").await.contains("people tiles"));
    for number in 0..38 {
        server.command(create_user(&format!("user{number}"))).await;
    }
    assert!(visitor.page("/").await.contains("people tiles"));
    assert!(!visitor.page("/?view=list").await.contains("people tiles"));
}

#[tokio::test]
async fn lists_that_are_narrow_are_narrow_here_too() {
    let narrow = (SettingId::ListsNeedViewOutsideRoom, SettingValue::Flag(true));
    let server = TestServer::start_with(|options| fix(options, &[narrow])).await;
    let admin = server.admin().await;
    let grant = json!({"permissions": [{"_id": "view-outside-room", "roles": ["admin"]}]});
    admin.post_proved("permissions.update", &grant).await.expect(200);
    let visitor = Visitor::signed_in(&server, USER).await;
    let page = visitor.page("/").await;
    assert!(page.contains("of 1 here") && !page.contains(admin.id()), "{page}");
    assert_eq!(visitor.get(&format!("/people/{}", admin.id())).await.status, 404);
}

#[tokio::test]
async fn where_nobody_is_told_who_is_here_the_board_tells_nothing() {
    let silent = (SettingId::PresenceBroadcastDisabled, SettingValue::Flag(true));
    let server = TestServer::start_with(|options| fix(options, &[silent])).await;
    let ada = server.user().await;
    ada.post("users.setStatus", &json!({"status": "busy", "message": "secret"}))
        .await
        .expect(200);
    let other = Visitor::signed_in(&server, "admin").await;
    let answer = other.get("/").await;
    assert!(!text(&answer).contains("secret"));
    assert!(
        Visitor::signed_in(&server, USER)
            .await
            .page("/")
            .await
            .contains("secret")
    );
}
