//! A forgotten password: this server sends no e-mail, so an administrator has to make a link.

use super::forms::{self, Form};
use crate::domain::{EmailKey, Fault, SettingId};
use crate::ops::calls::Rate;
use crate::ops::passwords;
use crate::web::frame::Field;
use crate::web::reply::Outcome;
use crate::web::route::Route;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[Route] = &[
    Route::open("/forgot-password", |visit| Box::pin(show(visit))),
    Route::open_form("/forgot-password", |visit| Box::pin(send(visit))),
];

async fn show(visit: Visit) -> Outcome {
    let words = visit.words;
    if !visit.app.settings().flag(SettingId::AllowPasswordReset) {
        let ask = words.t("forgot-off").into_owned();
        return forms::say(&visit, &words.t("forgot"), ask, "/sign-in", &words.t("back-to-sign-in"));
    }
    let form = Form {
        action: "/forgot-password",
        lead: words.t("forgot-lead").into_owned(),
        fields: vec![Field::email(words.t("email")).hint(words.t("forgot-hint")).focused()],
        submit: words.t("forgot-send").into_owned(),
        back: Some(("/sign-in", words.t("back-to-sign-in").into_owned())),
        ..Form::default()
    };
    forms::show(&visit, &words.t("forgot"), form)
}

async fn send(visit: Visit) -> Outcome {
    visit.count("POST users.forgotPassword", Rate::Default)?;
    let email = visit.form.given("email").ok_or(Fault::EmailInvalid);
    // The answer is the same for every address.
    if let Ok(email) = email {
        passwords::forgotten(&visit.app, &visit.origin, &EmailKey::of(email)).await?;
    }
    let words = visit.words;
    let noted = words.t("forgot-noted").into_owned();
    forms::say(
        &visit,
        &words.t("forgot"),
        noted,
        "/sign-in",
        &words.t("back-to-sign-in"),
    )
}
