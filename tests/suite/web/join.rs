//! Invitations in the administration, and new accounts with an invitation.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use super::profile::prove;
use super::words::{ADMINISTRATION, assert_words};
use crate::attacks::administrators::give;
use crate::support::server::{ADMIN, DAY, PASSWORD, UNLIMITED, USER, create_user, fix, new_folder};
use crate::support::visitor::{encoded, text, token};
use crate::support::{Answer, Process, TestServer, Visitor};

const INVITATIONS: &str = "/admin/invitations";
const REVOKE: &str = "/admin/invitations/revoke";

async fn start(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| {
        fix(options, &[UNLIMITED]);
        fix(options, settings);
    })
    .await
}

/// Returns the path of the link on a page. The link is shown only once.
pub fn link(page: &str, server: &TestServer) -> String {
    let (_, rest) = page.split_once("<code id=\"link\">").expect("a link");
    let link = rest.split('<').next().expect("a link");
    let path = link.strip_prefix(&format!("http://{}", server.address));
    path.unwrap_or_else(|| panic!("{link} is not of this server"))
        .to_owned()
}

/// Creates an invitation with its form, and returns the path of its link.
async fn invite(server: &TestServer, visitor: &Visitor, fields: &[(&str, &str)]) -> String {
    let asked = visitor.submit(INVITATIONS, fields).await;
    let created = prove(visitor, INVITATIONS, &asked, "password", PASSWORD).await;
    assert_eq!(created.status, 200, "{}", text(&created));
    link(&text(&created), server)
}

fn newcomer<'text>(first: &'text str, username: &'text str, email: &'text str) -> [(&'text str, &'text str); 5] {
    [
        ("first", first),
        ("last", "Hopper"),
        ("username", username),
        ("email", email),
        ("password", PASSWORD),
    ]
}

async fn join(visitor: &Visitor, path: &str, username: &str) -> Answer {
    let email = format!("{username}@example.com");
    visitor.submit(path, &newcomer("Grace", username, &email)).await
}

#[tokio::test]
async fn the_first_start_leads_to_an_invitation_and_the_second_person_to_the_board() {
    let server = TestServer::open(new_folder(), |options| fix(options, &[UNLIMITED])).await;
    let setup = server.setup_link.clone().expect("a link");
    let ada = Visitor::of(&server);
    let fields = [
        ("link", setup.as_str()),
        ("team", "Harbour Studio"),
        ("first", "Ada"),
        ("last", "Lovelace"),
        ("username", "ada"),
        ("password", PASSWORD),
        ("registration", "Disabled"),
    ];
    let page = text(&ada.submit("/setup", &fields).await);
    for words in [
        "Send this link to your team",
        "20 people can create an account with it, until 11 November.",
        "href=\"/\">Go to the board",
        "It is not shown again.",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let path = link(&page, &server);
    assert!(ada.page("/").await.contains("Only you so far"), "they are signed in");
    let grace = Visitor::of(&server);
    let page = grace.page(&path).await;
    assert!(
        page.contains("Join Harbour Studio") && page.contains("<bdi>Ada Lovelace</bdi></b> has invited you."),
        "{page}"
    );
    assert_eq!(join(&grace, &path, "grace").await.header("location"), Some("/"));
    for visitor in [&ada, &grace] {
        let board = visitor.page("/").await;
        assert!(
            board.contains("Ada Lovelace") && board.contains("Grace Hopper"),
            "{board}"
        );
    }
    let list = ada.page(INVITATIONS).await;
    assert!(list.contains("1 of 20 used") && !list.contains(&path), "{list}");
}

#[tokio::test]
async fn a_person_with_an_invitation_registers_where_registration_is_closed() {
    let site = (SettingId::SiteName, SettingValue::Text("Harbour Studio".into()));
    let server = start(&[site]).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let path = invite(&server, &admin, &[("uses", "2"), ("days", "7"), ("role", "guest")]).await;

    let visitor = Visitor::of(&server);
    let answer = visitor.get(&path).await;
    assert_eq!(answer.header("x-robots-tag"), Some("noindex, nofollow"));
    let page = text(&answer);
    assert!(page.contains("The link works until 11 November."), "{page}");
    for (fields, words) in [
        (
            newcomer("G", "grace", "grace@example.com"),
            "First name must have atleast 2 characters.",
        ),
        (
            newcomer("Grace", "g r", "grace@example.com"),
            "Enter letters, digits, hyphens",
        ),
        (newcomer("Grace", USER, "grace@example.com"), "This name is taken."),
        (newcomer("Grace", "grace", "grace@"), "Enter a valid email"),
        (
            newcomer("Grace", "grace", "ada@example.com"),
            "belongs to another account",
        ),
    ] {
        let answer = visitor.submit(&path, &fields).await;
        let page = text(&answer);
        assert_eq!(answer.status, 422, "{words}");
        assert!(
            page.contains(words) && page.contains("value=\"Hopper\""),
            "{words}: {page}"
        );
        assert!(page.contains("has invited you.") && !page.contains(PASSWORD), "{page}");
    }
    let mut fields = newcomer("Grace", "grace", "grace@example.com");
    fields[4].1 = "short";
    let answer = visitor.submit(&path, &fields).await;
    assert!(text(&answer).contains("id=\"password-err\""), "{}", text(&answer));

    assert_eq!(join(&visitor, &path, "grace").await.header("location"), Some("/"));
    assert!(visitor.page("/").await.contains("Grace Hopper"));
    let me = server.logged_in("grace").await.get("me").await.expect(200);
    assert_eq!(me["roles"], json!(["guest"]));

    // A person who is signed in already has an account.
    assert!(
        visitor
            .page(&path)
            .await
            .contains("To create one for another person, sign out first.")
    );
    let again = visitor
        .submit_from("/", &path, &newcomer("Eve", "eve", "eve@example.com"))
        .await;
    assert!(text(&again).contains("You are signed in and have an account."));
    assert!(admin.page(INVITATIONS).await.contains("1 of 2 used"));
}

#[tokio::test]
async fn a_link_that_opens_nothing_says_so() {
    let block = (SettingId::BlockByAddressAttempts, SettingValue::Number(3));
    let server = start(&[block]).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let once = invite(&server, &admin, &[("uses", "1"), ("days", "30")]).await;
    let short = invite(&server, &admin, &[("uses", "5"), ("days", "1")]).await;
    let (first, late) = (Visitor::of(&server), Visitor::of(&server).speaking("de"));
    let open = token(&late.page(&once).await);
    assert_eq!(join(&first, &once, "grace").await.status, 303);

    // Another person used the invitation while the form was open.
    let mut fields = newcomer("Late", "late", "late@example.com").to_vec();
    fields.push(("form-token", &open));
    let answer = late.post(&once, &fields).await;
    assert_eq!(answer.status, 403);
    let page = text(&answer);
    assert!(
        page.contains("Diese Einladung gilt nicht mehr") && !page.contains("<form"),
        "{page}"
    );
    server.pass(DAY);
    let over = Visitor::of(&server).get(&short).await;
    assert_eq!(
        (over.status, over.header("x-robots-tag")),
        (403, Some("noindex, nofollow"))
    );
    assert!(text(&over).contains("This invitation is over"), "{}", text(&over));

    // The server counts wrong links as guesses from the address.
    let visitor = Visitor::of(&server);
    for path in ["/join/guess", "/join/%3Cscript%3E"] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(!text(&answer).contains("<script>"));
    }
    let answer = visitor.get("/join/another").await;
    assert!(text(&answer).contains("Too many wrong tries."), "{}", text(&answer));
}

