//! The list of the accounts. The address contains the search and the filter.

use std::collections::HashMap;

use askama::Template;

use super::act::{Act, Entry};
use super::viewed_account::Account;
use crate::auth::Caller;
use crate::domain::page::{Direction, Listing};
use crate::domain::user_status::{SeenAt, SeenWithin};
use crate::domain::{Permission, RoleId, SearchTerm, Timestamp, UserId};
use crate::ops::directory::{self, Counts, UserFilter};
use crate::ops::viewed_user::ViewedUser;
use crate::ops::{lockout, permissions};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::moments::Reader;
use crate::web::pages::admin::frame;
use crate::web::pages::pager::{self, Pager};
use crate::web::people::Face;
use crate::web::query;
use crate::web::reply::{self, PageOutcome};
use crate::web::visit::Visit;
use crate::web::words::Words;

/// The actions in the menu of a row. The page of the account has all actions.
const IN_MENU: [Act; 6] = [
    Act::Unlock,
    Act::ResetLink,
    Act::SignOut,
    Act::TwoStepOff,
    Act::Activate,
    Act::Deactivate,
];

/// The filter of the list.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
enum Is {
    #[default]
    #[strum(serialize = "")]
    All,
    Active,
    Locked,
    Off,
}

impl Is {
    const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the name of the filter in the address; empty for all accounts.
    fn name(self) -> &'static str {
        self.into()
    }

    const fn key(self) -> &'static str {
        match self {
            Self::All => "users-all",
            Self::Active => "users-active",
            Self::Locked => "users-locked",
            Self::Off => "users-off",
        }
    }
}

/// The search, the filter and the page number from the address.
struct Asked {
    search: String,
    is: Is,
    number: usize,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        Self {
            search: visit.query.text("q").trim().to_owned(),
            is: visit.query.text("is").parse().unwrap_or_default(),
            number: pager::number(visit),
        }
    }

    /// Returns the path of the same search with another filter or page.
    fn path(&self, is: Is, number: usize) -> String {
        let page = query::page(number);
        let parts = [
            ("q", query::filled(&self.search)),
            ("is", query::filled(is.name())),
            ("page", page.as_deref()),
        ];
        query::path(Section::Users.path(), &query::encoded(parts))
    }

    fn filter(&self) -> UserFilter {
        UserFilter {
            active: match self.is {
                Is::All | Is::Locked => None,
                Is::Active => Some(true),
                Is::Off => Some(false),
            },
            blocked: self.is == Is::Locked,
            term: SearchTerm::parse(&self.search),
            sort: vec![("name", Direction::Ascending)],
            ..UserFilter::default()
        }
    }
}

/// A filter as a link.
struct Link {
    path: String,
    words: String,
    /// The number of accounts; `None` if the link shows no number.
    count: Option<usize>,
    chosen: bool,
}

/// An account in the list.
struct Row {
    path: String,
    name: String,
    username: String,
    face: Face,
    /// The parts that only a reader with access to all fields sees.
    full: Option<Full>,
    state: String,
    is_active: bool,
    /// A text about the end of the block after failed logins.
    blocked: Option<String>,
    seen: String,
    entries: Vec<Entry>,
}

impl Row {
    fn has_two_step(&self) -> bool {
        self.full.as_ref().is_some_and(|full| full.two_step)
    }
}

struct Full {
    email: String,
    roles: Vec<RoleName>,
    two_step: bool,
}

struct RoleName {
    name: String,
    is_admin: bool,
}

