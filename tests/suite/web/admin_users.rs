//! The section "Users" of the administration.

use image::ImageFormat;
use rollcall::admin_socket::Command;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use super::profile::prove;
use super::words::assert_words;
use crate::api::two_factor::enable;
use crate::attacks::administrators::give;
use crate::support::pictures::halves;
use crate::support::server::{ADMIN, BEGINNING, MINUTE, PASSWORD, UNLIMITED, USER, create_user, fix};
use crate::support::visitor::{text, token};
use crate::support::{Answer, Client, TestServer, Visitor};

const NEW_PASSWORD: &str = "another correct horse";

/// The actions of the section, each with the permission of its endpoint.
const ACTS: [(&str, &str); 8] = [
    ("unlock", "edit-other-user-active-status"),
    ("reset-link", "edit-other-user-password"),
    ("two-step-off", "edit-other-user-totp"),
    ("sign-out", "logout-other-user"),
    ("remove-photo", "edit-other-user-avatar"),
    ("deactivate", "edit-other-user-active-status"),
    ("activate", "edit-other-user-active-status"),
    ("delete", "delete-user"),
];

async fn start() -> TestServer {
    TestServer::start_with(|options| fix(options, &[UNLIMITED])).await
}

fn path_of(client: &Client) -> String {
    format!("/admin/users/{}", client.id())
}

/// Sends a form of a page.
async fn send(visitor: &Visitor, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    visitor.submit_from(page, path, fields).await
}

/// Asserts that an answer redirects to this path.
#[track_caller]
fn assert_led(answer: &Answer, location: &str) {
    assert_eq!(answer.header("location"), Some(location), "{}", text(answer));
}

/// Sends a form, and the proof if the page asks for it. A session with a recent proof may need no new one.
async fn proved(visitor: &Visitor, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let answer = send(visitor, page, path, fields).await;
    if text(&answer).contains("Confirm that it’s you") {
        prove(visitor, path, &answer, "password", PASSWORD).await
    } else {
        answer
    }
}

async fn record(client: &Client, id: &str) -> Value {
    client.get(&format!("users.info?userId={id}")).await.expect(200)["user"].clone()
}

/// Creates a helper with these permissions and those that the section needs.
async fn helper(server: &TestServer, permissions: &[&str]) -> Visitor {
    server.command(create_user("helper")).await;
    let needed = ["view-user-administration", "view-full-other-user-info"];
    give(&server.admin().await, "helper", &[&needed, permissions].concat()).await;
    Visitor::signed_in(server, "helper").await
}

async fn lock(server: &TestServer, user: &str) {
    for _ in 0..10 {
        let body = json!({"user": user, "password": "wrong"});
        server.anonymous().post("login", &body).await;
    }
}

/// Returns the rows of the list as HTML.
fn rows(page: &str) -> Vec<&str> {
    page.split("<th scope=\"row\">").skip(1).collect()
}

