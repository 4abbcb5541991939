//! The page of one role: its name and description, the people who have it, and its deletion.

use std::sync::Arc;

use askama::Template;

use super::super::question::{self, Question};
use super::matrix::people;
use super::{Section, frame};
use crate::domain::role::ROLE_CHARACTERS;
use crate::domain::{RequestError, Role, RoleId, RoleScope};
use crate::ops::calls::CallRate;
use crate::ops::role_holders;
use crate::ops::roles::{self, RoleDraft};
use crate::ops::two_factor;
use crate::ops::viewed_user::ViewedUser;
use crate::web::form::FormFields;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::confirm;
use crate::web::pages::forms::Wrong;
use crate::web::pages::pager::{self, Pager};
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::{Words, isolated};

/// A user who has the role.
struct Holder {
    id: String,
    name: String,
    username: String,
}

/// The people who have a role.
struct Holders {
    count: String,
    lines: Vec<Holder>,
    pager: Option<Pager>,
}

#[derive(Template)]
#[template(path = "admin/roles/role.html")]
struct RolePage {
    f: Frame,
    heading: String,
    action: String,
    submit: String,
    /// The id of the role, for its deletion; empty for a new role.
    id: String,
    /// `true` if the role is built in. The page of a built-in role has no form.
    is_built_in: bool,
    description: String,
    fields: [Field; 2],
    mandatory_two_factor: bool,
    /// The state of the box of an existing role when the page was made.
    had_two_factor: Option<bool>,
    problem: Sentence,
    holders: Option<Holders>,
}

/// The values of the form.
struct Values {
    name: String,
    description: String,
    mandatory_two_factor: bool,
}

impl Values {
    fn of_role(role: &Role) -> Self {
        Self {
            name: role.name.to_string(),
            description: role.description.clone(),
            mandatory_two_factor: role.mandatory_two_factor,
        }
    }

    fn of_form(visit: &Visit) -> Self {
        Self {
            name: visit.form.text("name").to_owned(),
            description: visit.form.text("description").to_owned(),
            mandatory_two_factor: visit.form.has("two-step"),
        }
    }

    /// Returns the values to store: those that the user changed on the page, and the stored ones otherwise.
    fn changed(form: &FormFields, role: &Role) -> Self {
        let now = Self::of_role(role);
        Self {
            name: form.changed("name", &now.name).unwrap_or(now.name),
            description: form.changed("description", &now.description).unwrap_or(now.description),
            mandatory_two_factor: form
                .switched("two-step", now.mandatory_two_factor)
                .unwrap_or(now.mandatory_two_factor),
        }
    }

    fn draft(&self, scope: RoleScope) -> Result<RoleDraft, RequestError> {
        RoleDraft::parse(&self.name, &self.description, scope, self.mandatory_two_factor)
    }
}

/// Answers with the page. The status is 422 if the form was wrong.
fn page(visit: &Visit, role: Option<&Role>, values: &Values, wrong: &Wrong) -> PageOutcome {
    let words = visit.words;
    let name = Field::line("name", words.t("role-name"), "off").most(ROLE_CHARACTERS);
    let description = Field::line("description", words.t("role-description"), "off").most(ROLE_CHARACTERS);
    let stored = role.map(Values::of_role);
    let shown = |field: Field, now: fn(&Values) -> &str| Field {
        shown: stored
            .as_ref()
            .map(|stored| visit.form.shown(field.name).unwrap_or_else(|| now(stored).to_owned())),
        ..field
    };
    let fields = [
        shown(name, |values| &values.name)
            .with(&values.name)
            .wrong(wrong.with("name")),
        shown(description, |values| &values.description)
            .optional(words.t("optional"))
            .with(&values.description)
            .wrong(wrong.with("description")),
    ];
    let page = RolePage {
        f: frame(visit, Section::Roles),
        heading: role.map_or_else(|| words.t("role-new").into_owned(), |role| role.name.to_string()),
        action: format!("/admin/roles/{}", role.map_or("new", |role| role.id.as_str())),
        submit: words.t(if role.is_some() { "save" } else { "create" }).into_owned(),
        id: role.map(|role| role.id.to_string()).unwrap_or_default(),
        is_built_in: role.is_some_and(|role| role.protected),
        description: values.description.clone(),
        problem: wrong.rest(&fields),
        fields,
        mandatory_two_factor: values.mandatory_two_factor,
        had_two_factor: role.map(|role| visit.form.was_on("two-step", role.mandatory_two_factor)),
        holders: role.map(|role| holders(visit, role)).transpose()?,
    };
    reply::form(visit, !wrong.is_empty(), &page)
}

fn holders(visit: &Visit, role: &Role) -> Result<Holders, RequestError> {
    let asked = pager::part(pager::number(visit));
    let found = role_holders::list(&visit.app, &visit.actor()?, role.id.as_str(), asked)?;
    let holder = |user: &ViewedUser| Holder {
        id: user.id().to_string(),
        name: user.name().to_string(),
        username: user.username().to_string(),
    };
    let pager = Pager::of(visit, &found, |page| format!("?page={page}"));
    Ok(Holders {
        count: people(visit, found.total),
        lines: found.items.iter().map(holder).collect(),
        pager: (found.total > pager::PAGE_ITEMS).then_some(pager),
    })
}

