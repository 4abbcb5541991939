//! Whether a username is free, and suggestions of free ones.

use super::users;
use crate::app::App;
use crate::domain::{RequestError, SettingId, User, Username, UsernameKey};

/// Maximum usernames that are tried for a suggestion.
const SUGGESTIONS_TRIED: usize = 1_000;

/// Returns whether a user could change to this username. Their own is always available.
///
/// # Errors
/// [`RequestError::NotAllowed`] if usernames cannot be changed, [`RequestError::UsernameBlocked`].
pub(crate) fn is_available(app: &App, own: &User, text: &str) -> Result<bool, RequestError> {
    if !app.settings().flag(SettingId::AllowUsernameChange) {
        return Err(RequestError::NotAllowed { words: "Not allowed" });
    }
    let Ok(name) = Username::parse(text) else {
        return Ok(false);
    };
    if name.key() == own.username.key() {
        return Ok(true);
    }
    match users::refuse_unfit(app, &name) {
        Err(RequestError::UsernameInvalid { .. }) => return Ok(false),
        outcome => outcome?,
    }
    users::refuse_blocked(app, &name)?;
    Ok(app.store.read().user_named(&name.key()).is_none())
}

/// Returns a free username made from a user's name: `first.last`, followed by a number if that is taken.
#[must_use]
pub(crate) fn suggest(app: &App, user: &User) -> String {
    let name = user
        .name
        .as_ref()
        .map_or_else(|| user.username.as_str(), |name| name.as_str());
    let words: Vec<String> = name
        .split_whitespace()
        .map(|word| {
            word.to_lowercase()
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect()
        })
        .filter(|word: &String| !word.is_empty())
        .collect();
    let base: String = words.join(".").chars().take(56).collect();
    let base = if base.is_empty() { "user".to_owned() } else { base };
    let snapshot = app.store.read();
    let free = |name: &String| {
        let other = snapshot.user_named(&UsernameKey::of(name));
        let fits = |name: &Username| {
            users::refuse_unfit(app, name)
                .and_then(|()| users::refuse_blocked(app, name))
                .is_ok()
        };
        other.is_none_or(|other| other.id == user.id) && Username::parse(name).is_ok_and(|name| fits(&name))
    };
    let numbered = (1..).map(|number| format!("{base}-{number}"));
    // The rule for usernames may allow none of them.
    let mut tried = std::iter::once(base.clone()).chain(numbered).take(SUGGESTIONS_TRIED);
    tried.find(free).unwrap_or(base)
}
