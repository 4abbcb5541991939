//! The board in a real browser: it is true while it is open.

use serde_json::json;

use super::driver::Browser;
use crate::support::TestServer;
use crate::support::server::{PASSWORD, USER, create_user};

async fn sign_in(browser: &Browser, server: &TestServer, user: &str) {
    browser.open(&format!("http://{}/sign-in", server.address)).await;
    browser.write("[name=user]", user).await;
    browser.write("[name=password]", PASSWORD).await;
    browser.click("main button.primary").await;
    browser.text_with("#heading", "here").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_status_that_is_set_shows_on_an_open_board_and_moves_to_its_group() {
    let server = TestServer::start().await;
    server.command(create_user("grace")).await;
    let ada = server.user().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, "grace").await;
    // The open page is a connection of its user.
    browser.text_with("#group-online", "1").await;
    let body = json!({"status": "busy", "message": "<b>deep</b> work", "emoji": "🎧"});
    ada.post("users.setStatus", &body).await.expect(200);
    let row = format!("#p-{} .state", ada.id());
    let text = browser.text_with(&row, "work").await;
    assert_eq!(text, "Busy🎧 <b>deep</b> work");
    browser.text_with("#group-busy", "1").await;
    let script = format!(
        "const group = document.querySelector('#p-{}').closest('.group'); arguments[0](group.dataset.status)",
        ada.id()
    );
    assert_eq!(browser.run(&script).await, "busy");
    browser.text_with("#heading", "2 of 3 here").await;
    browser.keep_picture("board-live").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn the_own_status_is_set_in_the_dialog_with_the_keyboard() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let lunch = json!({"name": "Lunch", "statusType": "away", "emoji": "🥪", "durationMinutes": 45});
    admin.post("custom-user-status.create", &lunch).await.expect(200);
    let ada = server.user().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, USER).await;
    browser.press("body", "s").await;
    browser.keep_picture("my-status").await;
    browser.press("#my-status-title", "1").await;
    browser.text_with("#my-state", "Lunch").await;
    browser.text_with("#toasts", "Your status is set.").await;
    let status = ada.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&status["status"], &status["message"]),
        (&json!("away"), &json!("Lunch"))
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_session_that_ends_elsewhere_ends_the_open_board() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, USER).await;
    ada.post("users.logoutOtherClients", &json!({})).await.expect(200);
    browser.text_with("main", "Your sign-in has ended.").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_board_that_loses_its_server_says_so_and_comes_back() {
    let server = TestServer::start().await;
    let (ada, address) = (server.user().await, server.address);
    let browser = Browser::start().await;
    sign_in(&browser, &server, "admin").await;
    let folder = server.stop().await;
    browser.text_with("#lost", "Connection lost.").await;
    browser.keep_picture("board-lost").await;
    let server = TestServer::open(folder, |options| options.listen = address).await;
    let body = json!({"status": "busy", "message": "after the restart"});
    ada.post("users.setStatus", &body).await.expect(200);
    browser
        .text_with(&format!("#p-{} .state", ada.id()), "after the restart")
        .await;
    assert_eq!(server.address, address);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn no_page_scrolls_sideways_at_any_width() {
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
    let browser = Browser::start().await;
    let url = |path: &str| format!("http://{}{path}", server.address);
    let measure = async |name: &str, path: &str| {
        for (width, height, colours) in [
            (1440, 900, "light"),
            (800, 900, "dark"),
            (360, 780, "dark"),
            (320, 700, "light"),
        ] {
            browser.show_as(width, height, colours).await;
            browser.open(&url(path)).await;
            let wide = browser
                .run("arguments[0](document.documentElement.scrollWidth - innerWidth)")
                .await;
            assert!(wide.as_i64() <= Some(0), "{path} at {width}: {wide}");
            browser.keep_picture(&format!("{name}-{width}-{colours}")).await;
        }
    };
    for (name, path) in [
        ("sign-in", "/sign-in"),
        ("setup", "/setup"),
        ("reset", "/reset-password#x"),
        ("forgot", "/forgot-password"),
        ("not-found", "/nowhere"),
    ] {
        measure(name, path).await;
    }
    sign_in(&browser, &server, USER).await;
    for language in ["en", "de"] {
        let ada = server.user().await;
        ada.post("users.setPreferences", &json!({"data": {"language": language}}))
            .await
            .expect(200);
        for (name, path) in [
            ("board", "/"),
            ("tiles", "/?view=tiles"),
            ("my-status", "/my-status"),
            ("change-password", "/change-password"),
        ] {
            measure(&format!("{name}-{language}"), path).await;
        }
    }
}
