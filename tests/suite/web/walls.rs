//! Displays on a wall, and their links in the administration.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::driver::Browser;
use super::join::link;
use super::profile::prove;
use crate::attacks::administrators::give;
use crate::support::crowd::crowd;
use crate::support::server::{ADMIN, MINUTE, PASSWORD, UNLIMITED, USER, create_user, fix, new_folder};
use crate::support::visitor::text;
use crate::support::{Answer, Client, Process, TestServer, Visitor};

const WALLS: &str = "/admin/walls";
const NEW: &str = "/admin/walls/new";
const REVOKE: &str = "/admin/walls/revoke";

const FIELDS: &str = r#"{"team": {"type": "text", "public": true}, "floor": {"type": "text"},
    "site": {"type": "select", "options": ["Harbour", "Hill"], "public": true}}"#;

async fn start() -> TestServer {
    TestServer::start_with(|options| {
        let fields = (SettingId::CustomFields, SettingValue::Text(FIELDS.into()));
        fix(options, &[UNLIMITED, fields]);
    })
    .await
}

/// Creates a display with the API, and returns the path of its link.
async fn create(admin: &Client, board: &Value) -> String {
    let created = admin.post_proved("boards.create", board).await.expect(200);
    let url = created["url"].as_str().expect("a link");
    let (_, secret) = url.rsplit_once('/').expect("a path");
    format!("/board/{secret}")
}

/// Loads a display as its browser does, without cookies.
async fn load(client: &Client, path: &str, language: &str) -> Answer {
    let headers = [("accept", "text/html"), ("accept-language", language)];
    client.send("GET", path, &headers, "").await
}

async fn page(server: &TestServer, path: &str) -> String {
    let answer = load(&server.anonymous(), path, "en").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    text(&answer)
}

async fn set(client: &Client, body: Value) {
    client.post("users.setStatus", &body).await.expect(200);
}

/// Returns the position of a page, which changes to prevent burn-in.
fn shift(page: &str) -> &str {
    let (_, rest) = page.split_once("<main class=\"").expect("a place");
    rest.split('"').next().expect("a class")
}