#[tokio::test]
async fn a_newcomer_fills_in_the_fields_that_an_account_must_have() {
    let fields = r#"{"team": {"type": "select", "options": ["Design", "Support"], "required": true, "public": true},
        "floor": {"type": "text"}}"#;
    let server = start(&[(SettingId::CustomFields, SettingValue::Text(fields.into()))]).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let path = invite(&server, &admin, &[("uses", "0"), ("days", "7")]).await;
    let visitor = Visitor::of(&server);
    let page = visitor.page(&path).await;
    assert!(
        page.contains("name=\"field:team\"") && !page.contains("field:floor"),
        "{page}"
    );
    let answer = join(&visitor, &path, "grace").await;
    assert_eq!(answer.status, 422, "{}", text(&answer));
    let mut fields = newcomer("Grace", "grace", "grace@example.com").to_vec();
    fields.push(("field:team", "Support"));
    assert_eq!(visitor.submit(&path, &fields).await.header("location"), Some("/"));
    assert!(visitor.page("/?by=team").await.contains("<bdi>Support</bdi>"));
}

#[tokio::test]
async fn administrators_see_and_revoke_invitations_and_never_their_links() {
    let server = start(&[]).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    assert!(admin.page(INVITATIONS).await.contains("No invitation is open."));
    let note = "<script>alert(1)</script>";
    let path = invite(&server, &admin, &[("uses", "0"), ("days", "365"), ("note", note)]).await;
    let page = admin.page(INVITATIONS).await;
    for words in [
        "used by 0",
        "roles of every new account",
        "until 3 November 2024",
        "by admin",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(
        page.contains("&#60;script&#62;") && !page.contains("<script>alert"),
        "{page}"
    );
    let secret = path.rsplit('/').next().expect("a secret");
    assert!(!page.contains(secret), "{page}");

    let (_, rest) = page.split_once("revoke?id=").expect("a link to revoke it");
    let id = rest.split('"').next().expect("an id");
    let question = admin.page(&format!("{REVOKE}?id={id}")).await;
    assert!(
        question.contains("Revoke “") && question.contains("&#60;script&#62;"),
        "{question}"
    );
    assert_eq!(
        admin.get(&format!("{REVOKE}?id=x")).await.header("location"),
        Some(INVITATIONS)
    );
    assert_eq!(
        Visitor::of(&server).get(&path).await.status,
        200,
        "a question ends nothing"
    );
    let from = format!("{REVOKE}?id={id}");
    let answer = admin.submit(&from, &[]).await;
    assert_eq!(
        answer.header("location"),
        Some("/admin/invitations?note=invitation-revoked")
    );
    assert!(
        admin
            .page("/admin/invitations?note=invitation-revoked")
            .await
            .contains("The invitation is revoked.")
    );
    assert_eq!(Visitor::of(&server).get(&path).await.status, 403);
}

#[tokio::test]
async fn an_invitation_needs_its_permission_a_proof_and_sound_terms() {
    let server = start(&[]).await;
    let ada = Visitor::signed_in(&server, USER).await;
    assert!(!ada.page("/").await.contains("/admin"));
    for path in [INVITATIONS, "/admin/invitations/revoke?id=x"] {
        let answer = ada.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(text(&answer).contains("Your account does not have the permission for it."));
    }
    for path in [INVITATIONS, REVOKE] {
        assert_eq!(
            ada.submit_from("/profile", path, &[("uses", "1")]).await.status,
            403,
            "{path}"
        );
    }
    let admin = Visitor::signed_in(&server, ADMIN).await;
    for (fields, words) in [
        (
            [("uses", "many"), ("note", "x")],
            "Enter a whole number from 0 to 1000.",
        ),
        (
            [("uses", "1001"), ("note", "x")],
            "Enter a whole number from 0 to 1000.",
        ),
        ([("uses", "3"), ("note", &"x".repeat(121))], "This text is too long."),
    ] {
        let answer = admin.submit(INVITATIONS, &fields).await;
        assert_eq!(answer.status, 422, "{words}");
        assert!(text(&answer).contains(words), "{words}: {}", text(&answer));
    }
    let asked = admin.submit(INVITATIONS, &[("uses", "1"), ("days", "1")]).await;
    let wrong = prove(&admin, INVITATIONS, &asked, "password", "wrong").await;
    assert_eq!(wrong.status, 422);
    assert!(admin.page(INVITATIONS).await.contains("No invitation is open."));

    // A person who may invite cannot give a role beyond their own authority, and the form offers no such role.
    server.command(create_user("bob")).await;
    give(&server.admin().await, "bob", &["create-invite-links"]).await;
    let bob = Visitor::signed_in(&server, "bob").await;
    let page = bob.page(INVITATIONS).await;
    assert!(
        page.contains("value=\"user\"") && !page.contains("value=\"admin\""),
        "{page}"
    );
    let asked = bob.submit(INVITATIONS, &[("uses", "1"), ("role", "admin")]).await;
    let refused = prove(&bob, INVITATIONS, &asked, "password", PASSWORD).await;
    assert_eq!(refused.status, 422, "{}", text(&refused));
    invite(&server, &bob, &[("uses", "1")]).await;
    let off = json!({"userId": server.logged_in("bob").await.id(), "activeStatus": false});
    server
        .admin()
        .await
        .post("users.setActiveStatus", &off)
        .await
        .expect(200);
    assert!(admin.page(INVITATIONS).await.contains("not valid now"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_pages() {
    let server = start(&[]).await;
    let admin = server.admin().await;
    for number in 0..51 {
        let terms = json!({"note": format!("number {number}.")});
        admin.post_proved("invitations.create", &terms).await.expect(200);
        server.pass(1);
    }
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let first = visitor.page(INVITATIONS).await;
    assert!(first.contains("number 50.") && !first.contains("number 0."), "{first}");
    assert!(first.contains("?page=2") && !first.contains("Previous"), "{first}");
    let second = visitor.page("/admin/invitations?page=2").await;
    assert!(
        second.contains("number 0.") && !second.contains("number 50."),
        "{second}"
    );
    assert!(second.contains("?page=1") && !second.contains("Next<"), "{second}");
    visitor.page("/admin/invitations?page=99999999999999999999").await;
}

#[tokio::test]
async fn the_log_has_no_secret_of_a_link() {
    let mut server = Process::start_in(new_folder(), |command| {
        command.args(["--log-level", "trace"]);
    });
    let client = server.anonymous();
    let html = [("accept", "text/html")];
    for path in ["/join/join-secret", "/board/board-secret", "/join/join-secret/more"] {
        client.send("GET", path, &html, "").await;
        client.send("POST", path, &html, encoded(&[("a", "b")])).await;
    }
    server.signal(libc::SIGTERM);
    let (_, log) = server.wait();
    assert!(log.contains("/join/:secret") && log.contains("/board/:secret"), "{log}");
    for secret in ["join-secret", "board-secret"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn the_pages_have_their_words_in_both_languages() {
    let server = start(&[]).await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let path = invite(&server, &admin, &[("uses", "3")]).await;
    for language in ["en", "de"] {
        let admin = Visitor::signed_in(&server, ADMIN).await.speaking(language);
        for path in ADMINISTRATION {
            assert_words(&admin.page(path).await, path, language);
        }
        let visitor = Visitor::of(&server).speaking(language);
        assert_words(&visitor.page(&path).await, &path, language);
    }
}
