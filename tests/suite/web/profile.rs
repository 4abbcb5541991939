//! The pages of a user's own account.

use image::ImageFormat;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::json;

use crate::api::two_factor::{app_code, enable};
use crate::support::pictures::halves;
use crate::support::server::{ADMIN, BEGINNING, PASSWORD, UNLIMITED, USER, fix};
use crate::support::visitor::text;
use crate::support::{Answer, TestServer, Visitor};

const NEW_PASSWORD: &str = "another correct horse";

async fn start() -> TestServer {
    TestServer::start_with(|options| fix(options, &[UNLIMITED])).await
}

/// Sends a form of the profile.
async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    visitor.submit_from("/profile", path, fields).await
}

/// Sends the proof that a page asks for.
pub async fn prove(visitor: &Visitor, path: &str, asked: &Answer, method: &str, proof: &str) -> Answer {
    let page = text(asked);
    assert!(page.contains("Confirm that it’s you"), "{page}");
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect("a field");
        rest.split('"').next().expect("a value").to_owned()
    };
    assert_eq!(value("proof-method"), method);
    let (sealed, token) = (value("sealed"), value("form-token"));
    let fields = [
        ("form-token", token.as_str()),
        ("sealed", sealed.as_str()),
        ("proof-method", method),
        ("proof", proof),
    ];
    visitor.post(path, &fields).await
}

/// The fields of a form with their values.
type Fields = &'static [(&'static str, &'static str)];

const MESSAGES: [(&str, Fields, &str); 5] = [
    (
        "/profile",
        &[
            ("first", "J"),
            ("last", "Weber"),
            ("username", USER),
            ("email", "ada@example.com"),
        ],
        "First name must have atleast 2 characters. Numbers and special characters are not allowed.",
    ),
    (
        "/profile",
        &[
            ("first", "Jonas"),
            ("last", "3"),
            ("username", USER),
            ("email", "ada@example.com"),
        ],
        "Last name must have atleast 1 characters. Numbers and special characters are not allowed.",
    ),
    (
        "/profile",
        &[
            ("first", "Jonas"),
            ("last", "Weber"),
            ("username", USER),
            ("email", "ada@"),
        ],
        "Enter a valid email",
    ),
    (
        "/profile/password",
        &[("current", PASSWORD), ("password", " "), ("again", " ")],
        "Enter a valid password",
    ),
    (
        "/profile/password",
        &[
            ("current", "wrong"),
            ("password", NEW_PASSWORD),
            ("again", NEW_PASSWORD),
        ],
        "This is not your current password.",
    ),
];