#[tokio::test]
async fn the_list_is_paged_searched_and_filtered_by_its_address() {
    let server = start().await;
    for number in 0..51 {
        server
            .command(Command::CreateUser {
                username: format!("crew{number:02}"),
                email: Some(format!("crew{number:02}@example.org")),
                name: Some(format!("Crew Member {number:02}")),
                password: PASSWORD.into(),
                roles: Vec::new(),
            })
            .await;
    }
    let admin = server.admin().await;
    let off = json!({"userId": record(&admin, server.user().await.id()).await["_id"], "activeStatus": false});
    admin.post("users.setActiveStatus", &off).await.expect(200);
    lock(&server, "crew07").await;

    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page("/admin/users").await;
    assert!(page.contains("53 accounts, 52 active."), "{page}");
    assert!(page.contains("1 to 50 of 53"), "{page}");
    assert_eq!(rows(&page).len(), 50);
    assert!(page.contains("href=\"/admin/users?page=2\"") && !page.contains("rel=\"prev\""));
    assert!(page.contains("Locked <span class=\"num\">1</span>"), "{page}");
    assert!(page.contains("Deactivated <span class=\"num\">1</span>"), "{page}");
    let second = visitor.page("/admin/users?page=2").await;
    assert!(
        second.contains("51 to 53 of 53") && rows(&second).len() == 3,
        "{second}"
    );
    assert!(second.contains("href=\"/admin/users\"") && !second.contains("rel=\"next\""));
    for beyond in [
        "/admin/users?page=3",
        "/admin/users?page=99999999999999999999999",
        "/admin/users?page=100000",
    ] {
        let answer = visitor.get(beyond).await;
        let led = (answer.status, answer.header("location"));
        // A number that is too large to parse means the first page.
        let expected = if beyond.len() > 30 {
            (200, None)
        } else {
            (303, Some("/admin/users?page=2"))
        };
        assert_eq!(led, expected, "{beyond}");
    }

    for (query, found) in [
        ("q=member+07", 1),
        ("q=CREW1", 10),
        ("q=crew07%40example.org", 1),
        ("q=nobody", 0),
        ("q=crew&is=locked", 1),
        ("is=locked", 1),
        ("is=off", 1),
        ("is=off&q=crew", 0),
        ("is=active&q=ada", 0),
        ("is=nothing&q=ada", 1),
    ] {
        let page = visitor.page(&format!("/admin/users?{query}")).await;
        assert_eq!(rows(&page).len(), found, "{query}");
    }
    let locked = visitor.page("/admin/users?is=locked").await;
    assert!(
        locked.contains("</svg>locked</span>") && locked.contains("until "),
        "{locked}"
    );
    assert!(
        locked.contains("/unlock\"") && locked.contains("name=\"is\" value=\"locked\""),
        "{locked}"
    );
    let off = visitor.page("/admin/users?is=off").await;
    assert!(off.contains("<span class=\"badge warn\">deactivated</span>"), "{off}");
    assert!(
        off.contains("/activate\"") && !off.contains("/deactivate\"") && !off.contains("/unlock\""),
        "{off}"
    );
    let hostile = visitor
        .page("/admin/users?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        .await;
    assert!(
        hostile.contains("No one found") && !hostile.contains("<script>alert"),
        "{hostile}"
    );
    // The block ends without an action.
    server.pass(6 * MINUTE);
    assert!(rows(&visitor.page("/admin/users?is=locked").await).is_empty());
}

#[tokio::test]
async fn the_section_needs_its_permission_and_each_act_its_own() {
    let server = start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let path = path_of(&admin);
    let stranger = Visitor::of(&server);
    let visitor = Visitor::signed_in(&server, USER).await;
    assert!(!visitor.page("/").await.contains("/admin"));
    let token = token(&visitor.page("/").await);
    let mut paths = vec![
        "/admin/users".to_owned(),
        "/admin/users/new".to_owned(),
        path.clone(),
        format!("{path}/sessions"),
    ];
    paths.extend(ACTS.map(|(act, _)| format!("{path}/{act}")));
    for path in &paths {
        assert_eq!(visitor.get(path).await.status, 403, "{path}");
        assert_eq!(stranger.get(path).await.status, 303, "{path}");
    }
    paths.extend(["roles", "password", "sessions/end"].map(|form| format!("{path}/{form}")));
    for path in paths.iter().skip(1) {
        let fields = [
            ("form-token", token.as_str()),
            ("password", NEW_PASSWORD),
            ("name", "Eve"),
        ];
        let answer = visitor.post(path, &fields).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(text(&answer).contains("You can’t open this page"), "{path}");
        // A form without its token does nothing, even for a user with the permission.
        let own = Visitor::signed_in(&server, ADMIN).await;
        let answer = own.post(path, &[("password", NEW_PASSWORD), ("name", "Eve")]).await;
        assert!(text(&answer).contains("This form is out of date"), "{path}");
    }
    assert_eq!(record(&admin, admin.id()).await["username"], ADMIN);
    assert_eq!(record(&admin, ada.id()).await["active"], true);
}

#[tokio::test]
async fn a_helper_has_the_acts_of_their_permissions_alone() {
    let permissions = [
        "edit-other-user-active-status",
        "edit-other-user-password",
        "edit-other-user-totp",
        "logout-other-user",
        "edit-other-user-avatar",
        "delete-user",
        "edit-other-user-info",
        "create-user",
    ];
    for permission in permissions {
        let server = start().await;
        let ada = server.user().await;
        enable(&ada, BEGINNING).await;
        ada.upload(&halves(16, 16, ImageFormat::Png), &[]).await.expect(200);
        let path = path_of(&ada);
        let helper = helper(&server, &[permission]).await;
        let (list, page) = (helper.page("/admin/users").await, helper.page(&path).await);
        assert_eq!(
            list.contains("/admin/users/new"),
            permission == "create-user",
            "{permission}"
        );
        assert_eq!(
            page.contains("name=\"name\""),
            permission == "edit-other-user-info",
            "{permission}"
        );
        assert!(
            !page.contains("name=\"role\"") && !page.contains("name=\"must-change\""),
            "{permission}"
        );
        assert_eq!(
            page.contains(&format!("{path}/sessions")),
            permission == "logout-other-user"
        );
        let token = token(&list);
        for (act, needed) in ACTS {
            let (own, act_path) = (needed == permission, format!("{path}/{act}"));
            // The page leaves out actions that do not fit the account.
            let shown = own && !["unlock", "activate"].contains(&act);
            assert_eq!(page.contains(&act_path), shown, "{act} with {permission}");
            assert_eq!(
                helper.get(&act_path).await.status,
                if own { 200 } else { 403 },
                "{act} {permission}"
            );
            if !own {
                let answer = helper.post(&act_path, &[("form-token", &token)]).await;
                assert_eq!(answer.status, 403, "{act} with {permission}");
            }
        }
        for (form, needed) in [
            ("", "edit-other-user-info"),
            ("/roles", "none"),
            ("/password", "none"),
            ("/sessions", "logout-other-user"),
            ("/sessions/end", "logout-other-user"),
        ] {
            if permission != needed {
                let answer = helper.post(&format!("{path}{form}"), &[("form-token", &token)]).await;
                assert_eq!(answer.status, 403, "{form} with {permission}");
            }
        }
    }
}

#[tokio::test]
async fn a_reader_who_does_not_see_all_fields_sees_names_alone() {
    let server = start().await;
    let ada = server.user().await;
    server.command(create_user("helper")).await;
    let permissions = [
        "view-user-administration",
        "edit-other-user-info",
        "edit-other-user-active-status",
    ];
    give(&server.admin().await, "helper", &permissions).await;
    lock(&server, USER).await;
    let helper = Visitor::signed_in(&server, "helper").await;
    let (list, page) = (helper.page("/admin/users").await, helper.page(&path_of(&ada)).await);
    for private in ["ada@example.com", "locked", "Two-step"] {
        assert!(!list.contains(private), "{private} in {list}");
    }
    assert!(
        !page.contains("ada@example.com") && !page.contains("name=\"email\""),
        "{page}"
    );
    // The helper may see their own address.
    assert_eq!(rows(&helper.page("/admin/users?q=example.com").await).len(), 1);
    assert_eq!(helper.get("/admin/users?is=locked").await.status, 403);
    let answer = helper
        .post(&path_of(&ada), &[("form-token", &token(&list)), ("name", "Eve")])
        .await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn an_account_is_deactivated_activated_unlocked_and_deleted() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let (path, browser) = (path_of(&ada), Visitor::signed_in(&server, USER).await);
    let deactivate = format!("{path}/deactivate");
    let page = admin.page(&deactivate).await;
    assert!(
        page.contains("<h1 id=\"question-title\">Deactivate \u{2068}ada\u{2069}?</h1>"),
        "{page}"
    );
    assert!(page.contains(">Deactivate</button>") && page.contains("you can activate the account again"));
    let answer = send(&admin, &deactivate, &deactivate, &[]).await;
    assert_led(&answer, &format!("{path}?note=user-deactivated"));
    let page = admin.page(&format!("{path}?note=user-deactivated")).await;
    assert!(
        page.contains("The account is deactivated.") && page.contains(&format!("{path}/activate")),
        "{page}"
    );
    assert_eq!(browser.get("/").await.status, 303);
    assert_eq!(browser.sign_in(USER, PASSWORD).await.status, 401);

    let answer = send(&admin, &path, &format!("{path}/activate"), &[]).await;
    assert_led(&answer, &format!("{path}?note=user-activated"));
    assert_eq!(browser.sign_in(USER, PASSWORD).await.status, 303);

    lock(&server, USER).await;
    let page = admin.page(&path).await;
    assert!(
        page.contains("locked until") && page.contains("</svg>Unlock</button>"),
        "{page}"
    );
    let answer = send(&admin, &path, &format!("{path}/unlock"), &[]).await;
    assert_led(&answer, &format!("{path}?note=user-unlocked"));
    assert!(!admin.page(&path).await.contains("locked until"));
    assert!(rows(&admin.page("/admin/users?is=locked").await).is_empty());

    let delete = format!("{path}/delete");
    let page = admin.page(&delete).await;
    assert!(
        page.contains("Delete \u{2068}ada\u{2069}?") && page.contains("This can’t be undone."),
        "{page}"
    );
    let answer = send(&admin, &delete, &delete, &[]).await;
    assert_led(&answer, "/admin/users?note=user-deleted");
    assert!(
        admin
            .page("/admin/users?note=user-deleted")
            .await
            .contains("The account is deleted.")
    );
    for gone in [path.clone(), delete, format!("{path}/sessions")] {
        assert_eq!(admin.get(&gone).await.status, 404, "{gone}");
    }
    let token = token(&admin.page("/admin/users").await);
    let answer = admin.post(&format!("{path}/unlock"), &[("form-token", &token)]).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_reset_link_needs_a_fresh_proof_and_is_shown_once() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let path = format!("{}/reset-link", path_of(&ada));
    assert!(
        admin
            .page(&path)
            .await
            .contains("Create a reset link for \u{2068}ada\u{2069}?")
    );
    let asked = send(&admin, &path, &path, &[]).await;
    let refused = prove(&admin, &path, &asked, "password", "wrong").await;
    assert_eq!(refused.status, 422);
    let answer = prove(&admin, &path, &refused, "password", PASSWORD).await;
    let page = text(&answer);
    assert!(
        page.contains("data-copy=\"link\"") && page.contains("24 hours"),
        "{page}"
    );
    let (_, rest) = page.split_once("<code id=\"link\">").expect("a link");
    let link = rest.split('<').next().expect("a link").to_owned();
    assert!(link.contains("/reset-password#"), "{link}");
    assert!(!admin.page(&path).await.contains(&link));
    let visitor = Visitor::of(&server);
    let fields = [
        ("link", link.as_str()),
        ("password", NEW_PASSWORD),
        ("again", NEW_PASSWORD),
    ];
    assert_eq!(visitor.submit("/reset-password", &fields).await.status, 303);
    assert_eq!(visitor.sign_in(USER, NEW_PASSWORD).await.status, 303);
}

#[tokio::test]
async fn two_steps_sessions_and_photo_end_by_their_acts() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    ada.upload(&halves(16, 16, ImageFormat::Png), &[]).await.expect(200);
    enable(&ada, BEGINNING).await;
    let path = path_of(&ada);
    let page = admin.page(&path).await;
    assert!(
        page.contains("Two-step sign-in</span>") && page.contains("/avatar/uid/"),
        "{page}"
    );

    let photo = format!("{path}/remove-photo");
    assert_led(
        &send(&admin, &photo, &photo, &[]).await,
        &format!("{path}?note=user-saved"),
    );
    let off = format!("{path}/two-step-off");
    assert_led(
        &send(&admin, &off, &off, &[]).await,
        &format!("{path}?note=two-step-off"),
    );
    let page = admin.page(&path).await;
    for gone in [
        "/avatar/uid/",
        "remove-photo",
        "two-step-off",
        "Two-step sign-in</span>",
    ] {
        assert!(!page.contains(gone), "{gone}: {page}");
    }
    let browser = Visitor::signed_in(&server, USER).await;
    let out = format!("{path}/sign-out");
    assert_led(
        &send(&admin, &out, &out, &[]).await,
        &format!("{path}?note=user-signed-out"),
    );
    assert_eq!(browser.get("/").await.status, 303);
}

