//! The pages of a board with more people than one page shows.

use rollcall::domain::UserId;
use serde_json::json;

use super::driver::Browser;
use super::live::sign_in;
use crate::support::Visitor;
use crate::support::crowd::{set_status, start};
use crate::support::server::{ADMIN, USER, create_user};

/// The number of people on one page.
const ON_PAGE: usize = 200;

/// The ids of the people on a page, in their order.
fn people(page: &str) -> Vec<&str> {
    let rows = page.split("<li class=\"person\" id=\"p-").skip(1);
    rows.map(|row| row.split('"').next().expect("an id")).collect()
}

/// The number behind the heading of a group.
fn number<'page>(page: &'page str, group: &str) -> &'page str {
    let (_, rest) = page.split_once(&format!("<h2 id=\"{group}\">")).expect("a group");
    let (_, rest) = rest.split_once("<span class=\"num\">").expect("a number");
    rest.split('<').next().expect("a number")
}

/// The addresses to which the links to the other pages lead.
fn leads(page: &str) -> [Option<&str>; 2] {
    ["prev", "next"].map(|rel| {
        let (_, rest) = page.split_once(&format!("rel=\"{rel}\" href=\""))?;
        rest.split('"').next()
    })
}

#[tokio::test]
async fn a_page_shows_two_hundred_people_and_leads_to_the_others() {
    let (server, ids) = start(450).await;
    let admin = server.admin().await;
    for id in &ids[440..444] {
        set_status(&admin, id, "busy", "at work").await;
    }
    set_status(&admin, &ids[447], "away", "").await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let first = visitor.page("/").await;
    assert_eq!(leads(&first), [None, Some("?page=2")]);
    assert!(
        first.contains("1 to 200 of 450") && first.contains("4 of 450 here"),
        "{first}"
    );
    // The counts are of everyone, and who is here comes first, in the order of names.
    let counted = ["online", "busy", "away", "offline"].map(|status| number(&first, &format!("group-{status}")));
    assert_eq!(counted, ["0", "4", "1", "445"]);
    let here: Vec<_> = [440, 441, 442, 443, 447]
        .iter()
        .map(|place: &usize| ids[*place].as_str())
        .collect();
    assert_eq!(people(&first)[..5], here);
    let second = visitor.page("/?page=2").await;
    assert_eq!(leads(&second), [Some("?"), Some("?page=3")]);
    assert!(
        second.contains("201 to 400 of 450") && second.contains("4 of 450 here"),
        "{second}"
    );
    assert_eq!(number(&second, "group-offline"), "445");
    let last = visitor.page("/?page=3").await;
    assert_eq!(leads(&last), [Some("?page=2"), None]);
    // The pages have everyone once.
    let pages = [people(&first), people(&second), people(&last)];
    assert_eq!(pages.each_ref().map(Vec::len), [ON_PAGE, ON_PAGE, 50]);
    let mut all = pages.concat();
    let offline = ids.iter().map(UserId::as_str).filter(|id| !here.contains(id));
    assert!(
        all[5..]
            .iter()
            .copied()
            .filter(|id| ids.iter().any(|one| one.as_str() == *id))
            .eq(offline)
    );
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 450);
}

#[tokio::test]
async fn search_and_filters_look_at_everyone_and_stay_on_the_next_page() {
    let (server, ids) = start(450).await;
    let admin = server.admin().await;
    set_status(&admin, &ids[300], "busy", "Ärger mit dem Drucker").await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    for query in [
        "q=number0300",
        "q=PERSON0300",
        "q=%C3%84rger",
        "q=a%CC%88rger",
        "q=busy",
        "status=busy",
    ] {
        let page = visitor.page(&format!("/?{query}")).await;
        assert_eq!(people(&page), [ids[300].as_str()], "{query}");
        assert!(
            page.contains("1 of 450 here") && leads(&page) == [None, None],
            "{query}"
        );
    }
    let page = visitor.page("/?q=person&by=name&view=list").await;
    let next = "?q=person&#38;by=name&#38;view=list&#38;page=2";
    assert_eq!(leads(&page), [None, Some(next)]);
    assert!(
        page.contains("1 to 200 of 448") && !page.contains("people tiles"),
        "{page}"
    );
    assert_eq!(number(&page, "group-all"), "448");
    let page = visitor.page("/?q=person&by=name&view=list&page=2").await;
    assert_eq!(
        people(&page),
        ids[200..400].iter().map(UserId::as_str).collect::<Vec<_>>()
    );
    // Another filter begins at the first page.
    assert!(
        page.contains("href=\"?q=person&#38;status=busy&#38;by=name&#38;view=list\""),
        "{page}"
    );
    let page = visitor.page("/?status=offline&page=3").await;
    assert_eq!((people(&page).len(), number(&page, "group-offline")), (49, "449"));
}

