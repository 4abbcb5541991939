//! A new password by a link, in a browser.

use serde_json::json;

use super::driver::Browser;
use crate::support::TestServer;
use crate::support::server::PASSWORD;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromedriver; .ci/run installs it"]
async fn who_forgot_a_password_sets_a_new_one_in_a_browser() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let policy = json!({"value": true});
    let on = admin.post("settings/Accounts_Password_Policy_Enabled", &policy).await;
    on.expect(200);
    let asked = json!({"userId": ada.id()});
    let made = admin
        .post_proved("users.createPasswordResetLink", &asked)
        .await
        .expect(200);
    let browser = Browser::start().await;
    browser.open(made["link"].as_str().expect("a link")).await;
    browser.keep_picture("reset-password").await;
    browser.write("[name=password]", "short").await;
    browser.write("[name=again]", "other").await;
    browser.click("main button.primary").await;
    browser.text_with("#again-err", "don’t match").await;
    browser.write("[name=password]", "short").await;
    browser.write("[name=again]", "short").await;
    browser.click("main button.primary").await;
    let told = browser.text_with("#password-err", "needs").await;
    assert!(!told.contains('['), "{told}");
    ada.get("me").await.expect(200);

    browser.write("[name=password]", "Correct-h0rse").await;
    browser.write("[name=again]", "Correct-h0rse").await;
    browser.click("main button.primary").await;
    browser.text_with(".note", "Your password is set").await;
    ada.get("me").await.expect(401);
    server.anonymous().logged_in("ada", "Correct-h0rse").await;
    let old = json!({"user": "ada", "password": PASSWORD});
    server.anonymous().post("login", &old).await.expect(401);
}
