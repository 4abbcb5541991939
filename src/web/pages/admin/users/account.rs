//! The page of one account.

use askama::Template;

use super::about::AccountForm;
use super::act::{Act, Entry};
use super::password::AccountPassword;
use super::roles::RoleLine;
use super::viewed_account::{Account, permit, said};
use super::{about, list, password, roles};
use crate::auth::Caller;
use crate::domain::Permission;
use crate::ops::calls::CallRate;
use crate::ops::profile::update;
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::admin::frame;
use crate::web::pages::confirm;
use crate::web::pages::forms::Wrong;
use crate::web::people::Face;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// A form of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountPart {
    About,
    Roles,
    Password,
}

impl AccountPart {
    /// Returns the permissions that the form needs.
    const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::About => &[Permission::EditOtherUserInfo],
            Self::Roles => &[Permission::EditOtherUserInfo, Permission::AssignRoles],
            Self::Password => &[Permission::EditOtherUserInfo, Permission::EditOtherUserPassword],
        }
    }

    /// Returns the message after the form was saved.
    const fn note(self) -> Note {
        match self {
            Self::About | Self::Roles => Note::UserSaved,
            Self::Password => Note::UserPasswordSet,
        }
    }
}

/// The form that was sent and its errors; `None` if no form was sent.
#[derive(Default)]
pub(super) struct ShownAccount(Option<(AccountPart, Wrong)>);

impl ShownAccount {
    /// Returns the errors of a form.
    pub(super) fn of(&self, part: AccountPart) -> Option<&Wrong> {
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
    about: Option<AccountForm>,
    roles: Option<Vec<RoleLine>>,
    roles_problem: Sentence,
    password: Option<AccountPassword>,
}

fn may(caller: &Caller, part: AccountPart) -> bool {
    part.permissions().iter().all(|permission| caller.may(*permission))
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    let caller = Section::Users.admit(&visit)?;
    page(&visit, caller, &Account::of(&visit)?, &ShownAccount::default())
}

/// Answers a form of the page: the account is changed, or the page says why not.
pub(super) async fn send(visit: Visit, part: AccountPart) -> PageOutcome {
    let caller = permit(&visit, part.permissions())?;
    let account = Account::of(&visit)?;
    visit.count("POST users.update", CallRate::Default)?;
    let changed = async {
        let edit = match part {
            AccountPart::About => about::edit(&visit, account.whole()?)?,
            AccountPart::Roles => roles::edit(&visit.form, account.whole()?),
            AccountPart::Password => password::edit(&visit.form),
        };
        update(&visit.app, caller, &account.viewed.id(), edit, confirm::proof(&visit)).await
    };
    match changed.await {
        Ok(_) => reply::redirect_with(&visit, &account.path(), part.note()),
        Err(error) => {
            let shown = ShownAccount(Some((part, said(visit.words, error)?)));
            page(&visit, caller, &Account::of(&visit)?, &shown)
        }
    }
}

fn page(visit: &Visit, caller: &Caller, account: &Account, shown: &ShownAccount) -> PageOutcome {
    let (words, reader, viewed) = (visit.words, visit.reader(), &account.viewed);
    let full = account.full();
    let (state, is_active) = account.state(words);
    let part = |part: AccountPart| full.filter(|_| may(caller, part));
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
        entries: Act::entries(visit, caller, account, Act::ALL),
        shows_sessions: caller.may(Permission::LogoutOtherUser),
        about: part(AccountPart::About).map(|user| AccountForm::of(visit, Some(user), shown.of(AccountPart::About))),
        roles: part(AccountPart::Roles)
            .map(|user| roles::lines(visit, &user.roles, shown.of(AccountPart::Roles).is_some()))
            .transpose()?,
        roles_problem: shown
            .of(AccountPart::Roles)
            .map(|wrong| wrong.rest(&[]))
            .unwrap_or_default(),
        password: part(AccountPart::Password)
            .filter(|_| !viewed.is_own())
            .map(|_| AccountPassword::of(visit, shown.of(AccountPart::Password))),
    };
    reply::form(visit, shown.0.is_some(), &page)
}
