//! The audit log in the administration, and its CSV file.

use rollcall::app::{App, Clock, Overrides};
use rollcall::auth::Actor;
use rollcall::auth::password::Passwords;
use rollcall::domain::{AuditAction, RoleName, RoleScope, SettingId, SettingValue};
use rollcall::ops::audit::{self, AuditFilter, Bounds};
use rollcall::ops::roles::{self, RoleDraft};
use serde_json::json;

use crate::attacks::administrators::give;
use crate::support::server::{ADMIN, DAY, MINUTE, PASSWORD, UNLIMITED, USER, create_user, fix};
use crate::support::store::open_store;
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

const AUDIT: &str = "/admin/audit";
const FILE: &str = "/admin/audit.csv";

async fn start() -> TestServer {
    TestServer::start_with(|options| fix(options, &[UNLIMITED])).await
}

/// Returns the kinds of the entries on a page, in the order of the page.
fn kinds(page: &str) -> Vec<&str> {
    let badges = page.split("<td class=\"mid\"><span class=\"badge ").skip(1);
    let kinds = badges.map(|rest| rest.split_once("\">").expect("a badge").1);
    kinds.map(|rest| rest.split('<').next().expect("a kind")).collect()
}

#[tokio::test]
async fn the_log_says_who_did_what_newest_first() {
    let server = start().await;
    let admin = server.admin().await;
    server.pass(1);
    admin.create_status("<b>caught up</b>", "busy").await;
    admin.create_status("caught up", "busy").await.expect(200);
    server.pass(1);
    server
        .anonymous()
        .post("login", &json!({"user": USER, "password": "wrong"}))
        .await
        .expect(401);
    server.pass(1);
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page(AUDIT).await;
    let found = kinds(&page);
    assert_eq!(found[..3], ["login", "login-failed", "custom-status-created"], "{page}");
    for words in [
        "Kept for 90 days.",
        "Created a status: <bdi>caught up</bdi>",
        "Sign-in failed",
        "<td class=\"low faint\">127.0.0.1</td>",
        "<bdi>the command line</bdi>",
        "11:44:23</time>",
        "badge warn\">login-failed",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let german = Visitor::signed_in(&server, ADMIN)
        .await
        .speaking("de")
        .page(AUDIT)
        .await;
    assert!(german.contains("Status angelegt: <bdi>caught up</bdi>"), "{german}");
    assert!(german.contains("<option value=\"login-failed\">Anmeldung fehlgeschlagen</option>"));
    server.pass(DAY);
    let page = Visitor::signed_in(&server, ADMIN).await.page(AUDIT).await;
    assert!(page.contains("4 November, 11:44:23</time>"), "{page}");
}

#[tokio::test]
async fn filters_are_in_the_address() {
    let server = start().await;
    server.command(create_user("bob")).await;
    server.admin().await;
    server.pass(3 * DAY);
    let ada = server.user().await;
    let new = json!({"userId": ada.id(), "data": {"name": "Ada Lovelace"}});
    server.admin().await.post_proved("users.update", &new).await.expect(200);
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let kinds_of = async |query: &str| {
        let page = visitor.page(&format!("{AUDIT}?{query}")).await;
        kinds(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(kinds_of("q=BOB").await, ["user-created"]);
    assert_eq!(kinds_of("q=ada").await, ["user-updated", "login", "user-created"]);
    assert_eq!(
        kinds_of(&format!("q={}&action=user-updated", ada.id())).await,
        ["user-updated"]
    );
    assert_eq!(kinds_of("action=user-created").await, ["user-created"; 3]);
    let here = kinds_of("q=127.0.0.1").await;
    assert!(
        here.contains(&"login".into()) && !here.contains(&"user-created".into()),
        "{here:?}"
    );
    let today = kinds_of("when=today").await;
    assert!(
        today.contains(&"user-updated".into()) && !today.contains(&"user-created".into()),
        "{today:?}"
    );
    assert!(kinds_of("when=week").await.contains(&"user-created".into()));
    assert_eq!(kinds_of("action=login&q=admin&when=today").await.len(), 2);
    assert!(
        kinds_of("action=nonsense&when=nonsense").await.len() > 5,
        "an unknown filter is none"
    );
    let page = visitor
        .page(&format!("{AUDIT}?q=%22%3E%3Cscript%3E&action=login"))
        .await;
    assert!(
        page.contains("No entry matches.") && !page.contains("\"><script>"),
        "{page}"
    );
    assert!(page.contains("value=\"&#34;&#62;&#60;script&#62;\""), "{page}");
    assert!(page.contains("<option value=\"login\" selected>"), "{page}");
}

#[tokio::test]
async fn pages_cover_the_log_in_order_without_gap_or_overlap() {
    let server = start().await;
    let admin = server.admin().await;
    for number in 0..120 {
        admin
            .create_status(&format!("status {number}."), "busy")
            .await
            .expect(200);
        // Some entries have the same time.
        server.pass(i64::from(number % 3 == 0));
    }
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let mut path = format!("{AUDIT}?action=custom-status-created");
    let (mut pages, mut seen) = (0, Vec::new());
    loop {
        let page = visitor.page(&path).await;
        pages += 1;
        assert_eq!(page.contains("Newest"), pages > 1, "{page}");
        let numbers = page.split("<bdi>status ").skip(1);
        seen.extend(numbers.map(|rest| rest.split('.').next().expect("a number").to_owned()));
        let older = page
            .split("href=\"?")
            .filter_map(|rest| rest.split('"').next())
            .find(|query| query.contains("after="));
        match older {
            Some(query) => path = format!("{AUDIT}?{}", query.replace("&#38;", "&")),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    let newest_first: Vec<_> = (0..120).rev().map(|number| number.to_string()).collect();
    assert_eq!(seen, newest_first, "also within one millisecond");
    for after in [
        "x",
        "é",
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "-000000000000001ffffffffffffffff",
    ] {
        let answer = visitor.get(&format!("{AUDIT}?after={after}")).await;
        assert_eq!(answer.status, 400, "{after}");
    }
}

#[tokio::test]
async fn the_file_has_the_filtered_entries_and_no_formula() {
    let server = start().await;
    let admin = server.admin().await;
    for note in ["=1+1", "+2", "-3", "@SUM(A1)", "\"quoted\", <b>with comma"] {
        let terms = json!({"note": note});
        admin.post_proved("invitations.create", &terms).await.expect(200);
    }
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page(&format!("{AUDIT}?action=invitation-created")).await;
    assert!(
        page.contains("href=\"/admin/audit.csv?action=invitation-created\""),
        "{page}"
    );
    assert!(
        page.contains("&#60;b&#62;with comma") && !page.contains("<b>with"),
        "{page}"
    );
    let answer = visitor.get(&format!("{FILE}?action=invitation-created")).await;
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"audit-2023-11-04.csv\""),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    let file = text(&answer);
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let rows: Vec<_> = rows.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 5, "{file}");
    for row in &rows {
        assert_eq!(
            (row.len(), &row[0], &row[1], &row[2]),
            (10, "2023-11-04T11:44:23.366Z", "user", "admin")
        );
        assert!(
            row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])),
            "{row:?}"
        );
    }
    for cell in ["'=1+1", "'+2", "'-3", "'@SUM(A1)", "\"quoted\", <b>with comma"] {
        assert!(rows.iter().any(|row| &row[7] == cell), "{cell} in {file}");
    }
}