#[tokio::test]
async fn a_display_shows_who_is_here_without_a_script_or_an_account() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let name = json!({"userId": ada.id(), "data": {"name": "Ada Lovelace"}});
    admin.post("users.update", &name).await.expect(200);
    let busy =
        json!({"status": "busy", "message": "</main><script>", "emoji": "🎧", "expiresAt": "2023-11-04T12:30:00Z"});
    set(&ada, busy).await;
    let path = create(&admin, &json!({"name": "Entrance"})).await;
    let answer = load(&server.anonymous(), &path, "en").await;
    let shown = text(&answer);
    for part in [
        "<html lang=\"en\" data-theme=\"dark\">",
        "<body class=\"wall\">",
        "<h1>1 of 2 here</h1>",
        "1 busy",
        "1 offline",
        "<time class=\"clock\">11:44</time>",
        "<bdi>Ada Lovelace</bdi>",
        "<bdi class=\"cut\">🎧 &#60;/main&#62;&#60;script&#62;</bdi><time class=\"until\">until 12:30</time>",
        "<bdi>admin</bdi></b><p><span class=\"cut\">Offline</span></p>",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    for part in ["<script", "<form", "<a ", "<input", "http://", "@example.com"] {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
    for (name, value) in [
        ("refresh", "60"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("form-action 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    let german = text(&load(&server.anonymous(), &path, "de").await);
    assert!(
        german.contains("1 beschäftigt") && german.contains("bis 12:30"),
        "{german}"
    );
    let head = server.anonymous().send("HEAD", &path, &[], "").await;
    assert_eq!((head.status, head.header("refresh")), (200, Some("60")));
    let post = server.anonymous().send("POST", &path, &[], "").await;
    assert_eq!(post.status, 405);

    let quiet = json!({"name": "Street", "texts": false, "fullNames": false, "theme": "light", "language": "de"});
    let shown = page(&server, &create(&admin, &quiet).await).await;
    assert!(shown.contains("<html lang=\"de\" data-theme=\"light\">"), "{shown}");
    assert!(
        shown.contains("<bdi>Ada</bdi></b><p><span class=\"cut\">Beschäftigt</span></p>"),
        "{shown}"
    );
    assert!(
        !shown.contains("Lovelace") && !shown.contains("🎧") && !shown.contains("12:30"),
        "{shown}"
    );
    let device = create(&admin, &json!({"name": "Lab", "theme": "system"})).await;
    assert!(page(&server, &device).await.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn a_display_moves_with_each_load_so_that_no_pixel_stays_lit() {
    let server = start().await;
    let path = create(&server.admin().await, &json!({"name": "Entrance"})).await;
    let mut places = Vec::new();
    for _ in 0..8 {
        places.push(shift(&page(&server, &path).await).to_owned());
        server.pass(MINUTE);
    }
    assert!(places.windows(2).all(|pair| pair[0] != pair[1]), "{places:?}");
    places.sort();
    places.dedup();
    assert_eq!(places, ["shift-0", "shift-1", "shift-2", "shift-3"]);
}

#[tokio::test]
async fn people_have_fixed_places_by_name_and_those_who_hide_look_offline() {
    let server = start().await;
    let admin = server.admin().await;
    for name in ["bob", "eve"] {
        server.command(create_user(name)).await;
    }
    let (ada, bob, eve) = (
        server.user().await,
        server.logged_in("bob").await,
        server.logged_in("eve").await,
    );
    let path = create(&admin, &json!({"name": "Entrance"})).await;
    let order = async || {
        let shown = page(&server, &path).await;
        let names: Vec<_> = shown.split("<b><bdi>").skip(1).collect();
        names
            .iter()
            .map(|rest| rest.split('<').next().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(order().await, ["ada", "admin", "bob", "eve"]);
    set(&ada, json!({"status": "busy", "message": "in secret"})).await;
    let hide = json!({"hideFrom": {"users": [eve.id()]}});
    ada.post("presence.setPrivacy", &hide).await.expect(200);
    set(&bob, json!({"status": "offline", "message": ""})).await;
    set(&eve, json!({"status": "away", "message": "lunch"})).await;
    let shown = page(&server, &path).await;
    assert!(shown.contains("lunch") && !shown.contains("in secret"), "{shown}");
    assert!(
        shown.contains("<h1>0 of 4 here</h1>") && shown.contains("3 offline"),
        "{shown}"
    );
    assert_eq!(order().await, ["ada", "admin", "bob", "eve"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_people_fill_a_screen_and_more_take_turns() {
    let server = start().await;
    for number in 0..39 {
        server.command(create_user(&format!("person{number:02}"))).await;
    }
    let admin = server.admin().await;
    let all = create(&admin, &json!({"name": "Entrance"})).await;
    let seen = |shown: &str| shown.matches("<li class=\"offline\">").count();
    let first = page(&server, &all).await;
    server.pass(MINUTE);
    let second = page(&server, &all).await;
    let mut counts = [seen(&first), seen(&second)];
    counts.sort_unstable();
    assert_eq!(counts, [1, 40], "{first}{second}");
    let both = first + &second;
    assert!(
        both.contains("1 to 40 of 41") && both.contains("41 to 41 of 41"),
        "{both}"
    );
    assert!(both.contains("person00") && both.contains("person38"), "{both}");
    assert_eq!(both.matches("<h1>0 of 41 here</h1>").count(), 2);
}

#[tokio::test]
async fn the_heading_and_the_parts_count_all_people_also_those_beyond_the_largest_part() {
    let (folder, _) = crowd(203).await;
    let server = TestServer::open(folder, |options| fix(options, &[UNLIMITED])).await;
    let admin = server.admin().await;
    // This user is behind the first 200 names.
    server.command(create_user("zoe")).await;
    let zoe = server.logged_in("zoe").await;
    set(&zoe, json!({"status": "busy", "message": "at the end"})).await;
    let all = create(&admin, &json!({"name": "Entrance"})).await;
    let shown = page(&server, &all).await;
    for words in ["<h1>1 of 206 here</h1>", " of 206</li>", "1 busy", "205 offline"] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
}

#[tokio::test]
async fn a_revoked_display_says_so_and_goes_on_trying() {
    let server = start().await;
    let admin = server.admin().await;
    server.command(create_user("bob")).await;
    give(&admin, "bob", &["manage-boards"]).await;
    let bob = server.logged_in("bob").await;
    let path = create(&bob, &json!({"name": "Entrance"})).await;
    let state = async |active: bool| {
        let body = json!({"userId": bob.id(), "activeStatus": active});
        admin.post("users.setActiveStatus", &body).await.expect(200);
    };
    state(false).await;
    for (path, language, words) in [
        (path.as_str(), "en", "This screen is not connected any more"),
        ("/board/guess", "de", "Dieser Bildschirm ist nicht mehr verbunden"),
        ("/board/%3Cscript%3E", "en", "Its link was revoked or is not complete."),
    ] {
        let answer = load(&server.anonymous(), path, language).await;
        assert_eq!(answer.status, 403, "{path}");
        let shown = text(&answer);
        assert!(
            shown.contains(words) && shown.contains("<body class=\"wall\">"),
            "{shown}"
        );
        assert_eq!(answer.header("refresh"), Some("60"));
        assert_eq!(answer.header("x-robots-tag"), Some("noindex, nofollow"));
        assert!(!shown.contains("<script") && !shown.contains("<form"), "{shown}");
    }
    state(true).await;
    assert!(page(&server, &path).await.contains("bob"), "it goes on by itself");
}

#[tokio::test]
async fn a_display_that_loads_too_often_goes_on_by_itself() {
    let few = (SettingId::RateLimiterAnonymousCalls, SettingValue::Number(2));
    let server = TestServer::start_with(|options| fix(options, &[few])).await;
    let path = create(&server.admin().await, &json!({"name": "Entrance"})).await;
    page(&server, &path).await;
    page(&server, &path).await;
    let answer = load(&server.anonymous(), &path, "en").await;
    assert_eq!((answer.status, answer.header("refresh")), (429, Some("60")));
    assert!(
        text(&answer).contains("This screen tries again by itself."),
        "{}",
        text(&answer)
    );
    server.pass(MINUTE);
    page(&server, &path).await;
}

#[tokio::test]
async fn a_display_whose_whole_address_is_too_fast_goes_on_by_itself() {
    let few = (SettingId::RateLimiterAnonymousAll, SettingValue::Number(1));
    let server = TestServer::start_with(|options| fix(options, &[few])).await;
    load(&server.anonymous(), "/board/guess", "en").await;
    let answer = load(&server.anonymous(), "/board/guess", "en").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("refresh"), answer.header("retry-after"));
    assert!(answer.header("refresh").is_some(), "{answer:?}");
    let program = server.anonymous().send("GET", "/board/guess", &[], "").await;
    assert_eq!((program.status, program.header("refresh")), (429, None));
}

#[tokio::test]
async fn a_display_neither_reads_nor_sets_a_cookie_and_its_link_opens_nothing_else() {
    let server = start().await;
    let admin = server.admin().await;
    let path = create(&admin, &json!({"name": "Entrance"})).await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let (own, strange) = (visitor.get(&path).await, load(&server.anonymous(), &path, "en").await);
    assert_eq!(text(&own), text(&strange), "a session changes nothing");
    for answer in [&own, &strange] {
        assert_eq!(answer.header("set-cookie"), None);
        assert!(
            answer
                .headers
                .get_all("vary")
                .iter()
                .all(|names| !names.to_str().expect("a text").contains("Cookie")),
            "{answer:?}"
        );
    }
    visitor.set_cookie("rollcall", "nonsense");
    assert_eq!(visitor.get(&path).await.header("set-cookie"), None);
    assert_eq!(
        load(&server.anonymous(), "/board/guess", "en")
            .await
            .header("set-cookie"),
        None
    );

    let secret = path.rsplit('/').next().expect("a secret");
    let display = Visitor::of(&server);
    for name in ["rollcall", "rollcall-device", "rollcall-form"] {
        display.set_cookie(name, secret);
    }
    for page in ["/", "/profile", WALLS, &format!("/people/{}", admin.id())] {
        let answer = display.get(page).await;
        assert_eq!(answer.status, 303, "{page}");
    }
    for page in [&format!("/join/{secret}"), &format!("/board/{secret}/more")] {
        assert!([403, 404].contains(&display.get(page).await.status), "{page}");
    }
}

#[tokio::test]
async fn a_session_gives_a_display_no_other_rate() {
    let few = (SettingId::RateLimiterAnonymousCalls, SettingValue::Number(1));
    let server = TestServer::start_with(|options| fix(options, &[few])).await;
    let path = create(&server.admin().await, &json!({"name": "Entrance"})).await;
    let visitor = Visitor::signed_in(&server, USER).await;
    assert_eq!(visitor.get(&path).await.status, 200);
    assert_eq!(visitor.get(&path).await.status, 429, "the cookie was not read");
}

#[tokio::test]
async fn an_administrator_creates_a_display_and_revokes_it() {
    let server = start().await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    assert!(admin.page(WALLS).await.contains("No screen has a link yet."));
    let ada = server.user().await;
    let team = json!({"userId": ada.id(), "data": {"customFields": {"team": "Design <i>", "floor": "3"}}});
    server.admin().await.post("users.update", &team).await.expect(200);
    let form = admin.page(NEW).await;
    for part in [
        "Design &#60;i&#62;",
        "value=\"Harbour\"",
        "name=\"role\" value=\"admin\"",
        "look offline",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
    assert!(!form.contains("field:floor"), "a private field selects no one");
    for (fields, words) in [
        (
            vec![("name", " "), ("show", "everyone")],
            "Say in a few words where the screen is.",
        ),
        (
            vec![("name", "Kitchen"), ("show", "roles")],
            "Choose at least one role or value.",
        ),
        (
            vec![("name", "Kitchen"), ("show", "field:team")],
            "Choose at least one role or value.",
        ),
    ] {
        let answer = admin.submit_from(NEW, WALLS, &fields).await;
        assert_eq!(answer.status, 422, "{words}");
        assert!(text(&answer).contains(words), "{words}: {}", text(&answer));
    }
    let private = [("name", "Kitchen"), ("show", "field:floor"), ("value:floor", "3")];
    let asked = admin.submit_from(NEW, WALLS, &private).await;
    let refused = prove(&admin, WALLS, &asked, "password", PASSWORD).await;
    assert_eq!(refused.status, 422, "{}", text(&refused));

    let kitchen = [
        ("name", "Kitchen <script>"),
        ("show", "field:team"),
        ("value:team", "Design <i>"),
        ("names", "first"),
        ("texts", "off"),
        ("language", "de"),
        ("theme", "light"),
    ];
    let asked = admin.submit_from(NEW, WALLS, &kitchen).await;
    let created = prove(&admin, WALLS, &asked, "password", PASSWORD).await;
    assert_eq!(created.status, 200, "{}", text(&created));
    let path = link(&text(&created), &server);
    let shown = page(&server, &path).await;
    assert!(
        shown.contains("data-theme=\"light\"") && shown.contains("0 von 1 anwesend"),
        "{shown}"
    );
    let list = admin.page(WALLS).await;
    for part in [
        "Kitchen &#60;script&#62;",
        "team: Design &#60;i&#62;",
        "first names only",
        "status only",
        "by admin",
    ] {
        assert!(list.contains(part), "{part} in {list}");
    }
    let secret = path.rsplit('/').next().expect("a secret");
    assert!(!list.contains(secret), "{list}");

    let (_, rest) = list.split_once("revoke?id=").expect("a link to revoke it");
    let id = rest.split('"').next().expect("an id");
    let question = format!("{REVOKE}?id={id}");
    assert!(admin.page(&question).await.contains("Kitchen &#60;script&#62;"));
    page(&server, &path).await;
    let answer = admin.submit(&question, &[]).await;
    assert_eq!(answer.header("location"), Some("/admin/walls?note=wall-revoked"));
    assert_eq!(load(&server.anonymous(), &path, "en").await.status, 403);
}

#[tokio::test]
async fn displays_need_their_permission() {
    let server = start().await;
    let ada = Visitor::signed_in(&server, USER).await;
    for path in [WALLS, NEW, "/admin/walls/revoke?id=x"] {
        assert_eq!(ada.get(path).await.status, 403, "{path}");
    }
    for path in [WALLS, REVOKE] {
        let answer = ada
            .submit_from("/profile", path, &[("name", "x"), ("show", "everyone")])
            .await;
        assert_eq!(answer.status, 403, "{path}");
    }
    // A person who may manage displays but may not see all fields of users cannot select people by roles.
    server.command(create_user("bob")).await;
    give(&server.admin().await, "bob", &["manage-boards"]).await;
    let bob = Visitor::signed_in(&server, "bob").await;
    let form = bob.page(NEW).await;
    assert!(!form.contains("name=\"role\""), "{form}");
    assert!(
        form.contains("/admin/walls\" aria-current") && !form.contains("/admin/settings"),
        "{form}"
    );
}

#[tokio::test]
async fn times_are_on_the_clock_of_the_server() {
    let server = Process::start_in(new_folder(), |command| {
        command.env("TZ", "IST-5:30");
    });
    let path = create(&server.admin().await, &json!({"name": "Entrance"})).await;
    let clock = || {
        let there = OffsetDateTime::now_utc() + time::Duration::minutes(330);
        format!("<time class=\"clock\">{}:{:02}</time>", there.hour(), there.minute())
    };
    let before = clock();
    let shown = text(&load(&server.anonymous(), &path, "en").await);
    assert!(
        shown.contains(&before) || shown.contains(&clock()),
        "{before} in {shown}"
    );
}

/// Returns the number of people on a display, whether all of them are on the screen, and the size of the smallest text
/// as a fraction of the width.
const MEASURES: &str = r#"
    const done = arguments[0], tiles = [...document.querySelectorAll(".roll li")];
    const isOn = (tile) => {
        const box = tile.getBoundingClientRect();
        return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
    };
    const texts = [...document.querySelectorAll(".wall *")].filter((part) =>
        part.children.length === 0 && part.textContent.trim() && !part.classList.contains("sr"));
    const sizes = texts.map((part) => parseFloat(getComputedStyle(part).fontSize));
    done([tiles.length, tiles.every(isOn), Math.min(...sizes) / innerWidth, document.cookie]);
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn forty_people_fit_a_large_screen_and_twelve_a_small_one() {
    let server = start().await;
    let admin = server.admin().await;
    let words = [
        ("busy", "🎧 Deep work"),
        ("away", "Lunch"),
        ("online", "Working from home in the south"),
    ];
    let mut links = Vec::new();
    for number in 0..38 {
        let name = format!("person{number:02}");
        server.command(create_user(&name)).await;
        let client = server.logged_in(&name).await;
        let team = if number < 12 { "Design" } else { "Support" };
        let data = json!({"name": format!("Person Adeyemi-Clarke {number:02}"), "customFields": {"team": team}});
        admin
            .post("users.update", &json!({"userId": client.id(), "data": data}))
            .await
            .expect(200);
        let (status, text) = words[number % 3];
        set(
            &client,
            json!({"status": status, "message": text, "expiresAt": "2023-11-04T13:00:00Z"}),
        )
        .await;
        if number == 12 {
            let few = json!({"name": "Door", "field": "team", "values": ["Design"]});
            links.push((create(&admin, &few).await, 12, 800, 480));
        }
    }
    links.push((create(&admin, &json!({"name": "Entrance"})).await, 40, 1920, 1080));
    let browser = Browser::start().await;
    for (path, people, width, height) in links {
        browser.show_as(width, height, "light").await;
        browser.open(&format!("http://{}{path}", server.address)).await;
        browser.keep_picture(&format!("wall-{people}")).await;
        let seen = browser.run(MEASURES).await;
        assert_eq!(
            (&seen[0], &seen[1], &seen[3]),
            (&json!(people), &json!(true), &json!("")),
            "{seen}"
        );
        // At five metres, text needs an x-height of 10 mm. On a screen of 55 inches, this is a font size of 1.54 % of
        // the width.
        assert!(seen[2].as_f64().expect("a part") >= 0.0154, "{seen}");
    }
    browser.open(&format!("http://{}/board/revoked", server.address)).await;
    browser.keep_picture("wall-over").await;
    let title = browser.text_with("h1", "not connected").await;
    assert_eq!(title, "This screen is not connected any more");
}
