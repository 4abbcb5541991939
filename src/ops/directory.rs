//! Lists, searches and look-ups of users.

use std::cmp::Ordering;

use memchr::memmem::Finder;

use super::lockout;
use super::reach::Reach;
use super::user_condition::{Asked, UserField};
use super::users::UserIdentifier;
use super::viewed::{View, ViewedAccount};
use super::viewed_user::ViewedUser;
use crate::app::App;
use crate::auth::Actor;
use crate::domain::page::{Direction, Listing, Sort};
use crate::domain::user::Activity;
use crate::domain::{Condition, EmailKey, Page, Permission, RequestError, RoleId, SearchTerm, User};

/// The fields by which lists of users are sorted. `type` is the same for all.
pub(crate) const SORT_FIELDS: &[&str] = &[
    "_id",
    "username",
    "name",
    "nameInsensitive",
    "status",
    "active",
    "type",
    "lastLogin",
    "createdAt",
    "emails",
    "emails.address",
];

/// Maximum users in one response to a viewer who does not see all fields, whatever the requested count.
const MAX_PAGE: usize = 1_000;

/// The users that a caller asks for, and their order. A condition that is empty or `None` matches all.
#[derive(Debug, Default, Clone)]
pub(crate) struct UserFilter {
    /// Only active users, or only inactive ones.
    pub active: Option<bool>,
    /// Only inactive users with one of these reasons.
    pub activities: Vec<Activity>,
    /// Only users who have logged in before, or only users who never have.
    pub has_logged_in: Option<bool>,
    /// Only users with one of these roles.
    pub roles: Vec<RoleId>,
    /// `true` for only those users whose logins are blocked after failures.
    pub blocked: bool,
    /// Only the user with exactly this address.
    pub email: Option<EmailKey>,
    /// Only users with this text in the username, the name or, if the viewer may see it, the address.
    pub term: Option<SearchTerm>,
    /// Only users for whom this condition holds.
    pub condition: Condition<UserField>,
    /// The fields to sort by; empty means by username.
    pub sort: Sort,
}

impl UserFilter {
    /// Returns whether the filter uses a field that only viewers with all fields may see.
    fn asks_for_hidden(&self) -> bool {
        self.blocked
            || self.email.is_some()
            || self.has_logged_in.is_some()
            || !self.roles.is_empty()
            || !self.activities.is_empty()
    }

    fn is_for_all(&self) -> bool {
        self.active.is_none()
            && self.term.is_none()
            && self.condition == Condition::default()
            && !self.asks_for_hidden()
    }

    fn wants(&self, account: ViewedAccount) -> bool {
        self.active.is_none_or(|active| active == account.is_active())
            && (!self.asks_for_hidden() || account.full().is_some_and(|user| self.wants_full(user)))
    }

    fn wants_full(&self, user: &User) -> bool {
        let has_email = |wanted: &EmailKey| user.email.as_ref().is_some_and(|email| email.address.key() == *wanted);
        (self.activities.is_empty() || self.activities.contains(&user.activity))
            && self.has_logged_in.is_none_or(|has| has == user.last_login.is_some())
            && (self.roles.is_empty() || self.roles.iter().any(|role| user.roles.contains(role)))
            && self.email.as_ref().is_none_or(has_email)
    }
}

