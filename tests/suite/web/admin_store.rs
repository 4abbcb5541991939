//! The page about storage and health in the administration.

use rollcall::store::backup;

use super::words::assert_words;
use crate::attacks::administrators::give;
use crate::support::server::{ADMIN, DAY, PASSWORD, UNLIMITED, USER, create_user, fix};
use crate::support::visitor::{text, token};
use crate::support::{TestServer, Visitor};

const STORE: &str = "/admin/store";

async fn start() -> TestServer {
    TestServer::start_with(|options| fix(options, &[UNLIMITED])).await
}

/// Returns the number below a title.
fn figure<'page>(page: &'page str, title: &str) -> &'page str {
    let (_, rest) = page.split_once(&format!("<dt>{title}</dt><dd>")).expect("a figure");
    rest.split('<').next().expect("a number")
}

#[tokio::test]
async fn the_page_says_what_the_server_knows_of_itself() {
    let server = start().await;
    let mut firefox = Visitor::of(&server);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    firefox.headers.push(("user-agent", agent.to_owned()));
    firefox.sign_in(USER, PASSWORD).await;
    let mut strange = Visitor::of(&server);
    strange
        .headers
        .push(("user-agent", "<script>alert(1)</script>".to_owned()));
    strange.sign_in(USER, PASSWORD).await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    server.pass(3 * DAY);
    let page = visitor.page(STORE).await;
    let version = format!(
        "Rollcall {} · up for 3 days, since Saturday, 11:44",
        env!("CARGO_PKG_VERSION")
    );
    for words in [
        version.as_str(),
        "The store accepts changes.",
        "All records were checked at the start, Saturday, 11:44.",
        "2 can sign in",
        "3 sessions, 0 access tokens",
        "<bdi>Firefox 140.0</bdi></span><span class=\"num\">1</span>",
        "&#60;script&#62;",
        "The public address (Site_Url) does not begin with https.",
        "needs attention",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(!page.contains("<script>alert"), "{page}");
    assert_eq!(figure(&page, "Accounts"), "2");
    assert!(
        figure(&page, "Data").ends_with("kB") || figure(&page, "Data").ends_with("MB"),
        "{page}"
    );
    let before: u64 = figure(&page, "Batches written").parse().expect("a number");
    server.command(create_user("bob")).await;
    let page = visitor.page(STORE).await;
    assert_eq!(figure(&page, "Accounts"), "3");
    assert!(figure(&page, "Batches written").parse::<u64>().expect("a number") > before);
}

#[tokio::test]
async fn the_page_is_in_the_readers_language() {
    let server = start().await;
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    let page = german.page(STORE).await;
    assert!(
        page.contains("Geschriebene Stapel") && page.contains("läuft seit 0 Minuten"),
        "{page}"
    );
    assert!(figure(&page, "Daten").contains(','), "{page}");
    assert_words(&page, STORE, "de");
}

const BUTTON: &str = "action=\"/admin/store/backup\"";

#[tokio::test]
async fn a_backup_is_downloaded_with_a_proof() {
    let server = start().await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let page = admin.page(STORE).await;
    assert!(page.contains(BUTTON) && page.contains("Download a backup"), "{page}");
    assert!(page.contains("The server makes none by itself."), "{page}");
    let question = admin.submit_from(STORE, "/admin/store/backup", &[]).await;
    let words = text(&question);
    assert!(words.contains("name=\"sealed\""), "{words}");
    let sealed = words.split_once("name=\"sealed\" value=\"").expect("a field").1;
    let sealed = sealed.split('"').next().expect("a value").to_owned();
    let proved = |password: &'static str| {
        [
            ("form-token", token(&words)),
            ("sealed", sealed.clone()),
            ("proof-method", "password".to_owned()),
            ("proof", password.to_owned()),
        ]
    };
    let fields = proved("wrong");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(admin.post("/admin/store/backup", &fields).await.status, 422);
    let fields = proved(PASSWORD);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = admin.post("/admin/store/backup", &fields).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let disposition = answer.header("content-disposition").expect("a name");
    assert!(
        disposition.starts_with("attachment; filename=\"rollcall-2023-11-04T11-"),
        "{disposition}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    backup::check(&answer.body[..]).expect("a sound backup");
    let audit = admin.page("/admin/audit").await;
    assert!(audit.contains("Downloaded a backup"), "{audit}");
}

#[tokio::test]
async fn the_button_needs_its_permission() {
    let server = start().await;
    server.command(create_user("bob")).await;
    give(&server.admin().await, "bob", &["view-statistics"]).await;
    let bob = Visitor::signed_in(&server, "bob").await;
    assert!(!bob.page(STORE).await.contains(BUTTON));
    for user in [USER, "bob"] {
        let visitor = Visitor::signed_in(&server, user).await;
        assert_eq!(
            visitor.submit_from("/", "/admin/store/backup", &[]).await.status,
            403,
            "{user}"
        );
    }
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    assert!(german.page(STORE).await.contains("Sicherung herunterladen"));
}

#[tokio::test]
async fn the_page_needs_its_permission() {
    let server = start().await;
    let ada = Visitor::signed_in(&server, USER).await;
    assert_eq!(ada.get(STORE).await.status, 403);
    assert_eq!(Visitor::of(&server).get(STORE).await.status, 303);
    server.command(create_user("bob")).await;
    give(&server.admin().await, "bob", &["view-statistics"]).await;
    let bob = Visitor::signed_in(&server, "bob").await;
    let page = bob.page(STORE).await;
    assert!(
        page.contains("/admin/store\" aria-current") && !page.contains("/admin/audit"),
        "{page}"
    );
}
