//! A user's own new password.

use super::forms::{self, Form, Wrong};
use super::sign_in;
use crate::auth::{PasswordDigest, WantedPassword};
use crate::domain::{RequestError, SettingId};
use crate::ops::calls::CallRate;
use crate::ops::own_profile;
use crate::ops::profile_edit::ProfileEdit;
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::session::is_alive;
use crate::web::visit::Visit;
use crate::web::words::Words;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/change-password", |visit| Box::pin(show(visit))).serving_duties(),
    PageRoute::post("/change-password", |visit| Box::pin(send(visit))).serving_duties(),
];

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, &Wrong::default())
}

fn page(visit: &Visit, wrong: &Wrong) -> PageOutcome {
    let words = visit.words;
    let [current, new, again] = fields(words);
    let fields = wrong.mark(vec![current.focused(), new, again]);
    let form = Form {
        action: "/change-password",
        lead: lead(visit),
        problem: wrong.rest(&fields),
        fields,
        rules: forms::password_rules(visit),
        submit: words.t("set-password").into_owned(),
        back: Some(("/", words.t("back-to-board").into_owned())),
    };
    forms::show(visit, &words.t("choose-password"), form)
}

/// Returns the fields of the form: the current password, the new one, and the new one again.
pub(super) fn fields(words: Words) -> [Field; 3] {
    let current = Field {
        name: "current",
        ..Field::password(words.t("current-password"))
    };
    [
        current,
        Field::new_password("password", words.t("new-password")),
        Field::new_password("again", words.t("new-password-again")),
    ]
}

/// Returns the text that says that a change signs the user out; empty if it does not.
pub(super) fn lead(visit: &Visit) -> String {
    if visit.app.settings().flag(SettingId::KeepSessionOnPasswordChange) {
        String::new()
    } else {
        visit.words.t("password-lead").into_owned()
    }
}

/// Changes the password to the one that the form has. Returns `true` if the session continues.
///
/// # Errors
/// The errors of [`own_profile::update`].
pub(super) async fn change(visit: &Visit) -> Result<bool, RequestError> {
    let caller = visit.caller()?;
    let edit = ProfileEdit {
        password: Some(WantedPassword::chosen(visit.form.text("password"))),
        ..ProfileEdit::default()
    };
    let current = PasswordDigest::of(visit.form.text("current")).expose().to_owned();
    own_profile::update(&visit.app, caller, edit, Some(current), None).await?;
    Ok(is_alive(&visit.app, &caller.token.hash))
}

async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.updateOwnBasicInfo", CallRate::Default)?;
    let words = visit.words;
    let mut wrong = Wrong::default();
    forms::check_again(words, &visit.form, &mut wrong);
    if !wrong.is_empty() {
        return page(&visit, &wrong);
    }
    match change(&visit).await {
        Ok(true) => reply::redirect_with(&visit, "/", Note::ProfileSaved),
        Ok(false) => sign_in::to_sign_in(&visit, Note::PasswordSet),
        Err(error) => page(&visit, &Wrong::about(words, error)?),
    }
}