#[tokio::test]
async fn the_sessions_of_a_user_are_seen_and_ended_with_a_proof() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let named = json!({"tokenName": "<b>robot"});
    ada.post("users.generatePersonalAccessToken", &named).await;
    let browser = Visitor::signed_in(&server, USER).await;
    let path = format!("{}/sessions", path_of(&ada));
    // A new account needs no proof for 30 minutes.
    server.pass(31 * MINUTE);
    let page = admin.page(&path).await;
    assert!(
        page.contains("Show sessions") && !page.contains("sessions/end"),
        "{page}"
    );
    let asked = send(&admin, &path, &path, &[]).await;
    let page = text(&prove(&admin, &path, &asked, "password", PASSWORD).await);
    assert!(page.contains("sessions/end") && !page.contains("<b>robot"), "{page}");
    let ids: Vec<_> = page.split("name=\"session\" value=\"").skip(1).collect();
    assert!(ids.len() >= 2, "{page}");
    let cookie = browser.cookie("rollcall").expect("a session");
    assert!(!page.contains(&cookie));
    let end = format!("{path}/end");
    for id in ids {
        let id = id.split('"').next().expect("an id");
        let answer = proved(&admin, &path, &end, &[("session", id)]).await;
        assert_led(&answer, &format!("{path}?note=session-ended"));
    }
    let page = text(&proved(&admin, &path, &path, &[]).await);
    assert!(page.contains("No session and no access token."), "{page}");
    assert_eq!(browser.get("/").await.status, 303);
    // The page of one user cannot end a session of another user.
    let admins = server.admin().await.get("sessions/list").await;
    let admins = admins.json()["sessions"].as_array().expect("a list").clone();
    for session in admins {
        let id = session["sessionId"].as_str().expect("an id");
        let answer = proved(&admin, &path, &end, &[("session", id)]).await;
        assert_eq!(answer.status, 303);
    }
    assert_eq!(admin.get("/").await.status, 200);
}

