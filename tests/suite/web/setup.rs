//! The first start in a browser.

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
    browser.write("[name=team]", "Harbour Studio").await;
    browser.write("[name=first]", "Ada").await;
    browser.write("[name=last]", "L0velace").await;
    browser.write("[name=username]", "ada").await;
    browser.write("[name=password]", PASSWORD).await;
    browser.click("main button.primary").await;
    let told = browser.text_with("main .err", "Last name").await;
    assert!(told.contains("Last name must have atleast 1 characters."), "{told}");

    // The secret of the link is still in the form.
    browser.write("[name=last]", "Lovelace").await;
    browser.write("[name=password]", PASSWORD).await;
    browser.click("main button.primary").await;
    let link = browser.text_with("#link", "/join/").await;
    assert!(link.starts_with(&format!("http://{}/join/", server.address)), "{link}");
    browser.keep_picture("setup-invite").await;
    browser.click("main a.primary").await;
    let told = browser.text_with(".empty h2", "Only you").await;
    assert_eq!(told, "Only you so far");
    let admin = server.anonymous().logged_in("ada", PASSWORD).await;
    admin.create_status("caught up", "busy").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_link_that_was_used_is_told_in_the_browser() {
    let server = TestServer::start().await;
    let browser = Browser::start().await;
    browser.open(&format!("http://{}/setup#used", server.address)).await;
    for (field, text) in [
        ("team", "Evil"),
        ("first", "Eve"),
        ("last", "Evil"),
        ("username", "eve"),
        ("password", PASSWORD),
    ] {
        browser.write(&format!("[name={field}]"), text).await;
    }
    browser.click("main button.primary").await;
    let told = browser.text_with("main .err", "link").await;
    assert!(
        told.contains("This link is not valid: it was used, or belongs to another server."),
        "{told}"
    );
}
