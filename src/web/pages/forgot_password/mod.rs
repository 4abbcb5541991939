//! A forgotten password: this server sends no e-mail, so an administrator has to make a link.

use super::forms::{self, Form};
use crate::domain::{EmailKey, RequestError, SettingId};
use crate::ops::calls::CallRate;
use crate::ops::passwords;
use crate::web::form_field::Field;
use crate::web::reply::PageOutcome;
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open("/forgot-password", |visit| Box::pin(show(visit))),
    PageRoute::open_form("/forgot-password", |visit| Box::pin(send(visit))),
];

async fn show(visit: Visit) -> PageOutcome {
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

async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.forgotPassword", CallRate::Default)?;
    let email = visit.form.given("email").ok_or(RequestError::EmailInvalid);
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