#[tokio::test]
async fn acts_on_others_need_the_second_factor_as_their_endpoints_do() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let path = path_of(&ada);
    server.pass(31 * MINUTE);
    for (act, _) in ACTS {
        let answer = send(&admin, &path, &format!("{path}/{act}"), &[]).await;
        assert!(
            text(&answer).contains("Confirm that it’s you"),
            "{act}: {}",
            text(&answer)
        );
        let back = format!("href=\"{path}/{act}\"");
        assert!(text(&answer).contains(&back), "{act}: {}", text(&answer));
    }
    for form in ["", "/roles", "/password", "/sessions", "/sessions/end"] {
        let fields = [
            ("name", "Eve"),
            ("password", NEW_PASSWORD),
            ("username", "eve"),
            ("email", "eve@example.com"),
        ];
        let answer = send(&admin, &path, &format!("{path}{form}"), &fields).await;
        assert!(
            text(&answer).contains("Confirm that it’s you"),
            "{form}: {}",
            text(&answer)
        );
        assert!(!text(&answer).contains(NEW_PASSWORD), "{form}");
    }
    let record = record(&server.admin().await, ada.id()).await;
    assert_eq!((&record["username"], &record["active"]), (&json!(USER), &json!(true)));
    // The page of the question does the action.
    let path = format!("{path}/deactivate");
    let asked = send(&admin, &path, &path, &[]).await;
    let answer = prove(&admin, &path, &asked, "password", PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
}

