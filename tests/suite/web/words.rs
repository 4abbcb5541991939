//! The pages in the reader's language.

use serde_json::json;

use crate::support::server::USER;
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

#[tokio::test]
async fn the_language_is_the_users_choice_then_the_browsers() {
    let server = TestServer::start().await;
    let german = Visitor::of(&server).speaking("de-CH,de;q=0.9,en;q=0.5");
    let page = german.page("/sign-in").await;
    assert!(
        page.contains("<html lang=\"de\"") && page.contains("Auf diesem Gerät angemeldet bleiben"),
        "{page}"
    );
    let answer = german.sign_in(USER, "wrong").await;
    assert!(
        text(&answer).contains("Benutzername und Passwort passen nicht zusammen."),
        "{}",
        text(&answer)
    );
    german.sign_in(USER, crate::support::server::PASSWORD).await;
    assert!(german.page("/").await.contains("von 2 anwesend"));

    let ada = server.user().await;
    let english = json!({"data": {"language": "en-GB", "themeAppearence": "dark"}});
    ada.post("users.setPreferences", &english).await.expect(200);
    let page = german.page("/").await;
    assert!(
        page.contains("<html lang=\"en\" data-theme=\"dark\">") && page.contains("of 2 here"),
        "{page}"
    );
    let french = Visitor::of(&server).speaking("fr");
    assert!(french.page("/sign-in").await.contains("<html lang=\"en\""));
}

#[tokio::test]
async fn no_page_shows_the_name_of_a_word_in_its_place() {
    let server = TestServer::start().await;
    server
        .user()
        .await
        .post("users.setStatus", &json!({"status": "away", "message": "lunch"}))
        .await
        .expect(200);
    for language in ["en", "de"] {
        let visitor = Visitor::signed_in(&server, USER).await.speaking(language);
        for path in [
            "/",
            "/my-status",
            "/change-password",
            "/profile",
            "/profile/two-step",
            "/sign-in?other",
            "/setup",
            "/forgot-password",
            "/nowhere",
        ] {
            assert_words(&text(&visitor.get(path).await), path, language);
        }
    }
}

/// The pages of the administration whose texts are checked by a test in `join.rs`.
pub const ADMINISTRATION: [&str; 4] = ["/admin/invitations", "/admin/walls", "/admin/walls/new", "/admin/store"];

/// Asserts that no text on a page is the key of a word.
pub fn assert_words(page: &str, path: &str, language: &str) {
    let texts = page.split('>').filter_map(|part| part.split('<').next());
    for text in texts.map(str::trim).filter(|text| text.contains('-')) {
        let is_key = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(!is_key, "{text} in {path} in {language}");
    }
}
