//! The form for another user's new password.

use crate::auth::WantedPassword;
use crate::ops::profile_edit::ProfileEdit;
use crate::web::form::FormFields;
use crate::web::form_field::Field;
use crate::web::pages::forms::{Wrong, password_rules};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

pub(super) struct AccountPassword {
    pub problem: Sentence,
    pub field: Field,
    pub rules: Vec<String>,
    pub must_change: bool,
}

impl AccountPassword {
    pub(super) fn of(visit: &Visit, wrong: Option<&Wrong>) -> Self {
        let error = wrong.map(|wrong| wrong.with("password")).unwrap_or_default();
        let field = Field::new_password("password", visit.words.t("new-password")).wrong(error);
        Self {
            problem: wrong
                .map(|wrong| wrong.rest(std::slice::from_ref(&field)))
                .unwrap_or_default(),
            field,
            rules: password_rules(visit),
            must_change: wrong.is_none() || visit.form.has("must-change"),
        }
    }
}

/// Returns the change that the form asks for.
pub(super) fn edit(form: &FormFields) -> ProfileEdit {
    ProfileEdit {
        password: Some(WantedPassword::chosen(form.text("password"))),
        require_password_change: Some(form.has("must-change")),
        ..ProfileEdit::default()
    }
}