#[tokio::test]
async fn refusals_are_sentences_in_the_readers_language() {
    let server = start().await;
    let admin = server.admin().await;
    let path = path_of(&admin);
    let last = [
        "This is the last active administrator.",
        "Das ist der letzte aktive Administrator.",
    ];
    let unlock = [
        "You can’t unlock your own account.",
        "Ihr eigenes Konto können Sie nicht entsperren.",
    ];
    for (language, number) in [("en", 0), ("de", 1)] {
        let own = Visitor::signed_in(&server, ADMIN).await.speaking(language);
        for (act, words) in [("deactivate", last), ("delete", last), ("unlock", unlock)] {
            let answer = send(&own, &path, &format!("{path}/{act}"), &[]).await;
            assert_eq!(answer.status, 422, "{act}");
            assert!(text(&answer).contains(words[number]), "{act}: {}", text(&answer));
        }
        let answer = send(
            &own,
            &path,
            &format!("{path}/roles"),
            &[("had", "admin"), ("role", "user")],
        )
        .await;
        assert_eq!(answer.status, 422);
        assert!(text(&answer).contains(last[number]), "{}", text(&answer));
    }
    let permissions = [
        "delete-user",
        "edit-other-user-active-status",
        "edit-other-user-info",
        "assign-roles",
    ];
    let helper = helper(&server, &permissions).await;
    for (language, words) in [
        (
            "en",
            "it concerns the permission access-permissions, which you do not have",
        ),
        ("de", "weil es das Recht access-permissions betrifft"),
    ] {
        let helper = Visitor::signed_in(&server, "helper").await.speaking(language);
        for act in ["delete", "deactivate"] {
            let answer = send(&helper, &path, &format!("{path}/{act}"), &[]).await;
            assert_eq!(answer.status, 422, "{act}");
            assert!(text(&answer).contains(words), "{act}: {}", text(&answer));
        }
    }
    // The helper cannot choose roles beyond their own authority. The server also refuses them in a form.
    let ada = server.user().await;
    let path = path_of(&ada);
    let page = helper.page(&path).await;
    assert!(
        page.contains("name=\"role\" value=\"guest\"") && !page.contains("value=\"admin\""),
        "{page}"
    );
    let answer = send(&helper, &path, &format!("{path}/roles"), &[("role", "admin")]).await;
    assert_eq!(answer.status, 422);
    assert!(
        text(&answer).contains("You may not give or remove one of these roles."),
        "{}",
        text(&answer)
    );
    assert_eq!(record(&admin, ada.id()).await["roles"], json!(["user"]));
}

#[tokio::test]
async fn an_account_is_edited_and_errors_are_at_their_fields() {
    let server = TestServer::start_with(|options| {
        let fields =
            SettingValue::Text(json!({"team": {"type": "text", "required": false, "public": true}}).to_string());
        fix(options, &[UNLIMITED, (SettingId::CustomFields, fields)]);
    })
    .await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let path = path_of(&ada);
    let hostile = "<script>alert(1)</script>\"";
    let fields = [
        ("name", "Ada R2-D2"),
        ("username", "ada.l"),
        ("email", "ada.l@example.com"),
        ("verified", "on"),
        ("nickname", "\"><b>C"),
        ("bio", hostile),
        ("field:team", "<i>north"),
    ];
    let answer = send(&admin, &path, &path, &fields).await;
    assert_led(&answer, &format!("{path}?note=user-saved"));
    let page = admin.page(&format!("{path}?note=user-saved")).await;
    assert!(
        page.contains("The account is saved.") && page.contains("value=\"Ada R2-D2\""),
        "{page}"
    );
    for markup in ["<script>alert", "<b>C", "<i>north"] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
    let now = record(&server.admin().await, ada.id()).await;
    assert_eq!((&now["name"], &now["username"]), (&json!("Ada R2-D2"), &json!("ada.l")));
    assert_eq!(
        now["emails"],
        json!([{"address": "ada.l@example.com", "verified": true}])
    );
    assert_eq!((&now["bio"], &now["nickname"]), (&json!(hostile), &json!("\"><b>C")));
    assert_eq!(now["customFields"], json!({"team": "<i>north"}));

    // The same form again changes only the box that is not checked any more.
    let mut again = fields.to_vec();
    again.retain(|(name, _)| *name != "verified");
    assert_eq!(send(&admin, &path, &path, &again).await.status, 303);
    let now = record(&server.admin().await, ada.id()).await;
    assert_eq!(
        now["emails"],
        json!([{"address": "ada.l@example.com", "verified": false}])
    );

    let long = "x".repeat(200);
    for (name, value, words) in [
        ("email", "admin@example.com", "belongs to another account"),
        ("email", "", "Enter a valid email"),
        ("username", "admin", "This name is taken."),
        ("username", "a b", "full stops and underscores only"),
        ("name", " ", "Enter a name without special characters."),
        ("name", &long, "This text is too long."),
        ("nickname", &long, "This text is too long."),
    ] {
        let changed: Vec<_> = again
            .iter()
            .map(|(field, now)| (*field, if *field == name { value } else { *now }))
            .collect();
        let answer = send(&admin, &path, &path, &changed).await;
        let page = text(&answer);
        assert_eq!(answer.status, 422, "{name} {value}");
        assert!(
            page.contains(words) && page.contains("aria-invalid=\"true\""),
            "{name} {value}: {page}"
        );
        assert!(page.contains("value=\"&#60;i&#62;north\""), "{page}");
    }
    assert_eq!(record(&server.admin().await, ada.id()).await["username"], "ada.l");
}

