//! Two steps, forgotten passwords, and registration.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::api::two_factor::{app_code, enable};
use crate::support::server::{BEGINNING, PASSWORD, USER, fix, open_registration};
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

#[tokio::test]
async fn a_reset_link_sets_a_password_and_signs_every_browser_out() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, USER).await);
    let made = admin
        .post_proved("users.createPasswordResetLink", &json!({"username": USER}))
        .await
        .expect(200);
    let link = made["link"].as_str().expect("a link").to_owned();
    let other = Visitor::of(&server);
    let page = other.page("/reset-password").await;
    let words = "Changing your password will log you out immediately. Use the new password to log back in.";
    assert!(page.contains(words), "{page}");
    let send = async |link: &str, password: &str, again: &str| {
        let fields = [("link", link), ("password", password), ("again", again)];
        other.submit("/reset-password", &fields).await
    };
    let answer = send(&link, "another correct horse", "other").await;
    assert_eq!(answer.status, 422);
    assert!(text(&answer).contains("The two passwords don’t match."));
    assert!(!text(&answer).contains("another correct horse"));
    let answer = send(&link, "password", "password").await;
    assert!(text(&answer).contains("too easy to guess"), "{}", text(&answer));
    let answer = send(&link, " ", " ").await;
    assert!(text(&answer).contains("Enter a valid password"), "{}", text(&answer));
    assert_eq!(visitor.get("/").await.status, 200);
    let answer = send(&link, "another correct horse", "another correct horse").await;
    assert_eq!(
        answer.header("location"),
        Some("/sign-in?note=password-set"),
        "{answer:?}"
    );
    assert!(
        other
            .page("/sign-in?note=password-set")
            .await
            .contains("Use the new password to log back in.")
    );
    assert_eq!(visitor.get("/").await.status, 303);
    // The part behind the # is as good, and the link works once.
    let secret = link.split_once('#').expect("a secret").1;
    for used in [secret, link.as_str()] {
        let answer = send(used, "a third correct horse", "a third correct horse").await;
        assert!(text(&answer).contains("This link no longer works"), "{}", text(&answer));
    }
}

#[tokio::test]
async fn a_forgotten_password_is_noted_for_every_address_alike() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let mut pages = Vec::new();
    for email in ["ada@example.com", "nobody@example.com", "no address"] {
        let answer = visitor.submit("/forgot-password", &[("email", email)]).await;
        assert_eq!(answer.status, 200);
        pages.push(text(&answer));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "the pages differ");
    assert!(!pages[0].contains("admin@example.com"));
    let log = server.admin().await.get("audit.list").await.expect(200).to_string();
    assert!(log.contains("password-forgotten"), "{log}");
}

#[tokio::test]
async fn a_person_registers_where_that_is_open() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    assert!(
        visitor
            .page("/register")
            .await
            .contains("does not let people create their own account")
    );
    assert!(!visitor.page("/sign-in").await.contains("/register"));

    let server = TestServer::start_with(|options| {
        let rate = (SettingId::RateLimiterRegister, SettingValue::Number(20));
        fix(options, &[open_registration(), rate]);
    })
    .await;
    let visitor = Visitor::of(&server);
    assert!(visitor.page("/sign-in").await.contains("href=\"/register\""));
    let send = async |first: &str, last: &str, username: &str, email: &str, password: &str| {
        let fields = [
            ("first", first),
            ("last", last),
            ("username", username),
            ("email", email),
            ("password", password),
        ];
        visitor.submit("/register", &fields).await
    };
    for (first, last, username, email, password, words) in [
        (
            "J",
            "Weber",
            "jonas",
            "j@example.com",
            PASSWORD,
            "First name must have atleast 2 characters. Numbers and special characters are not allowed.",
        ),
        (
            "Jonas",
            "3",
            "jonas",
            "j@example.com",
            PASSWORD,
            "Last name must have atleast 1 characters. Numbers and special characters are not allowed.",
        ),
        ("Jonas", "Weber", "jonas", "jonas@", PASSWORD, "Enter a valid email"),
        (
            "Jonas",
            "Weber",
            "jonas",
            "j@example.com",
            " ",
            "Enter a valid password",
        ),
        ("Jonas", "Weber", USER, "j@example.com", PASSWORD, "This name is taken."),
        (
            "Jonas",
            "Weber",
            "jonas",
            "ada@example.com",
            PASSWORD,
            "belongs to another account",
        ),
        (
            "Jonas",
            "Weber",
            "a b",
            "j@example.com",
            PASSWORD,
            "full stops and underscores only",
        ),
    ] {
        let answer = send(first, last, username, email, password).await;
        assert_eq!(answer.status, 422, "{words}");
        let page = text(&answer);
        assert!(
            page.contains(words) && page.contains("aria-invalid=\"true\""),
            "{words}: {page}"
        );
        assert!(!page.contains(PASSWORD), "{page}");
    }
    let answer = send("Jonas", "Weber", "jonas", "j@example.com", PASSWORD).await;
    assert_eq!(answer.header("location"), Some("/"), "{}", text(&answer));
    assert!(visitor.page("/").await.contains("Jonas Weber"));
}

