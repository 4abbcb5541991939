//! The names of clients, from the text that they send.

/// The maximum length of the name of an unknown client, in characters.
const NAME_CHARACTERS: usize = 60;

/// The maximum length of a version, in characters.
const VERSION_CHARACTERS: usize = 16;

/// Browsers by a word in their `User-Agent`. Most browsers also name other browsers, so the first entry that matches
/// counts.
const BROWSERS: [(&str, &str); 7] = [
    ("Rocket.Chat", "Rocket.Chat"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Operating systems by a word in the `User-Agent`. The first entry that matches counts.
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// Returns the name of the browser and the name of its system, which may be empty. For an unknown client, returns the
/// beginning of its text and an empty system.
pub(in crate::web::pages) fn names(client: &str) -> (String, String) {
    let found = |known: &[(&str, &str)]| {
        let found = known.iter().find(|(word, _)| client.contains(word));
        found.map(|(_, name)| (*name).to_owned())
    };
    let system = found(&SYSTEMS).unwrap_or_default();
    match found(&BROWSERS) {
        Some(browser) => (browser, system),
        None => (client.chars().take(NAME_CHARACTERS).collect(), String::new()),
    }
}

/// Returns the version of a known browser. Returns an empty text for other clients, because their name contains the
/// version.
pub(in crate::web::pages) fn version(client: &str) -> &str {
    let after = BROWSERS.iter().find_map(|(word, _)| Some(client.split_once(word)?.1));
    let after = after.unwrap_or_default().trim_start_matches('/');
    let is_part = |character: char| character.is_ascii_digit() || character == '.';
    let end = after.find(|character| !is_part(character)).unwrap_or(after.len());
    after[..end.min(VERSION_CHARACTERS)].trim_end_matches('.')
}

/// Returns whether the text of a client contains a word that phones send.
pub(in crate::web::pages) fn is_phone(client: &str) -> bool {
    ["Android", "iPhone", "Mobile"].iter().any(|word| client.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_by_its_browser_and_its_system() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(names(firefox), ("Firefox".into(), "Linux".into()));
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(names(edge), ("Edge".into(), "Windows".into()));
        assert_eq!(names("curl/8.5.0"), ("curl/8.5.0".into(), String::new()));
        assert_eq!(
            (version(firefox), version(edge), version("curl/8.5.0")),
            ("140.0", "140.0", "")
        );
        assert_eq!(version("Rocket.Chat/4.5.1 (Linux)"), "4.5.1");
        assert!(is_phone("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0)") && !is_phone(firefox));
    }
}
