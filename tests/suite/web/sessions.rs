//! Signing in and out, and what a session is.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::support::server::{ADMIN, DAY, PASSWORD, USER, create_user, fix};
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

#[tokio::test]
async fn a_session_is_an_ordinary_login() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let answer = visitor.get("/?q=a&by=team").await;
    let location = answer.header("location").expect("a path").to_owned();
    assert_eq!(
        (answer.status, location.as_str()),
        (303, "/sign-in?next=%2F%3Fq%3Da%26by%3Dteam")
    );
    let fields = [("user", USER), ("password", PASSWORD), ("next", "/?q=a&by=team")];
    let answer = visitor.submit(&location, &fields).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/?q=a&by=team")),
        "{answer:?}"
    );
    let page = visitor.page("/").await;
    assert!(page.contains("aria-label=\"Your account\""), "{page}");

    // The token of the cookie is a session of the user as those of the API are: listed, audited, revocable.
    let token = visitor.cookie("rollcall").expect("a session");
    let ada = server.user().await;
    let sessions = ada.get("sessions/list").await.expect(200);
    assert_eq!(sessions["sessions"].as_array().map(Vec::len), Some(2), "{sessions}");
    let by_token = server.anonymous().with_login(ada.id(), &token);
    by_token.get("me").await.expect(200);
    by_token.post("logout", &json!({})).await.expect(200);
    let answer = visitor.get("/").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/sign-in?note=ended"))
    );
    assert_eq!(visitor.cookie("rollcall"), None);
}

#[tokio::test]
async fn no_cookie_opens_the_api() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    for path in ["/api/v1/me", "/api/v1/users.presence", "/api/v1/statistics"] {
        let answer = visitor.get(path).await;
        assert!([401, 404].contains(&answer.status), "{path}: {answer:?}");
    }
    assert_eq!(visitor.get("/api/v1/me").await.status, 401);
}

#[tokio::test]
async fn the_cookie_is_as_safe_as_the_address_allows() {
    for (url, name, path, secure) in [
        ("https://chat.example", "__Host-rollcall", "Path=/;", true),
        ("https://chat.example/teams", "__Secure-rollcall", "Path=/teams;", true),
        ("http://chat.example", "rollcall", "Path=/;", false),
        ("http://chat.example/teams", "rollcall", "Path=/teams;", false),
    ] {
        let site = SettingValue::Text(url.into());
        let server = TestServer::start_with(|options| fix(options, &[(SettingId::SiteUrl, site)])).await;
        let visitor = Visitor::of(&server);
        let token = crate::support::visitor::token(&visitor.page("/sign-in").await);
        let origin = url.strip_suffix("/teams").unwrap_or(url);
        let fields = [
            ("user", USER),
            ("password", PASSWORD),
            ("keep", "on"),
            ("form-token", &*token),
        ];
        let body = crate::support::visitor::encoded(&fields);
        let answer = visitor.send("POST", "/sign-in", &[("origin", origin)], body).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        let cookies: Vec<_> = cookies.iter().map(|cookie| cookie.to_str().expect("a text")).collect();
        let session = cookies
            .iter()
            .find(|cookie| cookie.starts_with(&format!("{name}=")))
            .expect("a session");
        assert!(session.contains(path), "{session}");
        assert!(
            session.contains("HttpOnly") && session.contains("SameSite=Lax"),
            "{session}"
        );
        assert!(session.contains("Max-Age=7776000"), "{session}");
        assert_eq!(session.contains("Secure"), secure, "{session}");
        assert!(!session.contains("Domain"), "{session}");
    }
}

