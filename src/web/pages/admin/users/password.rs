//! The form for another user's new password.

use super::account::{Part, permissions, refused};
use super::{Account, permit};
use crate::auth::WantedPassword;
use crate::ops::calls::Rate;
use crate::ops::profile::update;
use crate::ops::profile_edit::Edit;
use crate::web::frame::{Field, Note};
use crate::web::pages::confirm;
use crate::web::pages::forms::{Wrong, password_rules};
use crate::web::reply::{self, Outcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

pub(super) struct Password {
    pub problem: Sentence,
    pub field: Field,
    pub rules: Vec<String>,
    pub must_change: bool,
}

impl Password {
    pub fn of(visit: &Visit, wrong: Option<&Wrong>) -> Self {
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

pub(super) async fn send(visit: Visit) -> Outcome {
    let caller = permit(&visit, permissions(Part::Password))?;
    let account = Account::of(&visit)?;
    visit.count("POST users.update", Rate::Default)?;
    let edit = Edit {
        password: Some(WantedPassword::Chosen(visit.form.text("password").to_owned())),
        require_password_change: Some(visit.form.has("must-change")),
        ..Edit::default()
    };
    let (id, proof) = (account.viewed.id(), confirm::proof(&visit));
    match update(&visit.app, caller, &id, edit, proof).await {
        Ok(_) => reply::redirect_with(&visit, &account.path(), Note::UserPasswordSet),
        Err(fault) => refused(&visit, Part::Password, fault),
    }
}
