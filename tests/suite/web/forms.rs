//! The guards of the forms of the pages: origin, token, size, method, and the headers of every page.

use serde_json::json;

use crate::support::server::{PASSWORD, USER};
use crate::support::visitor::{encoded, text, token};
use crate::support::{TestServer, Visitor};

/// Every form, with fields that would do something.
const FORMS: [(&str, &[(&str, &str)]); 52] = [
    ("/sign-in", &[("user", USER), ("password", PASSWORD)]),
    ("/sign-in/code", &[("code", "123456")]),
    ("/sign-in/recovery", &[("code", "123456")]),
    ("/forgot-password", &[("email", "ada@example.com")]),
    ("/reset-password", &[("link", "x"), ("password", "y"), ("again", "y")]),
    ("/setup", &[("link", "x")]),
    ("/register", &[("first", "Eve"), ("last", "Evil")]),
    ("/my-status", &[("status", "busy"), ("set", "1")]),
    ("/change-password", &[("current", PASSWORD)]),
    ("/profile", &[("first", "Eve"), ("last", "Evil")]),
    ("/profile/photo", &[]),
    ("/profile/photo/remove", &[]),
    (
        "/profile/password",
        &[("current", PASSWORD), ("password", "x"), ("again", "x")],
    ),
    ("/profile/two-step", &[]),
    ("/profile/two-step/on", &[("code", "123456")]),
    ("/profile/two-step/off", &[("code", "123456")]),
    ("/profile/two-step/codes", &[("code", "123456")]),
    ("/profile/sessions/end", &[("session", "x")]),
    ("/profile/sessions/end-others", &[]),
    ("/profile/tokens", &[("token-name", "x"), ("unlimited", "on")]),
    ("/profile/tokens/end", &[("token", "x")]),
    ("/profile/fields", &[("field:team", "x")]),
    ("/profile/privacy", &[("last-seen", "hidden")]),
    ("/profile/look", &[("theme", "dark")]),
    ("/join/x", &[("first", "Eve"), ("last", "Evil")]),
    ("/admin/invitations", &[("uses", "1")]),
    (
        "/admin/roles",
        &[("role", "user"), ("was:view-audit", ""), ("view-audit", "0")],
    ),
    ("/admin/roles/new", &[("name", "x")]),
    ("/admin/roles/x", &[("name", "x")]),
    ("/admin/roles/delete?id=x", &[]),
    ("/admin/invitations/revoke?id=x", &[]),
    ("/admin/statuses/new", &[("name", "x"), ("status-type", "busy")]),
    ("/admin/statuses/x", &[("name", "x"), ("status-type", "busy")]),
    ("/admin/statuses/delete?id=x", &[]),
    (
        "/admin/settings",
        &[("was:Site_Name", "Rollcall"), ("Site_Name", "Evil")],
    ),
    ("/admin/store/backup", &[]),
    ("/admin/users/new", &[("name", "Eve"), ("username", "eve")]),
    ("/admin/users/x", &[("name", "Eve")]),
    ("/admin/users/x/roles", &[("role", "admin")]),
    ("/admin/users/x/password", &[("password", PASSWORD)]),
    ("/admin/users/x/sessions", &[]),
    ("/admin/users/x/sessions/end", &[("session", "x")]),
    ("/admin/users/x/unlock", &[]),
    ("/admin/users/x/reset-link", &[]),
    ("/admin/users/x/two-step-off", &[]),
    ("/admin/users/x/sign-out", &[]),
    ("/admin/users/x/remove-photo", &[]),
    ("/admin/users/x/activate", &[]),
    ("/admin/users/x/deactivate", &[]),
    ("/admin/users/x/delete", &[]),
    ("/admin/walls", &[("name", "x"), ("show", "everyone")]),
    ("/admin/walls/revoke?id=x", &[]),
];

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let server = TestServer::start().await;
    let own = format!("http://{}", server.address);
    let visitor = Visitor::signed_in(&server, USER).await;
    let valid = token(&visitor.page("/").await);
    for (path, fields) in FORMS {
        let body = encoded(&[fields, &[("form-token", &valid)]].concat());
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", &own), ("origin", "https://evil.example")],
            &[("origin", &own), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[],
        ] {
            let answer = visitor.send("POST", path, headers, body.clone()).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert!(text(&answer).contains("This form came from another site"), "{path}");
        }
    }
    let answer = visitor
        .send(
            "POST",
            "/sign-out",
            &[("origin", "https://evil.example")],
            String::new(),
        )
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(visitor.get("/").await.status, 200);
    let me = server.user().await.get("users.getStatus").await.expect(200);
    assert_eq!(me["message"], "");
}