#[tokio::test]
async fn a_browser_that_is_not_to_remember_gets_a_cookie_for_its_own_time() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let answer = visitor
        .submit("/sign-in", &[("user", USER), ("password", PASSWORD)])
        .await;
    let cookie = answer
        .headers
        .get("set-cookie")
        .expect("a cookie")
        .to_str()
        .expect("a text");
    assert!(
        cookie.starts_with("rollcall=") && !cookie.contains("Max-Age"),
        "{cookie}"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let mut answers = Vec::new();
    for (user, password) in [(USER, "wrong horse"), ("nobody", PASSWORD)] {
        let answer = visitor.sign_in(user, password).await;
        assert_eq!(answer.status, 401);
        let page = text(&answer);
        assert!(page.contains("Username and password don’t match."), "{page}");
        assert!(
            page.contains(&format!("value=\"{user}\"")) && !page.contains(password),
            "{page}"
        );
        let (_, note) = page.split_once("class=\"note").expect("a note");
        answers.push(note.split("</div></div>").next().map(str::to_owned));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(visitor.cookie("rollcall"), None);
}

#[tokio::test]
async fn too_many_wrong_passwords_block_the_page_as_they_block_the_api() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::BlockByUserAttempts, SettingValue::Number(2))]);
    })
    .await;
    let visitor = Visitor::of(&server);
    visitor.sign_in(USER, "wrong").await;
    // A failure at the page and one at the API count together.
    let wrong = json!({"user": USER, "password": "wrong"});
    server.anonymous().post("login", &wrong).await.expect(401);
    let answer = visitor.sign_in(USER, PASSWORD).await;
    assert_eq!(answer.status, 401);
    assert!(text(&answer).contains("Too many wrong passwords."), "{answer:?}");
}

#[tokio::test]
async fn signing_out_ends_the_token_and_another_page_shows_nothing() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let token = visitor.cookie("rollcall").expect("a session");
    // A link does not sign the user out.
    assert_eq!(visitor.get("/sign-out").await.status, 405);
    let answer = visitor.submit_from("/", "/sign-out", &[]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/sign-in?note=signed-out"))
    );
    assert_eq!(visitor.cookie("rollcall"), None);
    visitor.set_cookie("rollcall", &token);
    assert_eq!(visitor.get("/").await.status, 303);
    let page = visitor.page("/sign-in?note=signed-out").await;
    assert!(page.contains("You are signed out."), "{page}");
}

#[tokio::test]
async fn a_sign_in_leads_to_no_other_site() {
    let server = TestServer::start().await;
    for next in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let visitor = Visitor::of(&server);
        let page = visitor.page(&format!("/sign-in?next={next}")).await;
        assert!(!page.contains("evil") && !page.contains("javascript:"), "{page}");
        let fields = [("user", USER), ("password", PASSWORD), ("next", next)];
        let answer = visitor.submit("/sign-in", &fields).await;
        assert_eq!(answer.header("location"), Some("/"), "{next}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_a_new_password() {
    let server = TestServer::start().await;
    let first = Visitor::signed_in(&server, USER).await;
    let second = Visitor::signed_in(&server, USER).await;
    let fields = [
        ("current", PASSWORD),
        ("password", "another correct horse"),
        ("again", "another correct horse"),
    ];
    let answer = first.submit("/change-password", &fields).await;
    assert_eq!(
        answer.header("location"),
        Some("/sign-in?note=password-set"),
        "{answer:?}"
    );
    assert_eq!(first.cookie("rollcall"), None);
    assert_eq!(second.get("/").await.header("location"), Some("/sign-in?note=ended"));
    let answer = first.sign_in(USER, "another correct horse").await;
    assert_eq!(answer.header("location"), Some("/"));
    server.pass(91 * DAY);
    assert_eq!(first.get("/").await.status, 303);
}

#[tokio::test]
async fn a_token_of_a_program_opens_no_page() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let made = admin
        .post_proved(
            "users.generatePersonalAccessToken",
            &json!({"tokenName": "program", "bypassTwoFactor": true}),
        )
        .await
        .expect(200);
    let visitor = Visitor::of(&server);
    visitor.set_cookie("rollcall", made["token"].as_str().expect("a token"));
    assert_eq!(visitor.get("/").await.status, 303);
}

