//! The board in a real browser, which shows changes while it is open.

use serde_json::json;

use super::driver::Browser;
use crate::support::TestServer;
use crate::support::server::{PASSWORD, USER, create_user};

pub async fn sign_in(browser: &Browser, server: &TestServer, user: &str) {
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
    // The open page counts as a connection of its user.
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
async fn the_return_of_an_awaited_person_is_told_once() {
    let server = TestServer::start().await;
    server.command(create_user("grace")).await;
    let ada = server.user().await;
    let set = async |status: &str, message: &str| {
        let body = json!({"status": status, "message": message});
        ada.post("users.setStatus", &body).await.expect(200);
    };
    set("busy", "on the phone").await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, "grace").await;
    let bell = format!("#p-{} .icon-btn", ada.id());
    browser.click(&bell).await;
    browser.appears(&format!("{bell}[aria-pressed=true]")).await;
    // The bell stays on after the page is loaded again.
    browser.open(&format!("http://{}/", server.address)).await;
    browser.appears(&format!("{bell}[aria-pressed=true]")).await;
    set("away", "still not").await;
    browser.text_with(&format!("#p-{} .state", ada.id()), "still not").await;
    set("online", "here").await;
    browser.text_with("#toasts", "ada is back.").await;
    set("busy", "once more").await;
    browser.appears(&format!("{bell}[aria-pressed=false]")).await;
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
async fn a_large_photo_is_cropped_and_made_smaller_before_it_is_sent() {
    let server = TestServer::start().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, USER).await;
    browser.open(&format!("http://{}/profile", server.address)).await;
    // The picture is noise, because no format can compress it.
    let mut noise = 1_u32;
    let photo = image::RgbImage::from_fn(1200, 900, |_, _| {
        image::Rgb([0; 3].map(|_: u8| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        }))
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("photo.png");
    photo.save(&file).expect("a file");
    assert!(file.metadata().expect("a file").len() > 1_000_000);
    browser.press("#photo", &file.display().to_string()).await;
    browser.appears("#me canvas.avatar").await;
    browser.keep_picture("photo").await;
    browser.click("#me form[enctype] button").await;
    browser.appears("#me img.avatar").await;
    let picture = server.anonymous().send("GET", "/avatar/ada", &[], "").await;
    let kind = picture.header("content-type").expect("a type");
    assert!(kind.starts_with("image/") && !kind.contains("svg"), "{kind}");
}
