//! A user's own new password.

use super::forms::{self, Form, Wrong};
use super::sign_in;
use crate::auth::{PasswordDigest, WantedPassword};
use crate::domain::SettingId;
use crate::ops::calls::Rate;
use crate::ops::own_profile;
use crate::ops::profile::Edit;
use crate::web::frame::{Field, Note};
use crate::web::reply::{self, Outcome};
use crate::web::route::Route;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/change-password", |visit| Box::pin(show(visit))).serving_duties(),
    Route::post("/change-password", |visit| Box::pin(send(visit))).serving_duties(),
];

async fn show(visit: Visit) -> Outcome {
    page(&visit, &Wrong::default())
}

fn page(visit: &Visit, wrong: &Wrong) -> Outcome {
    let words = visit.words;
    let current = Field {
        name: "current",
        ..Field::password(words.t("current-password"))
    };
    let fields = vec![
        current.focused(),
        Field::new_password("password", words.t("new-password")),
        Field::new_password("again", words.t("new-password-again")),
    ];
    let fields = wrong.mark(fields);
    let kept = visit.app.settings().flag(SettingId::KeepSessionOnPasswordChange);
    let form = Form {
        action: "/change-password",
        lead: if kept {
            String::new()
        } else {
            words.t("password-lead").into_owned()
        },
        problem: wrong.rest(&fields),
        fields,
        rules: forms::password_rules(visit),
        submit: words.t("set-password").into_owned(),
        back: Some(("/", words.t("back-to-board").into_owned())),
    };
    forms::show(visit, &words.t("choose-password"), form)
}

async fn send(visit: Visit) -> Outcome {
    visit.count("POST users.updateOwnBasicInfo", Rate::Default)?;
    let words = visit.words;
    let mut wrong = Wrong::default();
    forms::check_again(words, &visit.form, &mut wrong);
    if !wrong.is_empty() {
        return page(&visit, &wrong);
    }
    let edit = Edit {
        password: Some(WantedPassword::Chosen(visit.form.text("password").to_owned())),
        ..Edit::default()
    };
    let current = PasswordDigest::of(visit.form.text("current")).expose().to_owned();
    let caller = visit.caller()?;
    match own_profile::update(&visit.app, caller, edit, Some(current), None).await {
        Ok(_) if crate::web::session::is_alive(&visit.app, &caller.token.hash) => {
            reply::redirect_with(&visit, "/", Note::ProfileSaved)
        }
        Ok(_) => sign_in::to_sign_in(&visit, Note::PasswordSet),
        Err(fault) => page(&visit, &Wrong::of(words, &fault)),
    }
}
