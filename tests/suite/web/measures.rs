//! The sizes that a browser loads, and the times of its scripts. The tests print the times: they depend on the machine.

#![allow(clippy::print_stdout)] // Their figures depend on the machine, so they are printed and not asserted.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::driver::Browser;
use super::live::sign_in;
use crate::support::crowd::{set_status, start};
use crate::support::server::{ADMIN, USER, create_user};
use crate::support::{TestServer, Visitor};

/// The maximum size of the first load of a board of 50 people, in bytes, compressed.
const FIRST_LOAD_BYTES: u64 = 60 * 1024;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn the_first_load_of_a_board_for_fifty_is_small() {
    let (server, ids) = start(50).await;
    let admin = server.admin().await;
    for (number, id) in ids.iter().enumerate() {
        let status = ["online", "busy", "away"][number % 3];
        set_status(&admin, id, status, &format!("at work on task {number}")).await;
    }
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let browser = Browser::start().await;
    // The browser has loaded no page and no asset before the board.
    browser.open(&format!("http://{}/robots.txt", server.address)).await;
    browser
        .set_cookie("rollcall", &visitor.cookie("rollcall").expect("a session"))
        .await;
    browser.open(&format!("http://{}/", server.address)).await;
    browser.text_with("#heading", "of 50 here").await;
    let loaded = browser
        .run(
            "const done = arguments[0], entries = () => [
               ...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
             const all = () => done(entries().map(({name, initiatorType, transferSize}) =>
               [new URL(name).pathname, initiatorType, transferSize]));
             document.readyState === 'complete' ? setTimeout(all) : addEventListener('load', () => setTimeout(all));",
        )
        .await;
    let loaded: Vec<(String, String, u64)> = serde_json::from_value(loaded).expect("a list");
    let count = |end: &str| loaded.iter().filter(|(path, ..)| path.ends_with(end)).count();
    println!("first load of a board for 50: {loaded:?}");
    assert_eq!((count(".css"), count(".js")), (1, 3), "{loaded:?}");
    // Each size includes the headers. One that is 0 was already in the browser.
    assert!(loaded.iter().take(4).all(|(.., bytes)| *bytes > 0), "{loaded:?}");
    let bytes: u64 = loaded.iter().map(|(.., bytes)| bytes).sum();
    println!(
        "first load of a board for 50: {bytes} bytes in {} responses",
        loaded.len()
    );
    assert!(bytes < FIRST_LOAD_BYTES, "{bytes}: {loaded:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_status_set_in_one_browser_comes_to_a_second_one_as_an_event() {
    let server = TestServer::start().await;
    server.command(create_user("grace")).await;
    let ada = server.user().await;
    let (first, second) = (Browser::start().await, Browser::start().await);
    sign_in(&first, &server, USER).await;
    sign_in(&second, &server, "grace").await;
    let row = format!("#p-{}", ada.id());
    second.text_with(&format!("{row} .word"), "Online").await;
    // The second browser notes the moment of the change, and its requests after this one.
    let watch = format!(
        "const row = document.querySelector({row:?});
         window.before = performance.getEntriesByType('resource').length;
         window.seen = new Promise((seen) => {{
           const watch = new MutationObserver(() => row.textContent.includes('On the phone') && seen(Date.now()));
           watch.observe(row, {{subtree: true, childList: true, characterData: true}});
         }});
         arguments[0](true)"
    );
    second.run(&watch).await;
    first.press("body", "s").await;
    first.click("#my-status label:has([name=status][value=busy])").await;
    first.write("#my-status [name=text]", "On the phone").await;
    let sent = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time")
        .as_millis();
    first.click("#my-status footer [name=set]").await;
    let seen = second.run("seen.then(arguments[0])").await;
    let seen = u128::from(seen.as_u64().expect("a time"));
    println!(
        "a status that was set in one browser showed in a second one after {} ms",
        seen.saturating_sub(sent)
    );
    let requests = "arguments[0](performance.getEntriesByType('resource').slice(before).map(({name}) => name))";
    assert_eq!(
        second.run(requests).await,
        Value::Array(Vec::new()),
        "the page was loaded again"
    );
    let text = second.text_with(&format!("{row} .state"), "On the phone").await;
    assert!(text.starts_with("Busy"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn a_board_of_three_thousand_people_follows_a_hundred_changes() {
    let (server, ids) = start(3000).await;
    let admin = server.admin().await;
    let browser = Browser::start().await;
    sign_in(&browser, &server, ADMIN).await;
    browser.text_with("#heading", "of 3000 here").await;
    let before = browser.script_seconds().await;
    // One script waits for the last change, so that the time has no questions of the test in it.
    let shown = browser.run(
        "const [done] = arguments, heading = document.querySelector('#heading');\
         new MutationObserver((_, watch) => {\
           if (heading.textContent.includes('101 of 3000')) { watch.disconnect(); done(true); }\
         }).observe(heading, { childList: true });",
    );
    let changes = async {
        for (number, id) in ids.iter().take(100).enumerate() {
            set_status(&admin, id, "busy", &format!("change {number}")).await;
        }
    };
    tokio::join!(shown, changes);
    let millis = (browser.script_seconds().await - before) * 1000.0;
    browser.text_with(&format!("#p-{} .state", ids[99]), "change 99").await;
    println!("scripts ran for {millis:.1} ms for 100 changes on a board of 3,000 people");
    let groups = browser
        .run("arguments[0](document.querySelectorAll('.group[data-status=busy] .person').length)")
        .await;
    assert_eq!(groups, 100);
    browser.keep_picture("board-3000").await;
}
