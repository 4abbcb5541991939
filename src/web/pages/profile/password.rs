//! The form for the user's new password.

use super::{Section, Shown, forms, page, saved, sign_in};
use crate::ops::calls::CallRate;
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::pages::change_password;
use crate::web::reply::PageOutcome;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

pub(super) struct PasswordForm {
    /// A text that says that a change signs the user out; empty if it does not.
    pub lead: String,
    pub problem: Sentence,
    pub current: Field,
    pub new: [Field; 2],
    pub rules: Vec<String>,
}

impl PasswordForm {
    pub(super) fn of(visit: &Visit, shown: &Shown) -> Self {
        let wrong = shown.of(Section::Password);
        let field = |field: Field| {
            let error = wrong.map(|wrong| wrong.with(field.name)).unwrap_or_default();
            field.wrong(error)
        };
        let fields = change_password::fields(visit.words).map(field);
        let problem = wrong.map(|wrong| wrong.rest(&fields)).unwrap_or_default();
        let [current, new, again] = fields;
        Self {
            lead: change_password::lead(visit),
            problem,
            current,
            new: [new, again],
            rules: forms::password_rules(visit),
        }
    }
}

pub(super) async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.updateOwnBasicInfo", CallRate::Default)?;
    let mut wrong = forms::Wrong::default();
    forms::check_again(visit.words, &visit.form, &mut wrong);
    if !wrong.is_empty() {
        return page(&visit, &Shown::wrong(Section::Password, wrong));
    }
    match change_password::change(&visit).await {
        Ok(true) => saved(&visit, Section::Password, Note::ProfileSaved),
        Ok(false) => sign_in::to_sign_in(&visit, Note::PasswordSet),
        Err(error) => super::refused(&visit, Section::Password, error),
    }
}