/// Returns the role with this id.
///
/// # Errors
/// [`RequestError::EndpointNotFound`].
fn find(visit: &Visit, id: &str) -> Result<Arc<Role>, RequestError> {
    let found = roles::list(&visit.app).into_iter().find(|role| role.id.as_str() == id);
    found.ok_or(RequestError::EndpointNotFound)
}

pub(super) async fn show_new(visit: Visit) -> PageOutcome {
    Section::Roles.admit(&visit)?;
    let values = Values {
        name: String::new(),
        description: String::new(),
        mandatory_two_factor: false,
    };
    page(&visit, None, &values, &Wrong::default())
}

pub(super) async fn show(visit: Visit) -> PageOutcome {
    Section::Roles.admit(&visit)?;
    let role = find(&visit, &visit.parameter)?;
    page(&visit, Some(&role), &Values::of_role(&role), &Wrong::default())
}

pub(super) async fn create(visit: Visit) -> PageOutcome {
    let caller = Section::Roles.admit(&visit)?;
    visit.count("POST roles.create", CallRate::Default)?;
    let values = Values::of_form(&visit);
    let draft = match values.draft(RoleScope::Users) {
        Ok(draft) => draft,
        Err(error) => return page(&visit, None, &values, &wrong(visit.words, error)?),
    };
    two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match roles::create(&visit.app, &visit.actor()?, draft).await {
        Ok(_) => back(&visit, Note::RoleSaved),
        Err(error) => page(&visit, None, &values, &wrong(visit.words, error)?),
    }
}

pub(super) async fn save(visit: Visit) -> PageOutcome {
    let caller = Section::Roles.admit(&visit)?;
    visit.count("POST roles.update", CallRate::Default)?;
    let (role, values) = (find(&visit, &visit.parameter)?, Values::of_form(&visit));
    let draft = match Values::changed(&visit.form, &role).draft(role.scope) {
        Ok(draft) => draft,
        Err(error) => return page(&visit, Some(&role), &values, &wrong(visit.words, error)?),
    };
    two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
    match roles::update(&visit.app, &visit.actor()?, &role.id, draft).await {
        Ok(_) => back(&visit, Note::RoleSaved),
        Err(error) => page(&visit, Some(&role), &values, &wrong(visit.words, error)?),
    }
}

/// Returns the text of an error for the field that caused it.
///
/// # Errors
/// The error, if the form did not cause it.
fn wrong(words: Words, error: RequestError) -> Result<Wrong, RequestError> {
    let field = match &error {
        RequestError::RoleNameInvalid { .. } | RequestError::RoleNameTaken => "name",
        RequestError::InvalidParams { field: Some(field), .. } if field == "description" => "description",
        RequestError::RoleProtected | RequestError::BeyondAuthority { .. } => "",
        _ => return Err(error),
    };
    Ok(Wrong::at(field, Sentence::of_server(words, error.to_string())))
}

/// Redirects the browser to the matrix.
fn back(visit: &Visit, note: Note) -> PageOutcome {
    reply::redirect_with(visit, Section::Roles.path(), note)
}

/// Asks the user before a role is deleted.
pub(super) async fn ask(visit: Visit) -> PageOutcome {
    Section::Roles.admit(&visit)?;
    let role = find(&visit, visit.query.text("id"))?;
    question(&visit, &role, Sentence::default())
}

fn question(visit: &Visit, role: &Role, problem: Sentence) -> PageOutcome {
    let words = visit.words;
    let question = Question {
        title: words.say("delete-question", &[("name", isolated(role.name.as_str()).into())]),
        lead: words.t("role-delete-lead").into_owned(),
        action: format!("/admin/roles/delete?id={}", role.id),
        button: words.t("delete").into_owned(),
        is_risky: true,
        back: format!("/admin/roles/{}", role.id),
        problem,
    };
    question::ask(visit, Section::Roles, question)
}

pub(super) async fn delete(visit: Visit) -> PageOutcome {
    let caller = Section::Roles.admit(&visit)?;
    visit.count("POST roles.delete", CallRate::Default)?;
    two_factor::require(&visit.app, caller, confirm::proof(&visit)).await?;
    let id = RoleId::new(visit.query.text("id"));
    match roles::delete(&visit.app, &visit.actor()?, &id).await {
        // Another administrator may have deleted the role already. The user wants the same result.
        Ok(()) | Err(RequestError::RoleNotFound) => back(&visit, Note::RoleDeleted),
        Err(error @ (RequestError::RoleInUse | RequestError::RoleProtected | RequestError::BeyondAuthority { .. })) => {
            let role = find(&visit, id.as_str())?;
            question(&visit, &role, Sentence::of_server(visit.words, error.to_string()))
        }
        Err(error) => Err(error),
    }
}
