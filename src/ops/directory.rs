//! Looking users up.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::App;
use crate::auth::Actor;
use crate::domain::page::{Listing, Sort};
use crate::domain::user::Activity;
use crate::domain::{Fault, Page, Permission, RoleId, SettingId, User, UserId, Username};

/// Most users that a search while typing shows.
const SUGGESTIONS: usize = 10;

/// Which users are asked for.
#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// Only who may log in, or only who may not.
    pub active: Option<bool>,
    /// Only who may not log in for one of these reasons.
    pub activities: Vec<Activity>,
    /// Only who has logged in before, or only who has not.
    pub has_logged_in: Option<bool>,
    /// Only who has one of these roles.
    pub roles: Vec<RoleId>,
    /// Only with exactly this address, whatever its case.
    pub email: Option<String>,
    /// Only with this in the username, the name, or (for who may see it) the address.
    pub term: Option<String>,
    /// By which fields; none is by username.
    pub sort: Sort,
}

/// Lists users, active or not.
///
/// # Errors
/// [`Fault::PermissionRequired`] without `view-d-room`, or for a search by address without
/// `view-full-other-user-info`.
pub fn list(app: &App, actor: &Actor, filter: &Filter, page: Page) -> Result<Listing<Arc<User>>, Fault> {
    if !actor.may(Permission::VIEW_D_ROOM) {
        return Err(Fault::PermissionRequired);
    }
    let full = actor.may(Permission::VIEW_FULL_OTHER_USER_INFO);
    if filter.email.is_some() && !full {
        return Err(Fault::PermissionRequired);
    }
    let snapshot = app.store.read();
    let term = filter.term.as_deref().map(str::to_lowercase);
    let wanted = |user: &&Arc<User>| {
        filter.active.is_none_or(|active| active == user.is_active())
            && (filter.activities.is_empty() || filter.activities.contains(&user.activity))
            && filter.has_logged_in.is_none_or(|has| has == user.last_login.is_some())
            && (filter.roles.is_empty() || filter.roles.iter().any(|role| user.roles.contains(role)))
            && filter.email.as_ref().is_none_or(|email| has_address(user, email))
            && term.as_ref().is_none_or(|term| matches(user, term, full))
    };
    let mut found: Vec<_> = snapshot.users().filter(wanted).cloned().collect();
    for (field, direction) in filter.sort.iter().rev() {
        found.sort_by(|a, b| direction.of(compare(field, a, b, full)));
    }
    Ok(Listing::of(found.into_iter(), page))
}

fn has_address(user: &User, address: &str) -> bool {
    let folded = crate::domain::email::fold(address);
    user.email
        .as_ref()
        .is_some_and(|email| email.address.folded() == folded)
}

fn matches(user: &User, term: &str, full: bool) -> bool {
    let name = || {
        user.name
            .as_ref()
            .is_some_and(|name| name.as_str().to_lowercase().contains(term))
    };
    let email = || {
        user.email
            .as_ref()
            .is_some_and(|email| email.address.folded().contains(term))
    };
    user.username.folded().contains(term) || name() || (full && email())
}

/// Orders by a field; one that users lack, or that the viewer may not see, orders nothing.
fn compare(field: &str, a: &User, b: &User, full: bool) -> Ordering {
    let name = |user: &User| user.name.as_ref().map(|name| name.as_str().to_lowercase());
    match field {
        "_id" => a.id.cmp(&b.id),
        "username" => a.username.folded().cmp(&b.username.folded()),
        "name" | "nameInsensitive" => name(a).cmp(&name(b)),
        "status" | "active" => a.is_active().cmp(&b.is_active()),
        "lastLogin" if full => a.last_login.cmp(&b.last_login),
        "createdAt" if full => a.created_at.cmp(&b.created_at),
        "emails.address" | "emails" if full => {
            let address = |user: &User| user.email.as_ref().map(|email| email.address.folded());
            address(a).cmp(&address(b))
        }
        _ => Ordering::Equal,
    }
}

/// How somebody names one user.
#[derive(Debug, Clone)]
pub enum Who {
    /// By id.
    Id(UserId),
    /// By username, in any case.
    Username(String),
    /// By address, in any case.
    Email(String),
}

/// Looks a user up.
///
/// # Errors
/// [`Fault::UserInfoNotFound`] when there is none, also for who may not see addresses and names
/// another's.
pub fn info(app: &App, actor: &Actor, who: &Who) -> Result<Arc<User>, Fault> {
    let snapshot = app.store.read();
    let found = match who {
        Who::Id(id) => snapshot.user(id),
        Who::Username(name) => snapshot.user_named(name),
        Who::Email(address) => snapshot
            .user_at(address)
            .filter(|user| super::user_view::sees_all(actor, &user.id)),
    };
    found.cloned().ok_or(Fault::UserInfoNotFound)
}

/// Users whose username, name or nickname has this in it, at most ten.
#[must_use]
pub fn autocomplete(app: &App, term: &str, exceptions: &[String]) -> Vec<Arc<User>> {
    let snapshot = app.store.read();
    let term = term.to_lowercase();
    let wanted = |user: &&Arc<User>| {
        let nickname = || user.profile.nickname.to_lowercase().contains(&term);
        user.is_active()
            && (matches(user, &term, false) || nickname())
            && !exceptions
                .iter()
                .any(|name| name.eq_ignore_ascii_case(user.username.as_str()))
    };
    snapshot.users().filter(wanted).take(SUGGESTIONS).cloned().collect()
}

/// Whether a user could take a username: their own always.
///
/// # Errors
/// [`Fault::NotAllowed`] where usernames can't be changed, [`Fault::UsernameBlocked`].
pub fn is_available(app: &App, own: &User, text: &str) -> Result<bool, Fault> {
    if !app.settings().flag(SettingId::AllowUsernameChange) {
        return Err(Fault::NotAllowed {
            words: "Not allowed",
            method: "checkUsernameAvailability",
        });
    }
    let Ok(name) = Username::parse(text.trim()) else {
        return Ok(false);
    };
    if name.folded() == own.username.folded() {
        return Ok(true);
    }
    super::users::refuse_blocked(app, &name)?;
    Ok(app.store.read().user_named(name.as_str()).is_none())
}

/// A free username made of a user's name: `first.last`, with a number behind it where that is taken.
#[must_use]
pub fn suggest_username(app: &App, user: &User) -> String {
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
        let other = snapshot.user_named(name).is_some_and(|other| other.id != user.id);
        !other && Username::parse(name).is_ok_and(|name| super::users::refuse_blocked(app, &name).is_ok())
    };
    let numbered = (1..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(numbered).find(free).unwrap_or(base)
}
