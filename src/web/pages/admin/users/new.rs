//! The form for a new account.

use askama::Template;

use super::about::AccountForm;
use super::password::AccountPassword;
use super::roles::{self, RoleLine};
use super::viewed_account::{permit, said};
use crate::auth::{Caller, WantedPassword};
use crate::domain::user::Activity;
use crate::domain::{Permission, Profile, RequestError, RoleId, SettingId, StatusText, profile};
use crate::ops::calls::CallRate;
use crate::ops::users::{self, NewUser, parse_email, parse_name, parse_username};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::admin::frame;
use crate::web::pages::forms::Wrong;
use crate::web::pages::profile::fields;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The value of the form if the user gets a link instead of a password.
const BY_LINK: &str = "link";

#[derive(Template)]
#[template(path = "admin/users/new.html")]
struct NewPage {
    f: Frame,
    about: AccountForm,
    /// The roles that the caller can choose; empty if the caller may not assign roles.
    lines: Vec<RoleLine>,
    roles_problem: Sentence,
    /// `true` if the caller may create reset links.
    offers_link: bool,
    by_link: bool,
    password: AccountPassword,
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    let caller = permit(&visit, &[Permission::CreateUser])?;
    page(&visit, caller, None)
}

/// Returns whether the caller may create reset links on this server.
fn offers_link(visit: &Visit, caller: &Caller) -> bool {
    caller.may(Permission::EditOtherUserPassword) && visit.app.settings().flag(SettingId::AllowPasswordReset)
}

/// Returns the roles of a new user for whom no roles are chosen.
fn default_roles(visit: &Visit) -> Vec<RoleId> {
    let ids = visit.app.settings().list(SettingId::DefaultRoles);
    ids.iter().map(|id| RoleId::new(id)).collect()
}

fn page(visit: &Visit, caller: &Caller, wrong: Option<&Wrong>) -> PageOutcome {
    let offers_link = offers_link(visit, caller);
    let mut about = AccountForm::of(visit, None, wrong);
    let role_error = wrong.map(|wrong| wrong.with("role")).unwrap_or_default();
    // The page shows this error below the roles, if it shows roles.
    let may_assign = caller.may(Permission::AssignRoles);
    if may_assign && !role_error.is_empty() {
        about.problem = Sentence::default();
    }
    let mut password = AccountPassword::of(visit, wrong);
    password.problem = Sentence::default();
    // The field is hidden while the link is chosen.
    password.field.required = !offers_link;
    let mut f = frame(visit, Section::Users);
    f.title = format!("{} · {}", visit.words.t("user-new"), visit.words.t("admin-users"));
    let page = NewPage {
        f,
        about,
        lines: if may_assign {
            roles::lines(visit, &default_roles(visit), wrong.is_some())?
        } else {
            Vec::new()
        },
        roles_problem: role_error,
        by_link: offers_link && wrong.is_none_or(|_| visit.form.text("how") == BY_LINK),
        offers_link,
        password,
    };
    reply::form(visit, wrong.is_some(), &page)
}

/// Returns the account that the form describes.
fn wanted(visit: &Visit, by_link: bool) -> Result<NewUser, RequestError> {
    let form = &visit.form;
    let custom_fields = fields::changes(visit, None)?;
    Ok(NewUser {
        name: Some(parse_name(form.text("name"))?),
        username: parse_username(form.text("username").trim())?,
        email: form.given("email").map(parse_email).transpose()?,
        verified: form.has("verified"),
        password: Some(if by_link {
            WantedPassword::Random
        } else {
            WantedPassword::chosen(form.text("password"))
        }),
        require_password_change: (!by_link && form.has("must-change")).then(String::new),
        roles: form.all("role").map(RoleId::new).collect(),
        activity: Activity::Active,
        profile: Profile {
            bio: profile::bio(&form.block("bio"))?,
            nickname: profile::nickname(form.text("nickname"))?,
            ..Profile::default()
        },
        // The form has the custom fields, so that the operation checks the required ones.
        custom_fields: Some(custom_fields.unwrap_or_default()),
        status_text: StatusText::EMPTY,
    })
}

pub(super) async fn send(visit: Visit) -> PageOutcome {
    let by_link = visit.form.text("how") == BY_LINK;
    let needed: &[Permission] = if by_link {
        &[Permission::CreateUser, Permission::EditOtherUserPassword]
    } else {
        &[Permission::CreateUser]
    };
    let caller = permit(&visit, needed)?;
    visit.count("POST users.create", CallRate::Default)?;
    let created = async { users::create(&visit.app, &visit.actor()?, wanted(&visit, by_link)?).await };
    match created.await {
        Ok(user) => {
            let path = format!("{}/{}", Section::Users.path(), user.id);
            // The creation of the link needs its own proof.
            let path = if by_link { format!("{path}/reset-link") } else { path };
            reply::redirect_with(&visit, &path, Note::UserCreated)
        }
        Err(error) => page(&visit, caller, Some(&said(visit.words, error)?)),
    }
}
