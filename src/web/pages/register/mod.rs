//! Registration, where it is open.

use super::forms::{self, Wrong};
use super::{newcomer, sign_in};
use crate::domain::SettingId;
use crate::ops::calls::CallRate;
use crate::ops::registration::{self, Registration};
use crate::web::form_field::Field;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open("/register", |visit| Box::pin(show(visit))),
    PageRoute::open_form("/register", |visit| Box::pin(send(visit))),
];

async fn show(visit: Visit) -> PageOutcome {
    if visit.visitor.caller.is_some() {
        return reply::redirect(&visit, "/");
    }
    page(&visit, &Wrong::default())
}

/// Returns whether a visitor needs the secret to register.
fn needs_secret(visit: &Visit) -> bool {
    visit.app.settings().text(SettingId::RegistrationForm) == "Secret URL"
}

fn page(visit: &Visit, wrong: &Wrong) -> PageOutcome {
    let (words, sent) = (visit.words, &visit.form);
    let site = visit.app.settings().text(SettingId::SiteName);
    let title = words.say("join-title", &[("site", site.into())]);
    if !needs_secret(visit) && !forms::may_register(visit) {
        let closed = words.t("register-closed").into_owned();
        return forms::say(visit, &title, closed, "/sign-in", &words.t("back-to-sign-in"));
    }
    let mut fields = newcomer::fields(visit);
    if needs_secret(visit) {
        let secret = visit.query.given("secret").unwrap_or_else(|| sent.text("secret"));
        fields.push(Field::code("secret", words.t("secret"), "off").with(secret));
    }
    newcomer::page(visit, &title, "/register", fields, wrong, None)
}

async fn send(visit: Visit) -> PageOutcome {
    let words = visit.words;
    let new = match newcomer::registration(&visit) {
        Ok(new) => new,
        Err(error) => return page(&visit, &Wrong::about(words, error)?),
    };
    if let Err(error) = visit.count("POST users.register", CallRate::Register) {
        return page(&visit, &Wrong::of(words, &error));
    }
    let secret = visit.form.given("secret").map(str::to_owned);
    let new = Registration { secret, ..new };
    let user = match registration::register(&visit.app, &visit.origin, new).await {
        Ok(user) => user,
        Err(error) => return page(&visit, &Wrong::about(words, error)?),
    };
    if !user.is_active() {
        return reply::redirect_with(&visit, "/sign-in", Note::AwaitsApproval);
    }
    sign_in::begin_of_new(&visit, &user).await
}