#[tokio::test]
async fn a_form_needs_the_token_of_its_own_visitor() {
    let server = TestServer::start().await;
    let (ada, stranger) = (Visitor::signed_in(&server, USER).await, Visitor::of(&server));
    let of_stranger = token(&stranger.page("/sign-in").await);
    let of_ada = token(&ada.page("/").await);
    let last = if of_ada.ends_with('A') { 'Q' } else { 'A' };
    let changed = format!("{}{last}", &of_ada[..of_ada.len() - 1]);
    for wrong in ["", "x", of_stranger.as_str(), changed.as_str(), &of_ada[..20]] {
        let answer = ada
            .post("/my-status", &[("status", "busy"), ("set", "1"), ("form-token", wrong)])
            .await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(text(&answer).contains("This form is out of date"), "{wrong}");
    }
    // Each page has another token, and all of them count.
    let other = token(&ada.page("/").await);
    assert_ne!(other, of_ada);
    for valid in [&of_ada, &other] {
        let answer = ada
            .post("/my-status", &[("status", "busy"), ("set", "1"), ("form-token", valid)])
            .await;
        assert_eq!(answer.status, 303);
    }
    // Before a sign-in the token is bound to the browser.
    let fields = [("user", USER), ("password", PASSWORD), ("form-token", &*of_stranger)];
    assert_eq!(Visitor::of(&server).post("/sign-in", &fields).await.status, 403);
    assert_eq!(stranger.post("/sign-in", &fields).await.status, 303);
    // A form that was opened before the sign-in is out of date after it.
    assert_eq!(
        stranger
            .post("/my-status", &[("form-token", &*of_stranger)])
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn every_page_has_the_headers_of_a_private_page() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    for path in [
        "/",
        "/my-status",
        "/change-password",
        "/profile",
        "/profile/two-step",
        "/setup",
        "/reset-password",
        "/forgot-password",
        "/nowhere",
    ] {
        let answer = visitor.get(path).await;
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"),
            "{policy}"
        );
        for part in ["frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(
            answer
                .header("permissions-policy")
                .is_some_and(|policy| policy.contains("camera=()")),
            "{path}"
        );
        let page = text(&answer);
        for inline in [" style=", "<style", " onclick=", "javascript:", "data:image"] {
            assert!(!page.contains(inline), "{inline} in {path}");
        }
        for script in page.split("<script").skip(1) {
            assert!(script.contains("src=\"/assets/"), "an inline script in {path}");
        }
        assert!(
            !page.contains("href=\"http") && !page.contains("src=\"http"),
            "a link to another site in {path}"
        );
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_the_form_that_is_asked_for() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let answer = visitor.get("/nowhere").await;
    assert_eq!(answer.status, 404);
    assert!(text(&answer).contains("Page not found"));
    let program = server.anonymous().send("GET", "/nowhere", &[], "").await;
    assert_eq!((program.status, text(&program).contains("/api/v1/")), (404, true));
    for path in ["/assets/0000000000000000/rollcall.css", "/assets/", "/people/"] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
    let answer = visitor.send("DELETE", "/sign-in", &[], String::new()).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST, HEAD")));
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_and_the_connection_goes_on() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let token = token(&visitor.page("/sign-in").await);
    let long = "x".repeat(10_000);
    let answer = visitor
        .post("/sign-in", &[("user", &long), ("form-token", &token)])
        .await;
    assert_eq!(answer.status, 413);
    let answer = visitor
        .post(
            "/sign-in",
            &[("user", "%"), ("password", "\u{0}"), ("form-token", &token)],
        )
        .await;
    assert_eq!(answer.status, 401);
    let own = format!("http://{}", server.address);
    let answer = visitor
        .send("POST", "/sign-in", &[("origin", &own)], "user=%FF".to_owned())
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn texts_of_users_are_text_on_every_page() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let ada = server.user().await;
    let bio = "<img src=x onerror=alert(1)>";
    let data = json!({"userId": ada.id(), "data": {"bio": bio, "nickname": "\"><script>alert(2)</script>"}});
    admin.post_proved("users.update", &data).await.expect(200);
    ada.post(
        "users.setStatus",
        &json!({"status": "busy", "message": "<b>&\"'\u{202e}x"}),
    )
    .await
    .expect(200);
    let visitor = Visitor::signed_in(&server, "admin").await;
    let (board, person) = (
        visitor.page("/").await,
        visitor.page(&format!("/people/{}", ada.id())).await,
    );
    let search = visitor
        .page("/?q=%22%3E%3Cscript%3Ealert(3)%3C/script%3E&team=%3Cb%3E")
        .await;
    for page in [&board, &person, &search] {
        for markup in ["<img src=x", "<script>alert", "<b>&"] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
    assert!(board.contains("&#60;b&#62;") && person.contains("&#60;img"), "{person}");
}
