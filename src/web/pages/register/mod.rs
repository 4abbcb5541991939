//! Registration, where it is open.

use super::forms::{self, Form, Wrong};
use super::sign_in;
use crate::domain::person_name::full_name;
use crate::domain::{CustomFieldChanges, Profile, SettingId};
use crate::ops::calls::Rate;
use crate::ops::registration::{self, Registration};
use crate::web::frame::{Field, Note};
use crate::web::reply::{self, Outcome};
use crate::web::route::Route;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[Route] = &[
    Route::open("/register", |visit| Box::pin(show(visit))),
    Route::open_form("/register", |visit| Box::pin(send(visit))),
];

async fn show(visit: Visit) -> Outcome {
    if visit.visitor.caller.is_some() {
        return reply::redirect(&visit, "/");
    }
    page(&visit, &Wrong::default())
}

/// Returns whether a visitor needs the secret to register.
fn needs_secret(visit: &Visit) -> bool {
    visit.app.settings().text(SettingId::RegistrationForm) == "Secret URL"
}

fn page(visit: &Visit, wrong: &Wrong) -> Outcome {
    let (words, sent) = (visit.words, &visit.form);
    let site = visit.app.settings().text(SettingId::SiteName);
    let title = words.say("join-title", &[("site", site.into())]);
    if !needs_secret(visit) && !forms::may_register(visit) {
        let closed = words.t("register-closed").into_owned();
        return forms::say(visit, &title, closed, "/sign-in", &words.t("back-to-sign-in"));
    }
    let mut fields = vec![
        Field::line("first", words.t("first-name"), "given-name")
            .with(sent.text("first"))
            .focused(),
        Field::line("last", words.t("last-name"), "family-name").with(sent.text("last")),
        Field::code("username", words.t("username"), "username")
            .with(sent.text("username"))
            .hint(words.t("username-hint")),
        Field::email(words.t("email")).with(sent.text("email")),
        Field::new_password("password", words.t("password")),
    ];
    if needs_secret(visit) {
        let secret = visit.query.given("secret").unwrap_or_else(|| sent.text("secret"));
        fields.push(Field::code("secret", words.t("secret"), "off").with(secret));
    }
    let fields = wrong.mark(fields);
    let form = Form {
        action: "/register",
        problem: wrong.rest(&fields),
        fields,
        rules: forms::password_rules(visit),
        submit: words.t("register-submit").into_owned(),
        back: Some(("/sign-in", words.t("have-account").into_owned())),
        ..Form::default()
    };
    forms::show(visit, &title, form)
}

async fn send(visit: Visit) -> Outcome {
    let (words, sent) = (visit.words, &visit.form);
    let name = match full_name(sent.text("first"), sent.text("last")) {
        Ok(name) => name.to_string(),
        Err(fault) => return page(&visit, &Wrong::of(words, &fault)),
    };
    if let Err(fault) = visit.count("POST users.register", Rate::Register) {
        return page(&visit, &Wrong::of(words, &fault));
    }
    let new = Registration {
        username: sent.text("username").trim().to_owned(),
        email: sent.text("email").trim().to_owned(),
        name: Some(name),
        password: sent.text("password").to_owned(),
        secret: sent.given("secret").map(str::to_owned),
        profile: Profile::default(),
        custom_fields: CustomFieldChanges::default(),
    };
    let user = match registration::register(&visit.app, &visit.origin, new).await {
        Ok(user) => user,
        Err(fault) => return page(&visit, &Wrong::of(words, &fault)),
    };
    if !user.is_active() {
        return reply::redirect_with(&visit, "/sign-in", Note::AwaitsApproval);
    }
    sign_in::begin_of_new(&visit, &user).await
}
