//! The page for a lost server, in a real browser.

use serde_json::json;

use super::driver::Browser;
use super::live::sign_in;
use crate::support::TestServer;
use crate::support::server::USER;

/// Calls back with the paths of all responses that the browser has stored for scripts.
const STORED: &str = "const done = arguments[0];
    caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((cache) => cache.keys()))))
      .then((all) => done(all.flat().map(({url}) => new URL(url).pathname).sort()));";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_lost_server_has_a_page_that_answers_only_navigations_and_ends_by_itself() {
    let server = TestServer::start().await;
    let (ada, address) = (server.user().await, server.address);
    let url = |path: &str| format!("http://{address}{path}");
    let browser = Browser::start().await;
    sign_in(&browser, &server, USER).await;
    browser
        .run("navigator.serviceWorker.ready.then(() => arguments[0](true))")
        .await;
    // Pages that the browser loads while the script works are not stored.
    for path in ["/profile", "/my-status", "/"] {
        browser.open(&url(path)).await;
        browser.appears("main").await;
    }
    let controlled = browser
        .run("arguments[0](navigator.serviceWorker.controller !== null)")
        .await;
    assert_eq!(controlled, true);
    let stored = browser.run(STORED).await;
    let stored = stored.as_array().expect("paths");
    let ends: Vec<_> = stored.iter().map(|path| path.as_str().expect("a path")).collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert!(
        ends[0].ends_with("/icons.svg") && ends[1].ends_with("/rollcall.css") && ends[2] == "/offline",
        "{ends:?}"
    );

    let folder = server.stop().await;
    browser.open(&url("/profile")).await;
    let page = browser.text_with("main", "reach the server").await;
    assert!(page.contains("This page keeps trying."), "{page}");
    let styled = "arguments[0](getComputedStyle(document.querySelector('.btn')).borderRadius)";
    assert_ne!(browser.run(styled).await, "0px", "the page has its style");
    browser.keep_picture("offline").await;
    for path in ["/api/v1/info", "/profile", "/", "/manifest.webmanifest", "/offline"] {
        let script = format!("fetch({path:?}).then(() => arguments[0]('answered'), () => arguments[0]('failed'))");
        assert_eq!(browser.run(&script).await, "failed", "{path}");
    }
    let form = "fetch('/my-status', {method: 'POST', body: 'a=b'})
        .then(() => arguments[0]('answered'), () => arguments[0]('failed'))";
    assert_eq!(browser.run(form).await, "failed");

    let server = TestServer::open(folder, |options| options.listen = vec![address.into()]).await;
    // The page loads the address again that the user wanted.
    browser.appears("#me input[value='ada@example.com']").await;
    let lines = browser.console().await;
    let broken = lines.iter().find(|line| line.contains("Content Security Policy"));
    assert_eq!(broken, None);
    // An answer with an error is an answer of the server.
    browser.open(&url("/nowhere")).await;
    browser.text_with("main", "Page not found").await;
    ada.post("logout", &json!({})).await.expect(200);
    drop(server);
}