#[tokio::test]
async fn an_account_keeps_what_was_changed_elsewhere_in_the_meantime() {
    let server = start().await;
    let (ada, api) = (server.user().await, server.admin().await);
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let before = json!({"data": {"nickname": "Countess", "bio": "First\nsecond"}, "customFields": {"team": "north"}});
    ada.post("users.updateOwnBasicInfo", &before).await.expect(200);
    let path = path_of(&ada);
    let page = admin.page(&path).await;
    for shown in [
        "name=\"was:nickname\" value=\"Countess\"",
        "name=\"was:bio\" value=\"First\nsecond\"",
        "name=\"was:username\" value=\"ada\"",
        "name=\"was:field:team\" value=\"north\"",
        "name=\"was:verified\" value=\"\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let meanwhile = json!({"userId": ada.id(), "data": {
        "nickname": "Lady", "bio": "other", "verified": true, "customFields": {"team": "south"},
    }});
    api.post_proved("users.update", &meanwhile).await.expect(200);
    let fields = [
        ("was:name", ""),
        ("name", "Ada Lovelace"),
        ("was:username", USER),
        ("username", USER),
        ("was:email", "ada@example.com"),
        ("email", "ada@example.com"),
        ("was:verified", ""),
        ("was:nickname", "Countess"),
        ("nickname", "Countess"),
        ("was:bio", "First\r\nsecond"),
        ("bio", "First\r\nsecond"),
        ("was:field:team", "north"),
        ("field:team", "north"),
    ];
    // A form that was wrong keeps the values that its page showed.
    let wrong: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, if *name == "username" { "a b" } else { *value }))
        .collect();
    let refused = text(&send(&admin, &path, &path, &wrong).await);
    assert!(
        refused.contains("name=\"was:nickname\" value=\"Countess\""),
        "{refused}"
    );
    assert!(refused.contains("name=\"was:field:team\" value=\"north\""), "{refused}");
    let answer = send(&admin, &path, &path, &fields).await;
    assert_led(&answer, &format!("{path}?note=user-saved"));
    let now = record(&api, ada.id()).await;
    assert_eq!(
        (&now["name"], &now["nickname"], &now["bio"], &now["customFields"]),
        (
            &json!("Ada Lovelace"),
            &json!("Lady"),
            &json!("other"),
            &json!({"team": "south"})
        )
    );
    assert_eq!(now["emails"][0]["verified"], true, "{now}");
}

#[tokio::test]
async fn the_form_for_a_new_account_has_the_custom_fields_that_an_account_must_have() {
    let server = TestServer::start_with(|options| {
        let fields = json!({"team": {"type": "text", "required": true, "public": true}});
        let fields = SettingValue::Text(fields.to_string());
        fix(options, &[UNLIMITED, (SettingId::CustomFields, fields)]);
    })
    .await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let fields = [
        ("name", "Grace Hopper"),
        ("username", "grace"),
        ("how", "set"),
        ("password", NEW_PASSWORD),
    ];
    for team in ["", " "] {
        let fields = [&fields[..], &[("field:team", team)]].concat();
        let answer = admin.submit("/admin/users/new", &fields).await;
        let page = text(&answer);
        assert!(
            answer.status == 422 && page.contains("Field team is required"),
            "{page}"
        );
    }
    let answer = admin.submit("/admin/users/new", &fields).await;
    assert_eq!(answer.status, 422, "a form without the field");
    let fields = [&fields[..], &[("field:team", "north")]].concat();
    let answer = admin.submit("/admin/users/new", &fields).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
    // The API checks the custom fields of a new user only if the request has them, as Rocket.Chat does.
    let api = server.admin().await;
    let new = |username: &str| json!({"username": username, "name": "Jean", "email": format!("{username}@example.com"), "password": NEW_PASSWORD});
    api.post("users.create", &new("jean")).await.expect(200);
    let mut empty = new("betty");
    empty["customFields"] = json!({});
    api.post("users.create", &empty).await.expect(400);
}

