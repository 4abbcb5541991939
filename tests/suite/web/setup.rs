//! The setup page.

use super::driver::Browser;
use crate::support::TestServer;
use crate::support::server::PASSWORD;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn the_first_administrator_is_created_in_a_browser() {
    let server = TestServer::empty().await;
    let browser = Browser::start().await;
    browser.open(server.setup_link.as_deref().expect("a link")).await;
    browser.keep_picture("setup").await;
    browser.write("[name=username]", "ada").await;
    browser.write("[name=name]", "Ada Lovelace").await;
    browser.write("[name=password]", PASSWORD).await;
    browser.write("[name=again]", "something else").await;
    browser.click("button").await;
    let told = browser.text_with("#problem", "same").await;
    assert_eq!(told, "The two passwords are not the same.");

    browser.write("[name=again]", PASSWORD).await;
    browser.click("button").await;
    let told = browser.text_with("#lead", "Done").await;
    assert!(told.contains("ada is the administrator"), "{told}");
    let admin = server.anonymous().logged_in("ada", PASSWORD).await;
    admin.create_status("caught up", "busy").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_link_that_was_used_is_told_in_the_browser() {
    let server = TestServer::start().await;
    let browser = Browser::start().await;
    browser.open(&format!("http://{}/setup#used", server.address)).await;
    browser.write("[name=username]", "eve").await;
    browser.write("[name=password]", PASSWORD).await;
    browser.write("[name=again]", PASSWORD).await;
    browser.click("button").await;
    let told = browser.text_with("#problem", "link").await;
    assert_eq!(
        told,
        "this setup link is not valid: it was used, or belongs to another server"
    );

    // Another page between, since an address that differs in its # alone is not loaded anew.
    browser.open("about:blank").await;
    browser.open(&format!("http://{}/setup", server.address)).await;
    let told = browser.text_with("#lead", "whole setup link").await;
    assert!(told.starts_with("This page needs"), "{told}");
}
