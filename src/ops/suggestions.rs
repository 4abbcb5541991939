//! The users that match what someone types into a search.

use std::collections::HashSet;

use memchr::memmem::Finder;

use super::directory::is_in;
use super::reach::Reach;
use super::user_condition::{Asked, UserField};
use super::viewed::{View, ViewedAccount};
use super::viewed_user::ViewedUser;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::{Condition, RequestError, SearchTerm, UsernameKey};

/// Maximum users in a search while typing.
const SUGGESTIONS: usize = 10;

/// Searches users and rooms. A text that begins with `#` finds rooms, of which there are none; other texts find
/// users, with or without a leading `@`.
#[must_use]
pub(crate) fn spotlight(app: &App, actor: &Actor, text: &str) -> Vec<ViewedUser> {
    let text = text.trim();
    if text.starts_with('#') {
        return Vec::new();
    }
    let term = SearchTerm::parse(text.strip_prefix('@').unwrap_or(text));
    let found = autocomplete(app, actor, term.as_ref(), &[], &Condition::default());
    // A search without a condition cannot fail.
    found.unwrap_or_default()
}

/// Lists active users whose username, name or nickname contains the term and for whom the condition holds, at most
/// ten. Without a term, all users match. A viewer without `view-outside-room` finds only themselves.
///
/// # Errors
/// [`RequestError::PermissionRequired`] for a condition on a field that the viewer does not see.
pub(crate) fn autocomplete(
    app: &App,
    actor: &Actor,
    term: Option<&SearchTerm>,
    exceptions: &[UsernameKey],
    condition: &Condition<UserField>,
) -> Result<Vec<ViewedUser>, RequestError> {
    let view = View::of(app, actor);
    let asked = Asked::of(&view, condition)?;
    let exceptions: HashSet<_> = exceptions.iter().map(UsernameKey::as_str).collect();
    let reach = Reach::of_search(|permission| actor.may(permission));
    let term = Finder::new(term.map_or("", SearchTerm::as_str));
    let wanted = |account: &ViewedAccount| {
        view.finds(reach, account.id())
            && account.is_active()
            && is_in(
                &term,
                [Some(account.username()), Some(account.name()), Some(account.nickname())],
            )
            && !exceptions.contains(account.username())
            && asked.wants(*account)
    };
    let near = view.snapshot().users_near(&term, false);
    let found = near.map(|user| view.account(user)).filter(wanted).take(SUGGESTIONS);
    Ok(found.map(|found| found.of_view(&view)).collect())
}
