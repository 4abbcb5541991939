//! The page on which a person creates an account with an invitation. It also works if registration is closed.

use super::forms::{self, Wrong};
use super::newcomer::{self, InvitedForm};
use super::sign_in;
use crate::domain::{RequestError, SettingId};
use crate::intake::refusal;
use crate::ops::calls::CallRate;
use crate::ops::invitations;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

/// The path of an invitation.
const PATH: &str = "/join/:secret";

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open(PATH, |visit| Box::pin(show(visit))).with_secret(),
    PageRoute::open_form(PATH, |visit| Box::pin(send(visit))).with_secret(),
];

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, &Wrong::default()).await.map(reply::unlisted)
}

fn title(visit: &Visit) -> String {
    let site = visit.app.settings().text(SettingId::SiteName);
    visit.words.say("join-title", &[("site", site.into())])
}

async fn page(visit: &Visit, wrong: &Wrong) -> PageOutcome {
    if visit.visitor.caller.is_some() {
        return has_account(visit);
    }
    let invited = match check(visit).await {
        Ok(invited) => invited,
        Err(error) => return refused(visit, error),
    };
    let fields = newcomer::fields(visit);
    newcomer::page(visit, &title(visit), "", fields, wrong, Some(invited))
}

async fn check(visit: &Visit) -> Result<InvitedForm, RequestError> {
    visit.count("POST invitations.check", CallRate::Default)?;
    let found = invitations::check(&visit.app, &visit.origin, &visit.parameter).await?;
    let moment = visit.reader().end(found.expires_at);
    Ok(InvitedForm {
        by: found.by.map(|name| name.to_string()).unwrap_or_default(),
        until: visit.words.say("join-until", &[("moment", moment.into())]),
    })
}

/// Answers a visitor who is signed in. They have an account and need no second one.
fn has_account(visit: &Visit) -> PageOutcome {
    let words = visit.words;
    let lead = words.t("join-signed-in").into_owned();
    forms::say(visit, &title(visit), lead, "/", &words.t("go-to-board"))
}

/// Answers a visitor whose link is not valid.
fn refused(visit: &Visit, error: RequestError) -> PageOutcome {
    let words = visit.words;
    let (title, lead) = match error {
        RequestError::InvitationInvalid => (words.t("join-over").into_owned(), words.t("join-over-lead").into()),
        RequestError::AddressBlocked => (title(visit), forms::explained(words, &error).1),
        error => return Err(error),
    };
    let status = refusal::status(&error);
    forms::say_with(visit, status, &title, lead, "/sign-in", &words.t("have-account"))
}

async fn send(visit: Visit) -> PageOutcome {
    if visit.visitor.caller.is_some() {
        return has_account(&visit);
    }
    match join(&visit).await {
        Ok(user) => sign_in::begin_of_new(&visit, &user).await,
        Err(error @ (RequestError::InvitationInvalid | RequestError::AddressBlocked)) => refused(&visit, error),
        Err(error) => page(&visit, &Wrong::about(visit.words, error)?).await,
    }
}

async fn join(visit: &Visit) -> Result<std::sync::Arc<crate::domain::User>, RequestError> {
    let new = newcomer::registration(visit)?;
    visit.count("POST invitations.accept", CallRate::Default)?;
    invitations::accept(&visit.app, &visit.origin, &visit.parameter, new).await
}
