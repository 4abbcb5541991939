//! The form of a new account, for registration and for invitations.

use askama::Template;

use super::forms::{self, Form, Wrong};
use super::profile::fields::{self, FieldLine};
use crate::domain::full_name::full_name;
use crate::domain::{Profile, RequestError, SettingId};
use crate::ops::registration::Registration;
use crate::web::form_field::Field;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::visit::Visit;

/// The invitation with which a person registers, in words.
pub(super) struct InvitedForm {
    /// The name of the person who invites; empty if no person created the invitation.
    pub by: String,
    pub until: String,
}

#[derive(Template)]
#[template(path = "newcomer.html")]
struct Page {
    f: Frame,
    form: Form,
    invited: Option<InvitedForm>,
    lines: Vec<FieldLine>,
}

/// Returns the fields that every new account has.
pub(super) fn fields(visit: &Visit) -> Vec<Field> {
    let (words, sent) = (visit.words, &visit.form);
    vec![
        Field::line("first", words.t("first-name"), "given-name")
            .with(sent.text("first"))
            .focused(),
        Field::line("last", words.t("last-name"), "family-name").with(sent.text("last")),
        Field::code("username", words.t("username"), "username")
            .with(sent.text("username"))
            .hint(words.t("username-hint")),
        Field::email(words.t("email")).with(sent.text("email")),
        Field::new_password("password", words.t("password")),
    ]
}

/// Returns the custom fields that a new account must have, and the team if all users may see it.
fn lines(visit: &Visit) -> Vec<FieldLine> {
    let settings = visit.app.settings();
    let (team, rules) = (settings.text(SettingId::TeamField), settings.custom_fields());
    let wanted = |line: &FieldLine| line.required || (line.name == team && rules.is_public(&team));
    let mut lines: Vec<_> = fields::lines(visit, None).into_iter().filter(wanted).collect();
    for line in &mut lines {
        visit.form.text(&fields::name_of(line)).clone_into(&mut line.value);
    }
    lines
}

/// Answers with the form. The status is 422 if the form was wrong.
pub(super) fn page(
    visit: &Visit,
    title: &str,
    action: &'static str,
    fields: Vec<Field>,
    wrong: &Wrong,
    invited: Option<InvitedForm>,
) -> PageOutcome {
    let words = visit.words;
    let fields = wrong.mark(fields);
    let form = Form {
        action,
        problem: wrong.rest(&fields),
        fields,
        rules: forms::password_rules(visit),
        submit: words.t("register-submit").into_owned(),
        back: Some(("/sign-in", words.t("have-account").into_owned())),
        ..Form::default()
    };
    let page = Page {
        f: Frame::of(visit, title),
        form,
        invited,
        lines: lines(visit),
    };
    reply::form(visit, page.form.is_refused(), &page)
}

/// Returns the account that the form describes.
///
/// # Errors
/// [`RequestError::FirstNameInvalid`], [`RequestError::LastNameInvalid`], [`RequestError::DisplayNameInvalid`]; the errors of the custom fields.
pub(super) fn registration(visit: &Visit) -> Result<Registration, RequestError> {
    let sent = &visit.form;
    let name = full_name(sent.text("first"), sent.text("last"))?;
    Ok(Registration {
        username: sent.text("username").trim().to_owned(),
        email: sent.text("email").trim().to_owned(),
        name: Some(name.to_string()),
        password: sent.text("password").to_owned(),
        secret: None,
        profile: Profile::default(),
        custom_fields: fields::changes(visit, None)?.unwrap_or_default(),
    })
}