#[tokio::test]
async fn roles_are_given_and_removed_with_check_boxes() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let path = path_of(&ada);
    let page = admin.page(&path).await;
    assert!(
        page.contains("name=\"had\" value=\"user\"") && !page.contains("name=\"had\" value=\"bot\""),
        "{page}"
    );
    assert!(page.contains("name=\"role\" value=\"user\" checked") && page.contains("name=\"role\" value=\"admin\">"));
    // Another administrator gives a role in the meantime. The role stays.
    let meanwhile = json!({"roleId": "guest", "username": USER});
    server
        .admin()
        .await
        .post("roles.addUserToRole", &meanwhile)
        .await
        .expect(200);
    let fields = [("had", "user"), ("role", "bot")];
    let answer = send(&admin, &path, &format!("{path}/roles"), &fields).await;
    assert_led(&answer, &format!("{path}?note=user-saved"));
    assert_eq!(
        record(&server.admin().await, ada.id()).await["roles"],
        json!(["bot", "guest"])
    );
    let answer = send(&admin, &path, &format!("{path}/roles"), &[("role", "no such role")]).await;
    assert_eq!(answer.status, 422);
    assert!(
        text(&answer).contains("One of these roles doesn’t exist any more."),
        "{}",
        text(&answer)
    );
}

#[tokio::test]
async fn a_password_that_an_administrator_sets_ends_all_sessions_and_must_be_changed() {
    let server = start().await;
    let (ada, admin) = (server.user().await, Visitor::signed_in(&server, ADMIN).await);
    let (path, browser) = (path_of(&ada), Visitor::signed_in(&server, USER).await);
    let form = format!("{path}/password");
    for (password, words) in [(" ", "Enter a valid password"), ("password", "too easy to guess")] {
        let answer = send(&admin, &path, &form, &[("password", password)]).await;
        assert_eq!(answer.status, 422);
        assert!(text(&answer).contains(words), "{}", text(&answer));
    }
    assert_eq!(browser.get("/").await.status, 200);
    let fields = [("password", NEW_PASSWORD), ("must-change", "on")];
    let answer = send(&admin, &path, &form, &fields).await;
    assert_led(&answer, &format!("{path}?note=user-password-set"));
    assert!(!text(&answer).contains(NEW_PASSWORD));
    assert!(admin.page(&path).await.contains("must choose a new password"));
    assert_eq!(browser.get("/").await.status, 303);
    assert_eq!(browser.sign_in(USER, NEW_PASSWORD).await.status, 303);
    assert_eq!(browser.get("/").await.header("location"), Some("/change-password"));
    // Without the box, the user need not change the password.
    assert_eq!(send(&admin, &path, &form, &[("password", PASSWORD)]).await.status, 303);
    let browser = Visitor::signed_in(&server, USER).await;
    assert_eq!(browser.get("/").await.status, 200);
    // Administrators change their own password in the profile.
    let own = admin.page(&path_of(&server.admin().await)).await;
    assert!(
        !own.contains("must-change") && own.contains("/profile#password-section"),
        "{own}"
    );
}