#[derive(Template)]
#[template(path = "admin/users/list.html")]
struct ListPage {
    f: Frame,
    lead: String,
    may_invite: bool,
    may_create: bool,
    search: String,
    /// The name of the filter, which a new search sends again.
    is: &'static str,
    links: Vec<Link>,
    sees_all: bool,
    rows: Vec<Row>,
    pager: Pager,
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    let caller = Section::Users.admit(&visit)?;
    let (actor, asked) = (visit.actor()?, Asked::of(&visit));
    let found = directory::list(&visit.app, &actor, &asked.filter(), pager::part(asked.number))?;
    if found.items.is_empty() && asked.number > 1 {
        return reply::redirect(&visit, &asked.path(asked.is, pager::last(found.total)));
    }
    let blocked = lockout::blocked(&visit.app, &actor);
    let counts = directory::counts(&visit.app, &actor);
    let sees_all = caller.may(Permission::ViewFullOtherUserInfo);
    let page = ListPage {
        f: frame(&visit, Section::Users),
        lead: counts.map(|counts| lead(visit.words, counts)).unwrap_or_default(),
        may_invite: caller.may(Section::Invitations.permission()),
        may_create: caller.may(Permission::CreateUser),
        is: asked.is.name(),
        links: links(&visit, &asked, counts, sees_all.then_some(blocked.len())),
        sees_all,
        pager: Pager::of(&visit, &found, |number| {
            format!("{}{}", visit.base, asked.path(asked.is, number))
        }),
        rows: rows(&visit, caller, found, &blocked),
        search: asked.search,
    };
    reply::page(&visit, &page)
}

fn lead(words: Words, counts: Counts) -> String {
    words.say(
        "users-lead",
        &[("all", counts.all.into()), ("active", counts.active.into())],
    )
}

/// Returns the filters. Leaves out the filter for blocked accounts if `blocked` is `None`.
fn links(visit: &Visit, asked: &Asked, counts: Option<Counts>, blocked: Option<usize>) -> Vec<Link> {
    let wanted = |is: &Is| *is != Is::Locked || blocked.is_some();
    let link = |is: Is| Link {
        path: asked.path(is, 1),
        words: visit.words.t(is.key()).into_owned(),
        count: counts.and_then(|counts| match is {
            Is::All | Is::Active => None,
            Is::Locked => blocked,
            Is::Off => Some(counts.all - counts.active),
        }),
        chosen: asked.is == is,
    };
    Is::ALL.iter().copied().filter(wanted).map(link).collect()
}

fn rows(visit: &Visit, caller: &Caller, found: Listing<ViewedUser>, blocked: &HashMap<UserId, Timestamp>) -> Vec<Row> {
    let access = permissions::access(&visit.app);
    let (words, reader) = (visit.words, visit.reader());
    let role_name = |id: &RoleId| RoleName {
        name: access
            .role(id.as_str())
            .map_or_else(|| id.to_string(), |role| role.name.to_string()),
        is_admin: id.is_admin(),
    };
    let row = |viewed: ViewedUser| {
        let blocked_until = blocked.get(&viewed.id()).copied();
        let account = Account { viewed, blocked_until };
        let full = account.full().map(|user| Full {
            email: user
                .email
                .as_ref()
                .map(|email| email.address.to_string())
                .unwrap_or_default(),
            roles: user.roles.iter().map(role_name).collect(),
            two_step: user.two_factor.secret.is_some(),
        });
        let (state, is_active) = account.state(words);
        Row {
            path: account.path(),
            name: account.viewed.name().to_string(),
            username: account.viewed.username().to_string(),
            face: Face::of_viewed(&account.viewed, &visit.base),
            full,
            state,
            is_active,
            blocked: blocked_until.map(|end| words.say("until", &[("moment", reader.near(end).into())])),
            seen: seen(words, &reader, &account.viewed),
            entries: Act::entries(visit, caller, &account, &IN_MENU),
        }
    };
    found.items.into_iter().map(row).collect()
}

/// Returns in words when the user was last seen, as exactly as the reader may know it.
pub(super) fn seen(words: Words, reader: &Reader, user: &ViewedUser) -> String {
    let text = match user.last_seen() {
        None => return String::new(),
        Some(SeenAt::Exactly(moment)) => return reader.near(moment),
        Some(SeenAt::Coarsely(SeenWithin::Today)) => words.t("users-seen-today"),
        Some(SeenAt::Coarsely(SeenWithin::ThisWeek)) => words.t("users-seen-this-week"),
        Some(SeenAt::Coarsely(SeenWithin::Before)) => words.t("users-seen-before"),
    };
    text.into_owned()
}
