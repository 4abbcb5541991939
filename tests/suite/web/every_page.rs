//! Every page in a real browser: widths, colours, languages, accessibility, and the content security policy.

use serde_json::{Value, json};

use super::driver::Browser;
use super::live::sign_in;
use crate::support::TestServer;
use crate::support::server::{ADMIN, create_user};

/// The pages that need no login, each with the name of its picture.
const OPEN: [(&str, &str); 8] = [
    ("sign-in", "/sign-in"),
    ("setup", "/setup"),
    ("reset", "/reset-password#x"),
    ("forgot", "/forgot-password"),
    ("not-found", "/nowhere"),
    ("offline", "/offline"),
    ("register", "/register"),
    ("join-over", "/join/x"),
];

/// The pages of an administrator.
const OWN: [(&str, &str); 19] = [
    ("board", "/"),
    ("tiles", "/?view=tiles"),
    ("my-status", "/my-status"),
    ("change-password", "/change-password"),
    ("profile", "/profile"),
    ("two-step", "/profile/two-step"),
    ("admin-users", "/admin/users"),
    ("admin-new-user", "/admin/users/new"),
    ("admin-invitations", "/admin/invitations"),
    ("admin-roles", "/admin/roles"),
    ("admin-role", "/admin/roles/user"),
    ("admin-new-role", "/admin/roles/new"),
    ("admin-statuses", "/admin/statuses"),
    ("admin-new-status", "/admin/statuses/new"),
    ("admin-walls", "/admin/walls"),
    ("admin-new-wall", "/admin/walls/new"),
    ("admin-settings", "/admin/settings"),
    ("admin-audit", "/admin/audit"),
    ("admin-store", "/admin/store"),
];

/// The pages of one account for administrators, each with the end of its path.
const OF_ACCOUNT: [(&str, &str); 3] = [
    ("account", ""),
    ("account-sessions", "/sessions"),
    ("account-delete", "/delete"),
];

/// Calls back with the texts that a page cuts. Only the parts of the class `cut` may do that: the whole text is one step
/// away.
const CUT: &str = "const cuts = (part) => part.scrollWidth > part.clientWidth + 1
      && ['hidden', 'clip'].includes(getComputedStyle(part).overflowX)
      && !part.closest('.sr, .cut, .skip, input, select, textarea, svg, dialog:not([open]), [hidden]')
      && [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    arguments[0]([...document.body.querySelectorAll('*')].filter(cuts).map((part) => part.textContent.trim()));";

/// The environment variable with the path of axe-core, which checks rules of accessibility.
const AXE: &str = "ROLLCALL_AXE";

/// Starts a server with a team whose names and texts are long.
async fn team() -> TestServer {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (name, kind, emoji, minutes) in [
        ("Lunch", "away", "🥪", 45),
        ("In a meeting", "busy", "🗓️", 60),
        ("Working from home", "online", "🏠", 0),
    ] {
        let body = json!({"name": name, "statusType": kind, "emoji": emoji, "durationMinutes": minutes});
        admin.post("custom-user-status.create", &body).await.expect(200);
    }
    for (username, name, status, message) in [
        ("noor", "Noor Haddad", "busy", "On the phone"),
        (
            "priya",
            "Priya Raman",
            "busy",
            "Quarterly planning with the Rotterdam office and all of its many guests",
        ),
        (
            "samuel",
            "Samuel Adeyemi-Clarke-Featherstonehaugh",
            "online",
            "Ask me about the release",
        ),
        ("ben", "Ben Carter", "away", "On the train"),
    ] {
        server.command(create_user(username)).await;
        let user = server.logged_in(username).await;
        user.post("users.updateOwnBasicInfo", &json!({"data": {"name": name}}))
            .await
            .expect(200);
        user.post("users.setStatus", &json!({"status": status, "message": message}))
            .await
            .expect(200);
    }
    server
}

/// Opens every page, and the pages of an administrator in each language. Calls `check` with the name of each page.
async fn in_every_look(browser: &Browser, server: &TestServer, mut check: impl AsyncFnMut(&str)) {
    let url = |path: &str| format!("http://{}{path}", server.address);
    for (name, path) in OPEN {
        browser.open(&url(path)).await;
        check(name).await;
    }
    sign_in(browser, server, ADMIN).await;
    for language in ["en", "de"] {
        let admin = server.admin().await;
        admin
            .post("users.setPreferences", &json!({"data": {"language": language}}))
            .await
            .expect(200);
        for (name, path) in OWN {
            browser.open(&url(path)).await;
            check(&format!("{name}-{language}")).await;
        }
        let samuel = admin.get("users.info?username=samuel").await.expect(200);
        let id = samuel["user"]["_id"].as_str().expect("an id").to_owned();
        browser.open(&url(&format!("/people/{id}"))).await;
        check(&format!("person-{language}")).await;
        for (name, end) in OF_ACCOUNT {
            browser.open(&url(&format!("/admin/users/{id}{end}"))).await;
            check(&format!("{name}-{language}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn no_page_scrolls_sideways_cuts_a_text_or_breaks_its_policy() {
    let server = team().await;
    let browser = Browser::start().await;
    in_every_look(&browser, &server, async |name| {
        for (width, height, colours) in [
            (1440, 900, "light"),
            (800, 900, "dark"),
            (360, 780, "dark"),
            (320, 700, "light"),
        ] {
            browser.show_as(width, height, colours).await;
            let wide = browser
                .run("arguments[0](document.documentElement.scrollWidth - innerWidth)")
                .await;
            assert!(wide.as_i64() <= Some(0), "{name} at {width}: {wide}");
            let cut = browser.run(CUT).await;
            assert_eq!(cut, Value::Array(Vec::new()), "{name} at {width}");
            browser.keep_picture(&format!("{name}-{width}-{colours}")).await;
        }
        let broken = browser.console().await;
        let broken: Vec<_> = broken
            .iter()
            .filter(|line| line.contains("Content Security Policy") || line.contains("Uncaught"))
            .collect();
        assert!(broken.is_empty(), "{name}: {broken:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver and axe-core; .ci/run installs them"]
async fn no_page_breaks_a_rule_of_accessibility() {
    let file = std::env::var(AXE).expect("ROLLCALL_AXE names the file axe.min.js of axe-core");
    let axe = std::fs::read_to_string(file).expect("the file of axe-core");
    let server = team().await;
    let browser = Browser::start().await;
    let script = format!(
        "{axe}; const done = arguments[0];
         axe.run().then(({{violations}}) => done(violations.map(({{id, nodes}}) =>
           id + ' at ' + nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', '))));"
    );
    let mut found = Vec::new();
    in_every_look(&browser, &server, async |name| {
        for (width, height, colours) in [(1440, 900, "light"), (360, 780, "dark")] {
            browser.show_as(width, height, colours).await;
            let broken = browser.run(&script).await;
            if broken != Value::Array(Vec::new()) {
                found.push(format!("{name} at {width}: {broken}"));
            }
        }
    })
    .await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}