#[tokio::test]
async fn the_messages_of_the_account_stand_word_for_word() {
    let server = start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let page = visitor.page("/profile").await;
    let lead = "Changing your password will log you out immediately. Use the new password to log back in.";
    assert!(page.contains(&format!("<p class=\"muted small\">{lead}</p>")), "{page}");
    for (path, fields, words) in MESSAGES {
        let answer = send(&visitor, path, fields).await;
        let page = text(&answer);
        assert_eq!(answer.status, 422, "{words}");
        assert!(page.contains(&format!("<span>{words}</span>")), "{words}: {page}");
        assert!(!page.contains(NEW_PASSWORD) && !page.contains(PASSWORD), "{page}");
    }
    let fields = [
        ("first", "Ada Mary"),
        ("last", "Lovelace"),
        ("username", "ada.l"),
        ("email", "ada@example.com"),
        ("nickname", "Countess"),
        ("bio", "First\r\nsecond"),
    ];
    let answer = send(&visitor, "/profile", &fields).await;
    let location = answer.header("location").expect("a page").to_owned();
    assert_eq!(location, "/profile?note=saved#me", "{}", text(&answer));
    let page = visitor.page("/profile?note=saved").await;
    for words in [
        "Your profile has been successfully updated.",
        "value=\"Ada Mary\"",
        "value=\"Lovelace\"",
        "value=\"ada.l\"",
        "First\nsecond",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let me = server.logged_in("ada.l").await.get("me").await.expect(200);
    assert_eq!(
        (&me["name"], &me["nickname"], &me["bio"]),
        (&json!("Ada Mary Lovelace"), &json!("Countess"), &json!("First\nsecond"))
    );
}

#[tokio::test]
async fn a_new_password_signs_every_browser_out() {
    let server = start().await;
    let (first, second) = (
        Visitor::signed_in(&server, USER).await,
        Visitor::signed_in(&server, USER).await,
    );
    let fields = [("current", PASSWORD), ("password", NEW_PASSWORD), ("again", "other")];
    let answer = send(&first, "/profile/password", &fields).await;
    assert!(text(&answer).contains("The two passwords don’t match."));
    assert_eq!(second.get("/profile").await.status, 200);
    let fields = [
        ("current", PASSWORD),
        ("password", NEW_PASSWORD),
        ("again", NEW_PASSWORD),
    ];
    let answer = send(&first, "/profile/password", &fields).await;
    assert_eq!(
        answer.header("location"),
        Some("/sign-in?note=password-set"),
        "{}",
        text(&answer)
    );
    assert_eq!(first.cookie("rollcall"), None);
    let page = first.page("/sign-in?note=password-set").await;
    assert!(page.contains("Use the new password to log back in."), "{page}");
    assert_eq!(
        second.get("/profile").await.header("location"),
        Some("/sign-in?next=%2Fprofile&note=ended")
    );
    assert_eq!(first.sign_in(USER, PASSWORD).await.status, 401);
    assert_eq!(first.sign_in(USER, NEW_PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_new_address_asks_for_the_password_first() {
    let server = start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let fields = [
        ("first", "Ada"),
        ("last", "Byron"),
        ("username", USER),
        ("email", "new@example.com"),
    ];
    let asked = send(&visitor, "/profile", &fields).await;
    assert!(!text(&asked).contains("new@example.com"));
    let wrong = prove(&visitor, "/profile", &asked, "password", "wrong").await;
    assert_eq!(wrong.status, 422);
    assert!(
        text(&wrong).contains("This is not your current password."),
        "{}",
        text(&wrong)
    );
    // The sealed form is valid only for its own path and its own user.
    let elsewhere = prove(&visitor, "/profile/look", &asked, "password", PASSWORD).await;
    assert_eq!(elsewhere.status, 403);
    let admin = Visitor::signed_in(&server, ADMIN).await;
    let sealed = text(&asked);
    let sealed = sealed.split_once("name=\"sealed\" value=\"").expect("a field").1;
    let sealed = sealed.split('"').next().expect("a value");
    let stolen = [("sealed", sealed), ("proof-method", "password"), ("proof", PASSWORD)];
    assert_eq!(send(&admin, "/profile", &stolen).await.status, 403);
    let page = visitor.page("/profile").await;
    assert!(page.contains("value=\"ada@example.com\""), "{page}");
    let answer = prove(&visitor, "/profile", &wrong, "password", PASSWORD).await;
    assert_eq!(
        answer.header("location"),
        Some("/profile?note=saved#me"),
        "{}",
        text(&answer)
    );
    assert!(visitor.page("/profile").await.contains("value=\"new@example.com\""));
    server.pass(11 * 60_000);
    assert_eq!(
        prove(&visitor, "/profile", &asked, "password", PASSWORD).await.status,
        403
    );
}

#[tokio::test]
async fn two_step_sign_in_is_turned_on_with_the_app_and_off_with_a_code() {
    let server = start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let asked = send(&visitor, "/profile/two-step", &[]).await;
    let begun = prove(&visitor, "/profile/two-step", &asked, "password", PASSWORD).await;
    let page = text(&begun);
    assert!(page.contains("<svg") && !page.contains("<?xml"), "{page}");
    let (_, rest) = page.split_once("id=\"totp-key\">").expect("a key");
    let key = rest.split('<').next().expect("a key").replace(' ', "");
    let turn_on = async |code: &str| {
        let fields = [("code", code)];
        send(&visitor, "/profile/two-step/on", &fields).await
    };
    let wrong = turn_on("000000").await;
    assert!(wrong.status == 422 && text(&wrong).contains("This code is wrong or too old."));
    let on = turn_on(&app_code(&key, BEGINNING)).await;
    let page = text(&on);
    assert!(page.contains("shown only once"), "{page}");
    let (_, rest) = page.split_once("id=\"codes\"><li>").expect("codes");
    let code = rest.split('<').next().expect("a code").trim().to_owned();
    let page = visitor.page("/profile").await;
    assert!(
        page.contains("12 recovery codes are left.") && !page.contains(&code),
        "{page}"
    );
    // Actions that need a proof ask for the code now. They also accept a recovery code.
    let fields = [("token-name", "lamp"), ("scope", "status:read"), ("ends", "never")];
    let asked = send(&visitor, "/profile/tokens", &fields).await;
    let created = prove(&visitor, "/profile/tokens", &asked, "totp", &code).await;
    assert!(text(&created).contains("It is not shown again."), "{}", text(&created));
    let off = send(&visitor, "/profile/two-step/off", &[("code", "000000")]).await;
    assert!(off.status == 422 && text(&off).contains("This code is wrong or too old."));
    server.pass(60_000);
    let next = app_code(&key, BEGINNING + 60_000);
    let renewed = text(&send(&visitor, "/profile/two-step/codes", &[("code", &next)]).await);
    assert!(renewed.contains("shown only once"), "{renewed}");
    server.pass(60_000);
    let next = app_code(&key, BEGINNING + 120_000);
    let off = send(&visitor, "/profile/two-step/off", &[("code", &next)]).await;
    assert_eq!(
        off.header("location"),
        Some("/profile?note=two-step-off#two-step"),
        "{}",
        text(&off)
    );
}

#[tokio::test]
async fn a_user_whose_role_needs_two_steps_sets_them_up_here() {
    let server = start().await;
    let admin = server.admin().await;
    let role = json!({"name": "Guard", "scope": "Users", "mandatory2fa": true});
    let made = admin.post_proved("roles.create", &role).await.expect(200);
    let roles = json!({"userId": server.user().await.id(), "data": {"roles": ["user", made["role"]["_id"]]}});
    admin.post_proved("users.update", &roles).await.expect(200);
    let visitor = Visitor::signed_in(&server, USER).await;
    let refused = visitor.get("/profile").await;
    assert!(refused.status == 403 && text(&refused).contains("href=\"/profile/two-step\""));
    let page = visitor.page("/profile/two-step").await;
    assert!(page.contains("Set up two-step sign-in"), "{page}");
    let asked = visitor.submit("/profile/two-step", &[]).await;
    let begun = text(&prove(&visitor, "/profile/two-step", &asked, "password", PASSWORD).await);
    let (_, rest) = begun.split_once("id=\"totp-key\">").expect("a key");
    let key = rest.split('<').next().expect("a key").replace(' ', "");
    let fields = [("code", &*app_code(&key, BEGINNING))];
    let on = visitor
        .submit_from("/profile/two-step", "/profile/two-step/on", &fields)
        .await;
    assert!(text(&on).contains("href=\"/sign-in\""), "{}", text(&on));
    assert_eq!(visitor.get("/profile").await.status, 303);
}

#[tokio::test]
async fn sessions_end_one_by_one_and_all_but_this_one() {
    let server = start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let (second, third) = (
        Visitor::signed_in(&server, USER).await,
        Visitor::signed_in(&server, USER).await,
    );
    let page = visitor.page("/profile").await;
    assert_eq!(page.matches("this browser").count(), 1, "{page}");
    let labels: Vec<_> = page.split("name=\"session\" value=\"").skip(1).collect();
    assert_eq!(labels.len(), 2);
    let label = labels[0].split('"').next().expect("a label");
    // The session of another user does not change.
    let admin = Visitor::signed_in(&server, ADMIN).await;
    send(&admin, "/profile/sessions/end", &[("session", label)]).await;
    assert_eq!((second.get("/").await.status, third.get("/").await.status), (200, 200));
    let answer = send(&visitor, "/profile/sessions/end", &[("session", label)]).await;
    assert_eq!(answer.header("location"), Some("/profile?note=session-ended#sessions"));
    let alive = [second.get("/").await.status, third.get("/").await.status];
    assert_eq!(alive.iter().filter(|status| **status == 200).count(), 1);
    send(&visitor, "/profile/sessions/end-others", &[]).await;
    assert_eq!((second.get("/").await.status, third.get("/").await.status), (303, 303));
    assert_eq!(visitor.get("/profile").await.status, 200);
    assert_eq!(admin.get("/profile").await.status, 200);
}

#[tokio::test]
async fn a_token_is_shown_once_and_does_what_its_scopes_allow() {
    let server = start().await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    for (fields, words) in [
        (
            &[("token-name", " "), ("unlimited", "on"), ("ends", "never")][..],
            "Say in a few words",
        ),
        (
            &[("token-name", "lamp"), ("ends", "never")],
            "Choose what the token can do.",
        ),
        (
            &[
                ("token-name", "lamp"),
                ("unlimited", "on"),
                ("ends", "exact"),
                ("day", "2001-02-30"),
            ],
            "Choose a day in the future.",
        ),
    ] {
        let answer = send(&visitor, "/profile/tokens", fields).await;
        assert!(
            answer.status == 422 && text(&answer).contains(words),
            "{words}: {}",
            text(&answer)
        );
    }
    let name = "<b>lamp</b> & \"x\"";
    let fields = [("token-name", name), ("scope", "status:read"), ("ends", "month")];
    let asked = send(&visitor, "/profile/tokens", &fields).await;
    let page = text(&prove(&visitor, "/profile/tokens", &asked, "password", PASSWORD).await);
    let (_, rest) = page.split_once("<code id=\"token\">").expect("a secret");
    let secret = rest.split('<').next().expect("a secret").to_owned();
    assert!(
        !page.contains("<b>lamp</b>") && page.contains("&#60;b&#62;lamp"),
        "{page}"
    );
    let client = server.anonymous().with_login(server.admin().await.id(), &secret);
    client.get("custom-user-status.list").await.expect(200);
    client.get("users.list").await.expect(403);
    let page = visitor.page("/profile").await;
    assert!(!page.contains(&secret) && page.contains("status:read · "), "{page}");
    let renewed = send(&visitor, "/profile/tokens/renew", &[("token", name)]).await;
    let renewed = prove(&visitor, "/profile/tokens/renew", &renewed, "password", PASSWORD).await;
    assert!(text(&renewed).contains("<code id=\"token\">"));
    client.get("custom-user-status.list").await.expect(401);
    let ended = send(&visitor, "/profile/tokens/end", &[("token", name)]).await;
    assert_eq!(ended.header("location"), Some("/profile?note=token-ended#tokens"));
    assert!(!visitor.page("/profile").await.contains("status:read · "));
}

#[tokio::test]
async fn a_user_without_the_permission_sees_no_tokens() {
    let server = start().await;
    let grants = json!({"permissions": [{"_id": "create-personal-access-tokens", "roles": ["admin"]}]});
    server
        .admin()
        .await
        .post_proved("permissions.update", &grants)
        .await
        .expect(200);
    let visitor = Visitor::signed_in(&server, USER).await;
    assert!(!visitor.page("/profile").await.contains("id=\"tokens\""));
    let fields = [("token-name", "lamp"), ("unlimited", "on"), ("ends", "never")];
    let asked = send(&visitor, "/profile/tokens", &fields).await;
    let answer = prove(&visitor, "/profile/tokens", &asked, "password", PASSWORD).await;
    assert!(!text(&answer).contains("<code id=\"token\">"), "{}", text(&answer));
    assert!(server.user().await.get("users.getPersonalAccessTokens").await.status != 200);
}

#[tokio::test]
async fn custom_fields_privacy_and_look_are_saved() {
    let rules = r#"{"team": {"type": "select", "options": ["Engine", "<i>Sea"], "public": true},
        "motto": {"type": "text", "maxLength": 5}}"#;
    let server = TestServer::start_with(|options| {
        let rules = (SettingId::CustomFields, SettingValue::Text(rules.to_owned()));
        fix(options, &[UNLIMITED, rules]);
    })
    .await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let page = visitor.page("/profile").await;
    assert!(page.contains("&#60;i&#62;Sea") && !page.contains("<i>Sea"), "{page}");
    let refused = send(&visitor, "/profile/fields", &[("field:motto", "too long")]).await;
    assert!(
        refused.status == 422 && text(&refused).contains("Max length of field"),
        "{}",
        text(&refused)
    );
    let fields = [("field:team", "<i>Sea"), ("field:motto", "\"'<>"), ("field:other", "x")];
    let saved = send(&visitor, "/profile/fields", &fields).await;
    assert_eq!(
        saved.header("location"),
        Some("/profile?note=saved#fields"),
        "{}",
        text(&saved)
    );
    let ada = server.user().await;
    let me = ada.get("me").await.expect(200);
    assert_eq!(me["customFields"], json!({"team": "<i>Sea", "motto": "\"'<>"}));
    assert!(
        visitor
            .page("/profile")
            .await
            .contains("value=\"&#34;&#39;&#60;&#62;\"")
    );

    let unknown = [
        ("last-seen", "hidden"),
        ("hide-users", "admin, nobody"),
        ("hide-role", "guest"),
    ];
    let refused = send(&visitor, "/profile/privacy", &unknown).await;
    // The page shows the form again with all values that were sent.
    for kept in [
        "value=\"hidden\" checked",
        "value=\"guest\" checked",
        "value=\"admin, nobody\"",
    ] {
        assert!(text(&refused).contains(kept), "{kept}: {}", text(&refused));
    }
    assert!(
        refused.status == 422 && text(&refused).contains("doesn’t exist"),
        "{}",
        text(&refused)
    );
    // The form finds no user by an e-mail address, because addresses are private.
    let private = [("last-seen", "hidden"), ("hide-users", "admin@example.com")];
    assert_eq!(send(&visitor, "/profile/privacy", &private).await.status, 422);
    let fields = [("last-seen", "hidden"), ("hide-users", "@admin"), ("hide-role", "bot")];
    let saved = send(&visitor, "/profile/privacy", &fields).await;
    assert_eq!(
        saved.header("location"),
        Some("/profile?note=saved#privacy"),
        "{}",
        text(&saved)
    );
    let privacy = ada.get("presence.getPrivacy").await.expect(200);
    assert_eq!(privacy["lastSeen"], "hidden", "{privacy}");
    assert_eq!(privacy["hideFrom"]["users"][0]["username"], "admin", "{privacy}");
    assert_eq!(privacy["hideFrom"]["roles"], json!(["bot"]), "{privacy}");

    let fields = [("language", "de"), ("theme", "dark"), ("idle", "10")];
    let saved = send(&visitor, "/profile/look", &fields).await;
    assert_eq!(
        saved.header("location"),
        Some("/profile?note=saved#look"),
        "{}",
        text(&saved)
    );
    let page = visitor.page("/profile").await;
    assert!(page.contains("<html lang=\"de\" data-theme=\"dark\">"), "{page}");
    assert!(page.contains("<option value=\"10\" selected>"), "{page}");
    let never = [("language", ""), ("theme", "auto"), ("idle", "")];
    send(&visitor, "/profile/look", &never).await;
    let page = visitor.page("/profile").await;
    assert!(
        page.contains("<html lang=\"en\">") && page.contains("<option value=\"\" selected>Never"),
        "{page}"
    );
}

#[tokio::test]
async fn the_profile_keeps_what_was_changed_elsewhere_in_the_meantime() {
    let server = start().await;
    let (visitor, ada) = (Visitor::signed_in(&server, USER).await, server.user().await);
    let page = visitor.page("/profile").await;
    for shown in [
        "name=\"was:first\" value=\"ada\"",
        "name=\"was:nickname\" value=\"\"",
        "name=\"was:field:team\" value=\"\"",
        "name=\"was:last-seen\" value=\"exact\"",
        "name=\"was:hide-role\" value=\"\"",
        "name=\"was:hide-users\" value=\"\"",
        "name=\"was:theme\" value=\"auto\"",
        "name=\"was:idle\" value=\"5\"",
        "name=\"was:language\" value=\"\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let basic = json!({"data": {"nickname": "Lady"}, "customFields": {"team": "south"}});
    ada.post("users.updateOwnBasicInfo", &basic).await.expect(200);
    let privacy = json!({"lastSeen": "hidden", "hideFrom": {"users": ["admin"], "roles": ["bot"]}});
    ada.post("presence.setPrivacy", &privacy).await.expect(200);
    let look = json!({"data": {"themeAppearence": "dark", "language": "en"}});
    ada.post("users.setPreferences", &look).await.expect(200);
    let privacy = ada.get("presence.getPrivacy").await.expect(200);
    let about = [
        ("was:first", USER),
        ("first", "Ada"),
        ("was:last", ""),
        ("last", "Lovelace"),
        ("was:username", USER),
        ("username", USER),
        ("was:email", "ada@example.com"),
        ("email", "ada@example.com"),
        ("was:nickname", ""),
        ("nickname", ""),
        ("was:bio", ""),
        ("bio", "a bio"),
    ];
    let old = [
        ("was:last-seen", "exact"),
        ("last-seen", "exact"),
        ("was:hide-role", ""),
        ("was:hide-users", ""),
        ("hide-users", ""),
    ];
    let idle = [
        ("was:language", ""),
        ("language", ""),
        ("was:theme", "auto"),
        ("theme", "auto"),
        ("was:idle", "5"),
        ("idle", "10"),
    ];
    for (path, fields) in [
        ("/profile", &about[..]),
        ("/profile/fields", &[("was:field:team", ""), ("field:team", "")]),
        ("/profile/privacy", &old),
        ("/profile/look", &idle),
    ] {
        let saved = send(&visitor, path, fields).await;
        assert_eq!(saved.status, 303, "{path}: {}", text(&saved));
    }
    let me = ada.get("me").await.expect(200);
    assert_eq!(
        (&me["name"], &me["nickname"], &me["bio"], &me["customFields"]),
        (
            &json!("Ada Lovelace"),
            &json!("Lady"),
            &json!("a bio"),
            &json!({"team": "south"})
        )
    );
    let preferences = &me["settings"]["preferences"];
    assert_eq!(
        (
            &preferences["themeAppearence"],
            &preferences["language"],
            &preferences["idleTimeLimit"]
        ),
        (&json!("dark"), &json!("en"), &json!(600))
    );
    assert_eq!(ada.get("presence.getPrivacy").await.expect(200), privacy);
    // What the user changes is saved.
    let changed = [
        ("was:last-seen", "hidden"),
        ("last-seen", "coarse"),
        ("was:hide-role", "bot"),
        ("was:hide-users", "admin"),
        ("hide-users", "admin"),
    ];
    assert_eq!(send(&visitor, "/profile/privacy", &changed).await.status, 303);
    let privacy = ada.get("presence.getPrivacy").await.expect(200);
    assert_eq!(
        (&privacy["lastSeen"], &privacy["hideFrom"]["roles"]),
        (&json!("coarse"), &json!([]))
    );
    assert_eq!(privacy["hideFrom"]["users"][0]["username"], "admin", "{privacy}");
}

#[tokio::test]
async fn a_photo_is_put_up_and_removed() {
    let server = start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let upload = async |file: &[u8]| visitor.upload("/profile", "/profile/photo", file).await;
    let broken = upload(b"<svg onload=alert(1)>").await;
    assert!(
        broken.status == 422 && text(&broken).contains("not a PNG, JPEG or WebP"),
        "{}",
        text(&broken)
    );
    assert!(text(&upload(b"").await).contains("Choose a photo first."));
    assert_eq!(upload(&vec![0; 400 * 1024]).await.status, 413);
    assert!(text(&upload(&vec![0; 257 * 1024]).await).contains("This picture is too large."));
    let saved = upload(&halves(32, 32, ImageFormat::Png)).await;
    assert_eq!(
        saved.header("location"),
        Some("/profile?note=saved#me"),
        "{}",
        text(&saved)
    );
    let page = visitor.page("/profile").await;
    assert!(page.contains("<img class=\"avatar xl\" src=\"/avatar/uid/"), "{page}");
    let removed = send(&visitor, "/profile/photo/remove", &[]).await;
    assert_eq!(removed.header("location"), Some("/profile?note=saved#me"));
    assert!(!visitor.page("/profile").await.contains("<img class=\"avatar xl\""));
    // Without a session, the server does not read a file.
    let stranger = Visitor::of(&server);
    let answer = stranger.upload("/sign-in", "/profile/photo", b"x").await;
    assert_eq!(answer.header("location"), Some("/sign-in"));
}

#[tokio::test]
async fn the_profile_is_for_users_who_are_signed_in() {
    let server = start().await;
    let stranger = Visitor::of(&server);
    let answer = stranger.get("/profile").await;
    assert_eq!(answer.header("location"), Some("/sign-in?next=%2Fprofile"));
    let ada = server.user().await;
    enable(&ada, BEGINNING).await;
    assert_eq!(stranger.get("/profile/two-step").await.status, 303);
}