#[tokio::test]
async fn the_log_needs_its_permission_and_counts_as_the_endpoint() {
    let few = (SettingId::RateLimiterCalls, SettingValue::Number(2));
    let server = TestServer::start_with(|options| fix(options, &[few])).await;
    let ada = Visitor::signed_in(&server, USER).await;
    for path in [AUDIT, FILE] {
        let answer = ada.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(!text(&answer).contains("login"), "{}", text(&answer));
        assert_eq!(Visitor::of(&server).get(path).await.status, 303);
    }
    server.command(create_user("bob")).await;
    give(&server.admin().await, "bob", &["view-audit"]).await;
    let bob = Visitor::signed_in(&server, "bob").await;
    assert!(!bob.page(AUDIT).await.contains("/admin/users"));
    bob.page(FILE).await;
    assert_eq!(bob.get(AUDIT).await.status, 429);
    let client = server.anonymous().logged_in("bob", PASSWORD).await;
    client.get("audit.list").await.expect(429);
    server.pass(MINUTE);
    bob.page(AUDIT).await;
}

#[tokio::test]
async fn a_filter_that_matches_nothing_reads_a_bounded_part_and_goes_on_from_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open_store(&folder.path().join("data")).expect("a store");
    let app = App::new(store, Clock::system(), Passwords::default(), Overrides::default());
    for number in 0..7 {
        let draft = RoleDraft {
            name: RoleName::parse(&format!("role {number}")).expect("a name"),
            description: String::new(),
            scope: RoleScope::Users,
            mandatory_two_factor: false,
        };
        roles::create(&app, &Actor::Operator, draft).await.expect("a role");
    }
    let read = async |action: AuditAction, after: Option<&str>| {
        let filter = AuditFilter {
            action: Some(action),
            ..AuditFilter::default()
        };
        let bounds = Bounds { entries: 2, read: 3 };
        let part = audit::part(&app, &Actor::Operator, filter, after, bounds).await;
        part.expect("a part of the log")
    };
    for (action, expected) in [
        (AuditAction::UserDeleted, vec![0, 0, 0]),
        (AuditAction::RoleCreated, vec![2, 2, 2, 1]),
    ] {
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let part = read(action, after.as_deref()).await;
            found.push(part.entries.len());
            after = part.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{action}");
    }
    app.store.close().await;
}