#[tokio::test]
async fn registrations_at_the_page_and_at_the_api_count_together() {
    let server = TestServer::start_with(|options| fix(options, &[open_registration()])).await;
    let visitor = Visitor::of(&server);
    let body = json!({"username": "eve", "email": "eve@example.com", "pass": PASSWORD, "name": "Eve"});
    server.anonymous().post("users.register", &body).await.expect(200);
    let fields = [
        ("first", "Jonas"),
        ("last", "Weber"),
        ("username", "jonas"),
        ("email", "j@example.com"),
        ("password", PASSWORD),
    ];
    let answer = visitor.submit("/register", &fields).await;
    assert!(text(&answer).contains("Too many tries. Wait"), "{}", text(&answer));
    server.pass(60_000);
    assert_eq!(visitor.submit("/register", &fields).await.status, 303);
}

#[tokio::test]
async fn a_sign_in_in_two_steps_asks_for_the_code() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let (secret, codes) = enable(&ada, BEGINNING).await;
    server.pass(30_000);
    let visitor = Visitor::of(&server);
    let answer = visitor
        .submit(
            "/sign-in",
            &[("user", USER), ("password", PASSWORD), ("next", "/my-status")],
        )
        .await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in/code")));
    assert_eq!(visitor.cookie("rollcall"), None);
    let step = visitor.cookie("rollcall-step").expect("a step");
    assert!(
        visitor
            .page("/sign-in/code")
            .await
            .contains("Enter the code your authenticator app shows")
    );
    let answer = visitor.submit("/sign-in/code", &[("code", "000 000")]).await;
    assert_eq!(answer.status, 401);
    assert!(
        text(&answer).contains("This code is wrong or too old."),
        "{}",
        text(&answer)
    );
    let code = app_code(&secret, BEGINNING + 30_000);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let answer = visitor.submit("/sign-in/code", &[("code", &spaced)]).await;
    assert_eq!(answer.header("location"), Some("/my-status"), "{}", text(&answer));
    assert_eq!(visitor.cookie("rollcall-step"), None);
    assert_eq!(visitor.get("/").await.status, 200);

    // A recovery code does as well, once. The first step counts for ten minutes, and for nothing that was changed.
    let other = Visitor::of(&server);
    other
        .submit("/sign-in", &[("user", USER), ("password", PASSWORD)])
        .await;
    let answer = other.submit("/sign-in/recovery", &[("code", &codes[0])]).await;
    assert_eq!(answer.header("location"), Some("/"), "{}", text(&answer));
    let other = Visitor::of(&server);
    let first = if step.starts_with('A') { 'B' } else { 'A' };
    other.set_cookie("rollcall-step", &format!("{first}{}", &step[1..]));
    assert_eq!(other.get("/sign-in/code").await.header("location"), Some("/sign-in"));
    other.set_cookie("rollcall-step", &step);
    assert_eq!(other.get("/sign-in/code").await.status, 200);
    server.pass(11 * 60_000);
    assert_eq!(other.get("/sign-in/code").await.header("location"), Some("/sign-in"));
}