/// Lists users, active or not. Some viewers only find themselves; see [`Reach::of_lists`].
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-d-room`, or for a filter by a field that the viewer does not see
/// (address, roles, logins, the reason of an inactive account) without `view-full-other-user-info`.
pub(crate) fn list(
    app: &App,
    actor: &Actor,
    filter: &UserFilter,
    page: Page,
) -> Result<Listing<ViewedUser>, RequestError> {
    let reach = Reach::of_lists(app, |permission| actor.may(permission));
    find(app, actor, filter, page, reach)
}

/// Lists active users for a directory. A viewer without `view-outside-room` finds only themselves.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `view-d-room`.
pub(crate) fn browse(
    app: &App,
    actor: &Actor,
    term: Option<SearchTerm>,
    sort: Sort,
    page: Page,
) -> Result<Listing<ViewedUser>, RequestError> {
    let filter = UserFilter {
        active: Some(true),
        term,
        sort,
        ..UserFilter::default()
    };
    let reach = Reach::of_search(|permission| actor.may(permission));
    find(app, actor, &filter, page, reach)
}

/// The numbers of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The number of all accounts.
    pub all: usize,
    /// The number of accounts that may log in.
    pub active: usize,
}

/// Counts the accounts. Returns `None` if the lists of the actor do not contain all users.
#[must_use]
pub(crate) fn counts(app: &App, actor: &Actor) -> Option<Counts> {
    let reach = Reach::of_lists(app, |permission| actor.may(permission));
    let snapshot = app.store.read();
    let counts = || Counts {
        all: snapshot.user_count(),
        active: snapshot.searchable_users().filter(|user| user.is_active()).count(),
    };
    (reach == Reach::Everyone && actor.may(Permission::ViewDRoom)).then(counts)
}

fn find(
    app: &App,
    actor: &Actor,
    filter: &UserFilter,
    page: Page,
    reach: Reach,
) -> Result<Listing<ViewedUser>, RequestError> {
    let view = View::of(app, actor);
    if !actor.may(Permission::ViewDRoom) || (filter.asks_for_hidden() && !view.sees_all_accounts()) {
        return Err(RequestError::PermissionRequired);
    }
    let asked = Asked::of(&view, &filter.condition)?;
    let count = if view.sees_all_accounts() {
        page.count
    } else {
        page.count.min(MAX_PAGE)
    };
    let page = Page { count, ..page };
    let (snapshot, total) = (view.snapshot(), view.snapshot().user_count());
    let account = |user| view.account(user);
    let blocked = filter.blocked.then(|| lockout::blocked(app, actor));
    let is_blocked = |account: ViewedAccount| {
        let Some(blocked) = &blocked else {
            return true;
        };
        account.full().is_some_and(|user| blocked.contains_key(&user.id))
    };
    let is_for_all = filter.is_for_all() && reach == Reach::Everyone;
    let found = match (is_for_all, &filter.sort[..]) {
        (true, [] | [("username", Direction::Ascending)]) => {
            Listing::part(total, snapshot.searchable_users().map(account), page)
        }
        (true, [("username", Direction::Descending)]) => {
            Listing::part(total, snapshot.searchable_users().rev().map(account), page)
        }
        (_, sort) => {
            let order: Vec<_> = sort.iter().map(|(field, way)| (Field::of(field), *way)).collect();
            let compare = |a: &ViewedAccount, b: &ViewedAccount| compare(&order, *a, *b);
            let wanted = |account: &ViewedAccount| {
                view.finds(reach, account.id())
                    && filter.wants(*account)
                    && is_blocked(*account)
                    && asked.wants(*account)
            };
            match filter.term.as_ref().map(|term| Finder::new(term.as_str())) {
                Some(term) => {
                    let near = snapshot.users_near(&term, true).map(account);
                    Listing::sorted(
                        near.filter(|near| has_term(*near, &term) && wanted(near)),
                        page,
                        compare,
                    )
                }
                None => Listing::sorted(snapshot.searchable_users().map(account).filter(wanted), page, compare),
            }
        }
    };
    Ok(found.map(|found| found.of_view(&view)))
}

/// Returns whether the username, the name or the address of an account contains a text.
fn has_term(account: ViewedAccount, term: &Finder) -> bool {
    is_in(term, [Some(account.username()), Some(account.name()), account.email()])
}

pub(super) fn is_in<const TEXTS: usize>(term: &Finder, texts: [Option<&str>; TEXTS]) -> bool {
    texts
        .into_iter()
        .flatten()
        .any(|text| term.find(text.as_bytes()).is_some())
}

/// A field by which accounts are sorted.
#[derive(Clone, Copy)]
enum Field {
    Id,
    Username,
    Name,
    Active,
    LastLogin,
    CreatedAt,
    Email,
    /// A field with the same value for all users.
    Same,
}

impl Field {
    fn of(name: &str) -> Self {
        match name {
            "_id" => Self::Id,
            "username" => Self::Username,
            "name" | "nameInsensitive" => Self::Name,
            "status" | "active" => Self::Active,
            "lastLogin" => Self::LastLogin,
            "createdAt" => Self::CreatedAt,
            "emails.address" | "emails" => Self::Email,
            _ => Self::Same,
        }
    }

    fn compare(self, a: ViewedAccount, b: ViewedAccount) -> Ordering {
        match self {
            Self::Id => a.id().cmp(b.id()),
            Self::Username => a.username().cmp(b.username()),
            Self::Name => a.name().cmp(b.name()),
            Self::Active => a.is_active().cmp(&b.is_active()),
            Self::LastLogin => a.last_login().cmp(&b.last_login()),
            Self::CreatedAt => a.created_at().cmp(&b.created_at()),
            Self::Email => a.email().cmp(&b.email()),
            Self::Same => Ordering::Equal,
        }
    }
}

/// Compares by all fields in order. A hidden field is `None` for all accounts and so does not affect the order.
fn compare(order: &[(Field, Direction)], a: ViewedAccount, b: ViewedAccount) -> Ordering {
    order.iter().fold(Ordering::Equal, |so_far, (field, direction)| {
        so_far.then_with(|| direction.of(field.compare(a, b)))
    })
}

/// Returns one user as the actor sees them.
///
/// # Errors
/// [`RequestError::UserInfoNotFound`] if there is no such user, and for another user's address if the actor may not see
/// addresses.
pub(crate) fn info(app: &App, actor: &Actor, who: &UserIdentifier) -> Result<ViewedUser, RequestError> {
    let view = View::of(app, actor);
    let found = who.find(view.snapshot());
    let found = match who {
        UserIdentifier::Email(_) => found.filter(|user| view.sees_all_of(&user.id)),
        UserIdentifier::Username(_) | UserIdentifier::Id(_) => found,
    };
    found.map(|user| view.user(user)).ok_or(RequestError::UserInfoNotFound)
}
