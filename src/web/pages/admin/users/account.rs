//! The page of one account.

use askama::Template;

use super::about::About;
use super::act::{Act, Entry};
use super::password::Password;
use super::roles::RoleLine;
use super::{Account, frame, list, roles, said};
use crate::auth::Caller;
use crate::domain::{Fault, Permission};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::pages::forms::Wrong;
use crate::web::people::Face;
use crate::web::reply::{self, Outcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// A form of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    About,
    Roles,
    Password,
}

/// The form that was sent and its errors; `None` if no form was sent.
#[derive(Default)]
pub(super) struct Shown(Option<(Part, Wrong)>);

impl Shown {
    /// Returns the errors of a form.
    pub fn of(&self, part: Part) -> Option<&Wrong> {
        self.0
            .as_ref()
            .filter(|(sent, _)| *sent == part)
            .map(|(_, wrong)| wrong)
    }
}

#[derive(Template)]
#[template(path = "admin/users/account.html")]
#[allow(clippy::struct_excessive_bools)] // The fields are switches of a template.
struct AccountPage {
    f: Frame,
    path: String,
    name: String,
    username: String,
    face: Face,
    /// Texts that say when the account was created and used.
    facts: Vec<String>,
    state: String,
    is_active: bool,
    is_own: bool,
    blocked: Option<String>,
    has_two_step: bool,
    must_change: bool,
    entries: Vec<Entry>,
    shows_sessions: bool,
    about: Option<About>,
    roles: Option<Vec<RoleLine>>,
    roles_problem: Sentence,
    password: Option<Password>,
}

/// Returns the permissions that the form of a part needs.
pub(super) const fn permissions(part: Part) -> &'static [Permission] {
    match part {
        Part::About => &[Permission::EDIT_OTHER_USER_INFO],
        Part::Roles => &[Permission::EDIT_OTHER_USER_INFO, Permission::ASSIGN_ROLES],
        Part::Password => &[Permission::EDIT_OTHER_USER_INFO, Permission::EDIT_OTHER_USER_PASSWORD],
    }
}

fn may(caller: &Caller, part: Part) -> bool {
    permissions(part).iter().all(|permission| caller.may(*permission))
}

pub(super) async fn show(visit: Visit) -> Outcome {
    let caller = Section::Users.admit(&visit)?;
    page(&visit, caller, &Account::of(&visit)?, &Shown::default())
}

/// Answers with the page again and the reason why the form was refused.
pub(super) fn refused(visit: &Visit, part: Part, fault: Fault) -> Outcome {
    let wrong = said(visit.words, fault)?;
    let shown = Shown(Some((part, wrong)));
    page(visit, visit.caller()?, &Account::of(visit)?, &shown)
}

fn page(visit: &Visit, caller: &Caller, account: &Account, shown: &Shown) -> Outcome {
    let (words, reader, viewed) = (visit.words, visit.reader(), &account.viewed);
    let full = account.full();
    let (state, is_active) = account.state(words);
    let part = |part: Part| full.filter(|_| may(caller, part));
    let mut facts = Vec::new();
    if let Some(user) = full {
        let created = reader.near(user.created_at);
        facts.push(words.say("user-created", &[("moment", created.into())]));
    }
    let seen = list::seen(words, &reader, viewed);
    if !seen.is_empty() {
        facts.push(words.say("user-seen", &[("moment", seen.into())]));
    }
    let until = |end| words.say("until", &[("moment", reader.near(end).into())]);
    let name = viewed.name().to_string();
    let mut f = frame(visit, Section::Users);
    f.title = format!("{name} · {}", words.t("admin-users"));
    let page = AccountPage {
        f,
        path: account.path(),
        name,
        username: viewed.username().to_string(),
        face: Face::of_viewed(viewed, &visit.base),
        facts,
        state,
        is_active,
        is_own: viewed.is_own(),
        blocked: account.blocked_until.map(until),
        has_two_step: account.has_two_step() == Some(true),
        must_change: full.is_some_and(|user| user.require_password_change.is_some()),
        entries: Act::entries(visit, caller, account, &Act::ALL),
        shows_sessions: caller.may(Permission::LOGOUT_OTHER_USER),
        about: part(Part::About).map(|user| About::of(visit, Some(user), shown.of(Part::About))),
        roles: part(Part::Roles)
            .map(|user| roles::lines(visit, &user.roles, shown.of(Part::Roles).is_some()))
            .transpose()?,
        roles_problem: shown.of(Part::Roles).map(|wrong| wrong.rest(&[])).unwrap_or_default(),
        password: part(Part::Password)
            .filter(|_| !viewed.is_own())
            .map(|_| Password::of(visit, shown.of(Part::Password))),
    };
    reply::form(visit, shown.0.is_some(), &page)
}
