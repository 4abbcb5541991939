//! The user's own status.

mod dialog;
mod end;
mod mine;
mod quick;

use askama::Template;

use crate::domain::{ClaimSource, CustomStatusId, Emoji, RequestError, StatusText, StatusType};
use crate::ops::calls::CallRate;
use crate::ops::status::{self, NewStatus};
use crate::web::frame::Frame;
use crate::web::markup::Markup;
use crate::web::note::Note;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Words;
use dialog::Dialog;
use end::StatusEnd;
use mine::Mine;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/my-status", |visit| Box::pin(show(visit))),
    PageRoute::post("/my-status", |visit| Box::pin(send(visit))),
    PageRoute::post("/my-status/end", |visit| Box::pin(end_status(visit))),
];

#[derive(Template)]
#[template(path = "my_status/you.html")]
struct MinePart<'page> {
    f: &'page Frame,
    me: Mine,
}

#[derive(Template)]
#[template(path = "my_status/dialog.html")]
struct DialogPart<'page> {
    f: &'page Frame,
    dialog: Dialog,
}

/// Returns the card with the user's status, for another page.
pub(super) fn card(visit: &Visit, f: &Frame) -> Result<Markup, RequestError> {
    let me = Mine::of(visit)?;
    Ok(Markup::of(&MinePart { f, me }))
}

/// Returns the dialog for the user's status, for another page.
pub(super) fn dialog(visit: &Visit, f: &Frame) -> Result<Markup, RequestError> {
    let dialog = Dialog::of(visit)?;
    Ok(Markup::of(&DialogPart { f, dialog }))
}

#[derive(Template)]
#[template(path = "my_status/my-status.html")]
struct MyStatus {
    f: Frame,
    dialog: Dialog,
    is_set: bool,
}

async fn show(visit: Visit) -> PageOutcome {
    page(&visit, None)
}

fn page(visit: &Visit, error: Option<&RequestError>) -> PageOutcome {
    let problem = error.map(|error| problem(visit.words, error)).unwrap_or_default();
    let is_refused = !problem.is_empty();
    let page = MyStatus {
        f: Frame::of(visit, visit.words.t("my-status")),
        dialog: Dialog {
            problem,
            next: "/".to_owned(),
            ..Dialog::of(visit)?
        },
        is_set: Mine::of(visit)?.is_set,
    };
    reply::form(visit, is_refused, &page)
}

fn problem(words: Words, error: &RequestError) -> Sentence {
    let text = match error {
        RequestError::StatusExpired => words.t("error-status-over"),
        RequestError::StatusEndInvalid => words.t("error-status-end"),
        RequestError::InvisibleDisabled => words.t("error-invisible"),
        RequestError::CustomStatusNotFound { .. } => words.t("error-status-gone"),
        other => return super::forms::explained(words, other).1,
    };
    text.into()
}

async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.setStatus", CallRate::Default)?;
    let (actor, own) = (visit.actor()?, visit.caller()?.user.id.clone());
    let is_cleared = visit.form.has("clear");
    let set = match wanted(&visit) {
        Ok(new) => status::set(&visit.app, &actor, &own, new).await,
        Err(error) => Err(error),
    };
    match set {
        Ok(()) if is_cleared => back(&visit, Note::StatusCleared),
        Ok(()) => back(&visit, Note::StatusSet),
        Err(error) => page(&visit, Some(&error)),
    }
}

async fn end_status(visit: Visit) -> PageOutcome {
    visit.count("POST status.end", CallRate::Default)?;
    status::end(&visit.app, &visit.actor()?, &visit.caller()?.user.id, None).await?;
    back(&visit, Note::StatusCleared)
}

/// Sends the browser back to the page from which a form came.
fn back(visit: &Visit, note: Note) -> PageOutcome {
    reply::redirect_with(visit, super::sign_in::next_of(visit.form.text("next")), note)
}

/// Returns the status that a form asks for.
fn wanted(visit: &Visit) -> Result<NewStatus, RequestError> {
    let form = &visit.form;
    if form.has("clear") {
        return Ok(NewStatus {
            status: Some(StatusType::Online),
            ..NewStatus::default()
        });
    }
    let preset = form.text("preset");
    if let Some(id) = preset.strip_prefix("status-") {
        return Ok(NewStatus {
            custom_status: Some(CustomStatusId::new(id)),
            ..NewStatus::default()
        });
    }
    if let Some(place) = preset.strip_prefix("recent-") {
        return recent(visit, place);
    }
    let status = match form.text("status") {
        "invisible" => StatusType::Offline,
        status => status.parse().map_err(|_| RequestError::StatusWordInvalid)?,
    };
    let emoji = form.given("emoji").filter(|emoji| *emoji != "none");
    let emoji =
        emoji.map(|emoji| Emoji::parse(emoji).map_err(|error| RequestError::invalid(error.to_string(), "emoji")));
    Ok(NewStatus {
        status: Some(status),
        text: Some(StatusText::clean(form.text("text"))),
        emoji: emoji.transpose()?,
        expires_at: StatusEnd::of(visit)?,
        custom_status: None,
        source: ClaimSource::Manual,
        id: None,
    })
}

/// Returns a status that the user set before, by its place among those.
fn recent(visit: &Visit, place: &str) -> Result<NewStatus, RequestError> {
    let recent = status::recent(&visit.app, &visit.caller()?.user.id);
    let place: Option<usize> = place.parse().ok();
    let again = place.and_then(|place| recent.into_iter().nth(place));
    let again = again.ok_or(RequestError::StatusMissing)?;
    Ok(NewStatus {
        status: Some(again.status),
        text: Some(again.text),
        emoji: again.emoji,
        ..NewStatus::default()
    })
}
