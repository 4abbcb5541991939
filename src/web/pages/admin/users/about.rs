//! The form with the names, the e-mail address and the custom fields of an account.

use crate::domain::profile::{self, BIO_CHARACTERS, NICKNAME_CHARACTERS};
use crate::domain::{DisplayName, RequestError, User};
use crate::ops::profile_edit::ProfileEdit;
use crate::ops::users::{parse_email, parse_name, parse_username};
use crate::web::form_field::Field;
use crate::web::pages::forms::Wrong;
use crate::web::pages::profile::fields::{self, FieldLine};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The fields of an existing or a new account.
pub(super) struct AccountForm {
    /// The error of the whole form; empty if there is none.
    pub problem: Sentence,
    pub names: [Field; 2],
    pub email: Field,
    pub verified: bool,
    /// The state of this box when the page was made; `None` for a new account.
    pub was_verified: Option<bool>,
    pub nickname: Field,
    pub bio: Field,
    pub lines: Vec<FieldLine>,
}

/// Returns the display name of the user; empty if the user has none.
fn name_of(user: &User) -> &str {
    user.name.as_ref().map_or("", DisplayName::as_str)
}

fn address_of(user: &User) -> &str {
    user.email.as_ref().map_or("", |email| email.address.as_str())
}

fn is_verified(user: &User) -> bool {
    user.email.as_ref().is_some_and(|email| email.verified)
}

impl AccountForm {
    /// Returns the fields of an account, or those of a new account without `user`. If a form was `wrong`, the fields
    /// contain the values that it sent.
    pub(super) fn of(visit: &Visit, user: Option<&User>, wrong: Option<&Wrong>) -> Self {
        let (words, form) = (visit.words, &visit.form);
        let field = |field: Field, now: &str| {
            let error = wrong.map(|wrong| wrong.with(field.name)).unwrap_or_default();
            let value = wrong.map_or(now, |_| form.text(field.name));
            let field = Field {
                autocomplete: "off",
                shown: user.map(|_| form.shown(field.name).unwrap_or_else(|| now.to_owned())),
                ..field
            };
            field.with(value).wrong(error)
        };
        let optional = |field: Field| field.optional(words.t("optional"));
        let of = |part: fn(&User) -> &str| user.map_or("", part);
        let name = Field::line("name", words.t("user-name"), "off");
        let name = if user.is_some_and(|user| user.name.is_none()) {
            optional(name)
        } else {
            name
        };
        let username = Field::code("username", words.t("username"), "off").hint(words.t("username-hint"));
        let email = Field::email(words.t("email"));
        let email = if user.is_some_and(|user| user.email.is_some()) {
            email
        } else {
            optional(email)
        };
        let names = [
            field(name, of(name_of)),
            field(username, of(|user| user.username.as_str())),
        ];
        let email = field(email, of(address_of));
        let nickname = Field::line("nickname", words.t("nickname"), "off").most(NICKNAME_CHARACTERS);
        let nickname = field(optional(nickname), of(|user| &user.profile.nickname));
        let bio = Field::block("bio", words.t("user-bio"), 3).most(BIO_CHARACTERS);
        let bio = field(optional(bio), of(|user| &user.profile.bio));
        let mut all = names.to_vec();
        all.extend([
            email.clone(),
            nickname.clone(),
            bio.clone(),
            Field::new_password("password", ""),
        ]);
        Self {
            problem: wrong.map(|wrong| wrong.rest(&all)).unwrap_or_default(),
            was_verified: user.map(|user| form.was_on("verified", is_verified(user))),
            verified: wrong.map_or_else(|| user.is_some_and(is_verified), |_| form.has("verified")),
            lines: if wrong.is_some() {
                fields::sent_lines(visit, user)
            } else {
                fields::lines(visit, user)
            },
            names,
            email,
            nickname,
            bio,
        }
    }
}

/// Returns the changes of the form. A field that the user did not change is not checked again, because an older value
/// may break a newer rule.
pub(super) fn edit(visit: &Visit, user: &User) -> Result<ProfileEdit, RequestError> {
    let form = &visit.form;
    let email = form
        .changed("email", address_of(user))
        .map(|email| parse_email(email.trim()))
        .transpose()?;
    // A new address is as verified as the form says.
    let verified = match &email {
        Some(_) => Some(form.has("verified")),
        None => form.switched("verified", is_verified(user)),
    };
    let has_email = email.is_some() || user.email.is_some();
    Ok(ProfileEdit {
        name: form
            .changed("name", name_of(user))
            .map(|name| parse_name(&name))
            .transpose()?,
        username: form
            .changed("username", user.username.as_str())
            .map(|name| parse_username(name.trim()))
            .transpose()?,
        email,
        verified: verified.filter(|_| has_email),
        nickname: form
            .changed("nickname", &user.profile.nickname)
            .map(|text| profile::nickname(&text))
            .transpose()?,
        bio: form
            .changed("bio", &user.profile.bio)
            .map(|text| profile::bio(&text))
            .transpose()?,
        custom_fields: fields::changes(visit, Some(user))?,
        ..ProfileEdit::default()
    })
}