#[tokio::test]
async fn a_user_is_created_with_a_password_or_with_a_link() {
    let server = start().await;
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let page = admin.page("/admin/users/new").await;
    assert!(page.contains("name=\"role\" value=\"user\" checked"), "{page}");
    let fields = [
        ("name", "Grace Hopper"),
        ("username", "grace"),
        ("email", "grace@example.com"),
        ("verified", "on"),
        ("role", "user"),
        ("role", "guest"),
        ("how", "set"),
        ("password", NEW_PASSWORD),
        ("must-change", "on"),
    ];
    let with = |name: &str, value: &'static str| {
        let changed = fields
            .iter()
            .map(|(field, now)| (*field, if *field == name { value } else { *now }));
        changed.collect::<Vec<_>>()
    };
    for (changed, words) in [
        (with("name", ""), "Enter a name without special characters."),
        (with("name", "Grace Hopper\u{7}"), "Enter a name"),
        (with("username", USER), "This name is taken."),
        (with("username", ""), "full stops and underscores only"),
        (with("email", "grace"), "Enter a valid email"),
        (with("email", "ada@example.com"), "belongs to another account"),
        (with("password", ""), "Enter a valid password"),
        (with("password", "password"), "too easy to guess"),
        (
            with("role", "no such role"),
            "One of these roles doesn’t exist any more.",
        ),
    ] {
        let answer = admin.submit("/admin/users/new", &changed).await;
        let page = text(&answer);
        assert_eq!(answer.status, 422, "{words}");
        assert!(page.contains(words) && !page.contains(NEW_PASSWORD), "{words}: {page}");
        assert!(page.contains("value=\"set\" checked"), "{page}");
    }
    let answer = admin.submit("/admin/users/new", &with("name", "Grace Hopper")).await;
    let location = answer.header("location").expect("a page").to_owned();
    assert!(location.ends_with("?note=user-created"), "{location}");
    let page = admin.page(&location).await;
    assert!(
        page.contains("Grace Hopper") && page.contains("The account is created."),
        "{page}"
    );
    let grace = Visitor::of(&server);
    assert_eq!(grace.sign_in("grace", NEW_PASSWORD).await.status, 303);
    assert_eq!(grace.get("/").await.header("location"), Some("/change-password"));
    let id = location.split(['/', '?']).nth(3).expect("an id");
    let created = record(&server.admin().await, id).await;
    assert_eq!(created["roles"], json!(["guest", "user"]));
    assert_eq!(
        created["emails"],
        json!([{"address": "grace@example.com", "verified": true}])
    );

    // With the choice of a link, the password is random, and the next page creates the link.
    let fields = [("name", "Jean Bartik"), ("username", "jean"), ("how", "link")];
    let answer = admin.submit("/admin/users/new", &fields).await;
    let location = answer.header("location").expect("a page").to_owned();
    assert!(location.ends_with("/reset-link?note=user-created"), "{location}");
    let path = location.split('?').next().expect("a path");
    let asked = send(&admin, path, path, &[]).await;
    let page = text(&prove(&admin, path, &asked, "password", PASSWORD).await);
    assert!(page.contains("/reset-password#"), "{page}");
}

#[tokio::test]
async fn a_helper_creates_users_with_the_default_roles_and_a_password_alone() {
    let server = start().await;
    let helper = helper(&server, &["create-user"]).await;
    let page = helper.page("/admin/users/new").await;
    assert!(
        !page.contains("name=\"role\"") && !page.contains("value=\"link\""),
        "{page}"
    );
    let fields = |more: &[(&'static str, &'static str)]| {
        let own = [
            ("name", "Jean Bartik"),
            ("username", "jean"),
            ("password", NEW_PASSWORD),
        ];
        [&own, more].concat()
    };
    let answer = helper.submit("/admin/users/new", &fields(&[("how", "link")])).await;
    assert_eq!(answer.status, 403);
    let answer = helper.submit("/admin/users/new", &fields(&[("role", "admin")])).await;
    assert_eq!(answer.status, 422);
    assert!(
        text(&answer).contains("You may not give or remove one of these roles."),
        "{}",
        text(&answer)
    );
    let answer = helper.submit("/admin/users/new", &fields(&[])).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
    assert_eq!(Visitor::of(&server).sign_in("jean", NEW_PASSWORD).await.status, 303);
}

#[tokio::test]
async fn the_pages_count_calls_with_the_endpoints_of_the_api() {
    let calls = (SettingId::RateLimiterCalls, SettingValue::Number(10));
    let server = TestServer::start_with(|options| fix(options, &[calls])).await;
    let ada = server.user().await;
    let path = path_of(&ada);
    let helper = helper(&server, &["edit-other-user-active-status"]).await;
    let unlock = format!("{path}/unlock");
    for _ in 0..10 {
        assert_eq!(send(&helper, &path, &unlock, &[]).await.status, 303);
    }
    let answer = send(&helper, &path, &unlock, &[]).await;
    assert_eq!(answer.status, 429);
    let api = server.logged_in("helper").await;
    assert_eq!(api.post("users.unlock", &json!({"userId": ada.id()})).await.status, 429);
    assert_eq!(helper.get(&path).await.status, 200);
}

#[tokio::test]
async fn names_of_users_are_text_and_every_page_speaks_both_languages() {
    let server = start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let data = json!({"userId": ada.id(), "data": {"nickname": "<i>x", "bio": "<u>\u{5d0}"}});
    admin.post("users.update", &data).await.expect(200);
    lock(&server, USER).await;
    let path = path_of(&ada);
    let mut paths = vec![
        "/admin/users".to_owned(),
        "/admin/users?is=off".to_owned(),
        "/admin/users/new".to_owned(),
        path.clone(),
        format!("{path}/sessions"),
    ];
    paths.extend(ACTS.map(|(act, _)| format!("{path}/{act}")));
    for language in ["en", "de"] {
        let visitor = Visitor::signed_in(&server, ADMIN).await.speaking(language);
        for path in &paths {
            let page = visitor.page(path).await;
            assert_words(&page, path, language);
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{path}");
            assert!(!page.contains("<i>x") && !page.contains("<u>"), "{path}");
            for inline in [" style=", "<style", " onclick=", "javascript:", "data:image"] {
                assert!(!page.contains(inline), "{inline} in {path}");
            }
        }
    }
}