#[tokio::test]
async fn a_page_number_that_does_not_exist_leads_to_one_that_does() {
    let (server, _) = start(450).await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    for number in ["", "0", "-1", "x", "1.5", "99999999999999999999999", "%F0%9F%99%82"] {
        let page = visitor.page(&format!("/?page={number}")).await;
        assert_eq!(leads(&page), [None, Some("?page=2")], "{number}");
    }
    for (asked, location) in [
        ("/?page=4", "/?page=3"),
        ("/?page=100000", "/?page=3"),
        ("/?page=18446744073709551615", "/?page=3"),
        ("/?q=person&by=name&page=9", "/?q=person&by=name&page=3"),
        ("/?q=nothing&page=2", "/?q=nothing"),
        ("/?team=x&page=2", "/?team=x"),
    ] {
        let answer = visitor.get(asked).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(location)),
            "{asked}"
        );
    }
    assert_eq!(visitor.get("/?page=%FF").await.status, 400);
}

#[tokio::test]
async fn everyone_on_one_page_needs_no_other() {
    let (server, _) = start(ON_PAGE).await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page("/").await;
    assert_eq!((people(&page).len(), leads(&page)), (ON_PAGE, [None, None]));
    assert!(!page.contains("to 200 of"), "{page}");
}

/// The part of a page that depends on people.
fn content(page: &str) -> &str {
    let (_, rest) = page.split_once("<aside class=\"side\"").expect("the side");
    rest.split("</main>").next().expect("a board")
}

#[tokio::test]
async fn who_hides_or_is_invisible_has_the_place_of_an_offline_user() {
    let (server, _) = start(398).await;
    server.command(create_user("zoe")).await;
    server.command(create_user("zuse")).await;
    let [zoe, zuse] = [server.logged_in("zoe").await, server.logged_in("zuse").await];
    let visitor = Visitor::signed_in(&server, USER).await;
    let paths = [
        "/",
        "/?page=2",
        "/?status=busy",
        "/?status=offline",
        "/?by=team&page=2",
        "/?by=name&page=2",
        "/?q=secret",
        "/?q=z",
        "/?q=busy",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(visitor.page(path).await);
    }
    assert!(people(&before[1]).ends_with(&[zoe.id(), zuse.id()]), "{}", before[1]);
    let hide = json!({"hideFrom": {"users": [USER]}});
    zoe.post("presence.setPrivacy", &hide).await.expect(200);
    let busy = json!({"status": "busy", "message": "secret", "emoji": "🎧"});
    zoe.post("users.setStatus", &busy).await.expect(200);
    let invisible = json!({"status": "offline", "message": ""});
    zuse.post("users.setStatus", &invisible).await.expect(200);
    for (path, before) in paths.iter().zip(&before) {
        let after = visitor.page(path).await;
        assert_eq!(content(&after), content(before), "{path}");
    }
    // The administrator, from whom zoe does not hide, has her on the first page.
    let other = Visitor::signed_in(&server, ADMIN).await.page("/").await;
    assert_eq!(people(&other)[0], zoe.id());
    assert_eq!(number(&other, "group-busy"), "1");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn an_open_page_counts_people_of_other_pages_and_finds_them() {
    let (server, ids) = start(450).await;
    let admin = server.admin().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, ADMIN).await;
    browser.text_with("#heading", "1 of 450 here").await;
    browser.text_with("#part", "1 to 200 of 450").await;
    // This person has no row on the page, and gets none.
    set_status(&admin, &ids[447], "busy", "far away").await;
    browser.text_with("#heading", "2 of 450 here").await;
    browser.text_with("[data-count=busy] .num", "1").await;
    browser.text_with("[data-count=offline] .num", "448").await;
    browser.appears("[data-status=busy][hidden]").await;
    // This one moves to a group whose number is that of both.
    set_status(&admin, &ids[0], "busy", "near").await;
    browser.text_with("#group-busy .num", "2").await;
    browser
        .appears(&format!("[data-status=busy]:not([hidden]) #p-{}", ids[0]))
        .await;
    let rows = "arguments[0](document.querySelectorAll('.person').length)";
    assert_eq!(browser.run(rows).await, 200);
    set_status(&admin, &ids[447], "offline", "").await;
    browser.text_with("#group-busy .num", "1").await;
    browser.text_with("#heading", "2 of 450 here").await;
    browser.write("#q", "number0447").await;
    browser.text_with("#roll", "Number0447").await;
    assert_eq!(browser.run(rows).await, 1);
    assert_eq!(browser.run("arguments[0](location.search)").await, "?q=number0447");
    browser.press("#q", "\u{e00c}").await;
    browser.text_with("#pages nav", "1 to 200 of 450").await;
    assert_eq!(browser.run("arguments[0](location.search)").await, "");
    browser.text_with("#heading", "2 of 450 here").await;
    for (colours, view) in [("light", "list"), ("dark", "tiles")] {
        browser.show_as(1440, 900, colours).await;
        browser.open(&format!("http://{}/?view={view}", server.address)).await;
        browser.appears(".you").await;
        browser.keep_picture(&format!("board-450-{view}-{colours}")).await;
        browser
            .run("document.querySelector('#pages').scrollIntoView({block: 'end'}); setTimeout(arguments[0], 300)")
            .await;
        browser.keep_picture(&format!("board-450-{view}-{colours}-end")).await;
    }
}