#[tokio::test]
async fn a_second_sign_in_ends_the_session_before_it() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let before = visitor.cookie("rollcall").expect("a session");
    let answer = visitor
        .submit("/sign-in?other", &[("user", ADMIN), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, 303);
    let other = Visitor::of(&server);
    other.set_cookie("rollcall", &before);
    assert_eq!(other.get("/").await.status, 303);
}

#[tokio::test]
async fn a_user_with_a_duty_comes_to_the_page_for_it() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let ada = server.user().await;
    let data = json!({"userId": ada.id(), "data": {"requirePasswordChange": true}});
    admin.post_proved("users.update", &data).await.expect(200);
    let visitor = Visitor::signed_in(&server, USER).await;
    for path in ["/", "/my-status"] {
        let answer = visitor.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/change-password")),
            "{path}"
        );
    }
    let fields = [
        ("current", PASSWORD),
        ("password", "another correct horse"),
        ("again", "another correct horse"),
    ];
    assert_eq!(visitor.submit("/change-password", &fields).await.status, 303);
    assert_eq!(
        visitor.sign_in(USER, "another correct horse").await.header("location"),
        Some("/")
    );
    assert_eq!(visitor.get("/").await.status, 200);
}

/// Strangers who guess wrongly block a user. A browser in which the user signed in before is exempt, wherever it is.
#[tokio::test]
async fn a_browser_that_is_known_signs_in_while_strangers_block_its_user() {
    let server = TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    server.command(create_user("bob")).await;
    let at = |address: &str| {
        let mut visitor = Visitor::of(&server);
        visitor.headers.push(("x-forwarded-for", address.to_owned()));
        visitor
    };
    let block = async || {
        for _ in 0..10 {
            let body = json!({"user": USER, "password": "wrong"}).to_string();
            let headers = [("content-type", "application/json"), ("x-forwarded-for", "203.0.113.9")];
            server.anonymous().send("POST", "/api/v1/login", &headers, body).await;
        }
    };
    let known = at("198.51.100.1");
    assert_eq!(known.sign_in(USER, PASSWORD).await.status, 303);
    let device = known.cookie("rollcall-device").expect("a device cookie");
    known.submit_from("/my-status", "/sign-out", &[]).await;
    let other = at("198.51.100.2");
    other.sign_in("bob", PASSWORD).await;
    let of_bob = other.cookie("rollcall-device").expect("a device cookie");
    let kept_nothing = at("198.51.100.3");
    let fields = [("user", USER), ("password", PASSWORD)];
    assert_eq!(kept_nothing.submit("/sign-in", &fields).await.status, 303);
    assert_eq!(
        kept_nothing.cookie("rollcall-device"),
        None,
        "a browser that is not to remember"
    );

    block().await;
    for (cookie, status) in [
        (None, 401),
        (Some("forged"), 401),
        (Some(&*of_bob), 401),
        (Some(&*device), 303),
    ] {
        let visitor = at("192.0.2.44");
        if let Some(cookie) = cookie {
            visitor.set_cookie("rollcall-device", cookie);
        }
        assert_eq!(visitor.sign_in(USER, PASSWORD).await.status, status, "{cookie:?}");
    }
    // It is no password, and the block of the address holds.
    let visitor = at("192.0.2.45");
    visitor.set_cookie("rollcall-device", &device);
    for _ in 0..50 {
        assert_eq!(visitor.sign_in(USER, "wrong").await.status, 401);
    }
    assert_eq!(visitor.sign_in(USER, PASSWORD).await.status, 401);

    server.pass(366 * DAY);
    block().await;
    let visitor = at("192.0.2.46");
    visitor.set_cookie("rollcall-device", &device);
    assert_eq!(visitor.sign_in(USER, PASSWORD).await.status, 401, "a cookie ends");
}
