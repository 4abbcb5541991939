//! The form for the user's new password.

use super::{Section, Shown, forms, page, saved, sign_in};
use crate::auth::{PasswordDigest, WantedPassword};
use crate::domain::{Fault, SettingId};
use crate::ops::calls::Rate;
use crate::ops::own_profile;
use crate::ops::profile::Edit;
use crate::web::frame::{Field, Note};
use crate::web::reply::Outcome;
use crate::web::session::is_alive;
use crate::web::visit::Visit;

pub(super) struct Password {
    /// A text that says that a change signs the user out; empty if it does not.
    pub lead: String,
    pub problem: String,
    pub current: Field,
    pub new: [Field; 2],
    pub rules: Vec<String>,
}

impl Password {
    pub fn of(visit: &Visit, shown: &Shown) -> Self {
        let words = visit.words;
        let wrong = shown.of(Section::Password);
        let field = |field: Field| {
            let error = wrong.map(|wrong| wrong.with(field.name)).unwrap_or_default();
            field.wrong(error)
        };
        let current = Field {
            name: "current",
            ..Field::password(words.t("current-password"))
        };
        let current = field(current);
        let new = [
            field(Field::new_password("password", words.t("new-password"))),
            field(Field::new_password("again", words.t("new-password-again"))),
        ];
        let all = [&new[0], &new[1], &current].map(Clone::clone);
        let kept = visit.app.settings().flag(SettingId::KeepSessionOnPasswordChange);
        Self {
            lead: if kept {
                String::new()
            } else {
                words.t("password-lead").into_owned()
            },
            problem: wrong.map(|wrong| wrong.rest(&all)).unwrap_or_default(),
            current,
            new,
            rules: forms::password_rules(visit),
        }
    }
}

pub(super) async fn send(visit: Visit) -> Outcome {
    visit.count("POST users.updateOwnBasicInfo", Rate::Default)?;
    let mut wrong = forms::Wrong::default();
    forms::check_again(visit.words, &visit.form, &mut wrong);
    if !wrong.is_empty() {
        return page(&visit, &Shown::wrong(Section::Password, wrong));
    }
    match change(&visit).await {
        Ok(true) => saved(&visit, Section::Password, Note::ProfileSaved),
        Ok(false) => sign_in::to_sign_in(&visit, Note::PasswordSet),
        Err(fault) => super::refused(&visit, Section::Password, fault),
    }
}

/// Changes the password. Returns `true` if the session continues.
async fn change(visit: &Visit) -> Result<bool, Fault> {
    let caller = visit.caller()?;
    let edit = Edit {
        password: Some(WantedPassword::Chosen(visit.form.text("password").to_owned())),
        ..Edit::default()
    };
    let current = PasswordDigest::of(visit.form.text("current")).expose().to_owned();
    own_profile::update(&visit.app, caller, edit, Some(current), None).await?;
    Ok(is_alive(&visit.app, &caller.token.hash))
}
