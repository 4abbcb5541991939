//! The board in a real browser, which shows changes while it is open.

use serde_json::json;

use super::driver::Browser;
use crate::support::TestServer;
use crate::support::server::{MINUTE, PASSWORD, USER, create_user};

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
    // The side of the board lists the awaited people.
    let listed = format!("#waiting:not([hidden]) a[href='#p-{}']", ada.id());
    browser.appears(&listed).await;
    assert_eq!(browser.text_with(&listed, "ada").await, "ada");
    // The bell stays on after the page is loaded again.
    browser.open(&format!("http://{}/", server.address)).await;
    browser.appears(&format!("{bell}[aria-pressed=true]")).await;
    set("away", "still not").await;
    browser.text_with(&format!("#p-{} .state", ada.id()), "still not").await;
    set("online", "here").await;
    browser.text_with("#toasts", "ada is back.").await;
    browser.appears("#waiting[hidden]").await;
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
    let server = TestServer::open(folder, |options| options.listen = vec![address.into()]).await;
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn an_awaited_person_is_told_also_in_a_view_without_their_row() {
    let server = TestServer::start().await;
    server.command(create_user("grace")).await;
    let ada = server.user().await;
    let set = async |status: &str, message: &str| {
        let body = json!({"status": status, "message": message});
        ada.post("users.setStatus", &body).await.expect(200);
    };
    set("busy", "<i>on the phone").await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, "grace").await;
    let bell = format!("#p-{} .icon-btn", ada.id());
    browser.appears(&bell).await;
    // In one step, because the page may write its rows again.
    browser
        .run(&format!("document.querySelector({bell:?}).click(); arguments[0](true)"))
        .await;
    browser.open(&format!("http://{}/?q=grace", server.address)).await;
    let listed = format!("#waiting:not([hidden]) a[href='people/{}']", ada.id());
    browser.appears(&listed).await;
    set("online", "here").await;
    browser.text_with("#toasts", "ada is back.").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_status_with_an_end_ends_on_the_open_board() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let body = json!({"status": "busy", "message": "deep work", "expiresAt": "2023-11-04T12:00:00Z"});
    ada.post("users.setStatus", &body).await.expect(200);
    let browser = Browser::start().await;
    sign_in(&browser, &server, "admin").await;
    browser.text_with("#group-busy", "1").await;
    server.pass(16 * MINUTE);
    browser.text_with(&format!("#p-{} .state", ada.id()), "Offline").await;
    browser.appears("[data-status=busy][hidden]").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn the_back_button_after_signing_out_shows_nothing_private() {
    let server = TestServer::start().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, USER).await;
    browser.open(&format!("http://{}/profile", server.address)).await;
    browser.appears("#me input[value='ada@example.com']").await;
    browser.click("button.who").await;
    browser.click("form[action='/sign-out'] button").await;
    browser.text_with("main", "You are signed out.").await;
    for _ in 0..2 {
        browser.back().await;
        browser
            .appears("main form[action='/sign-in'], main [name=password]")
            .await;
        let page = browser.run("arguments[0](document.documentElement.outerHTML)").await;
        let page = page.as_str().expect("a page");
        assert!(
            !page.contains("ada@example.com") && !page.contains("id=\"roll\""),
            "{page}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn shortcuts_can_be_turned_off() {
    let server = TestServer::start().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, USER).await;
    browser.press("body", "?").await;
    browser.appears("#shortcuts[open]").await;
    browser.click("[data-shortcuts]").await;
    browser.press("#shortcuts-title", "\u{e00c}").await;
    browser.appears("#shortcuts:not([open])").await;
    browser.press("body", "s").await;
    let opened = "arguments[0](document.querySelectorAll('dialog[open]').length)";
    assert_eq!(browser.run(opened).await, 0);
    browser.open(&format!("http://{}/", server.address)).await;
    browser.press("body", "?").await;
    assert_eq!(browser.run(opened).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_form_of_the_administration_counts_its_unsaved_changes() {
    let server = TestServer::start().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, "admin").await;
    browser.open(&format!("http://{}/admin/settings", server.address)).await;
    let hidden = "#server .savebar[hidden]";
    browser.appears(hidden).await;
    browser.write("#Site_Name", "Harbour").await;
    browser
        .text_with("#server .savebar:not([hidden]) [role=status]", "1 change not saved")
        .await;
    browser.write("#Security_Contact", "tel:+49-30-123").await;
    browser
        .text_with("#server .savebar [role=status]", "2 changes not saved")
        .await;
    browser.write("#Site_Name", "Rollcall").await;
    browser
        .text_with("#server .savebar [role=status]", "1 change not saved")
        .await;
    browser.appears("#server .touched #Security_Contact").await;
    browser.keep_picture("unsaved-setting").await;
    browser.click("#server .savebar [type=reset]").await;
    browser.appears(hidden).await;
    browser.write("#Site_Name", "Harbour").await;
    browser.click("#server .savebar .primary").await;
    browser.text_with("#toasts", "saved").await;

    browser.open(&format!("http://{}/admin/roles", server.address)).await;
    browser.text_with(".savebar [role=status]", "count at once").await;
    let box_ = "[name=view-audit]:not(:checked)";
    browser.click(box_).await;
    browser.text_with(".savebar [role=status]", "1 change not saved").await;
    browser.keep_picture("unsaved-role").await;
    browser.click(".savebar [type=reset]").await;
    browser.text_with(".savebar [role=status]", "count at once").await;
}
