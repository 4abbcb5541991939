//! The user's own status.

mod dialog;
mod end;
mod mine;
mod quick;

use askama::Template;

use crate::domain::{ClaimSource, CustomStatusId, Emoji, Fault, StatusType, profile};
use crate::ops::calls::Rate;
use crate::ops::status::{self, NewStatus};
use crate::web::frame::{Frame, Markup, Note};
use crate::web::reply::{self, Outcome};
use crate::web::route::Route;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::Words;
use dialog::Dialog;
use end::End;
use mine::Mine;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/my-status", |visit| Box::pin(show(visit))),
    Route::post("/my-status", |visit| Box::pin(send(visit))),
    Route::post("/my-status/end", |visit| Box::pin(end_status(visit))),
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
pub(super) fn card(visit: &Visit, f: &Frame) -> Result<Markup, Fault> {
    let me = Mine::of(visit)?;
    Ok(Markup::of(&MinePart { f, me }))
}

/// Returns the dialog for the user's status, for another page.
pub(super) fn dialog(visit: &Visit, f: &Frame) -> Result<Markup, Fault> {
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

async fn show(visit: Visit) -> Outcome {
    page(&visit, None)
}

fn page(visit: &Visit, fault: Option<&Fault>) -> Outcome {
    let problem = fault.map(|fault| problem(visit.words, fault)).unwrap_or_default();
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

fn problem(words: Words, fault: &Fault) -> Sentence {
    let text = match fault {
        Fault::StatusExpired => words.t("fault-status-over"),
        Fault::StatusEndInvalid => words.t("fault-status-end"),
        Fault::InvisibleDisabled => words.t("fault-invisible"),
        Fault::CustomStatusNotFound { .. } => words.t("fault-status-gone"),
        other => return super::forms::explained(words, other).1,
    };
    text.into()
}

async fn send(visit: Visit) -> Outcome {
    visit.count("POST users.setStatus", Rate::Default)?;
    let (actor, own) = (visit.actor()?, visit.caller()?.user.id.clone());
    let is_cleared = visit.form.has("clear");
    let set = match wanted(&visit) {
        Ok(new) => status::set(&visit.app, &actor, &own, new).await,
        Err(fault) => Err(fault),
    };
    match set {
        Ok(()) if is_cleared => back(&visit, Note::StatusCleared),
        Ok(()) => back(&visit, Note::StatusSet),
        Err(fault) => page(&visit, Some(&fault)),
    }
}

async fn end_status(visit: Visit) -> Outcome {
    visit.count("POST status.end", Rate::Default)?;
    status::end(&visit.app, &visit.actor()?, &visit.caller()?.user.id, None).await?;
    back(&visit, Note::StatusCleared)
}

/// Sends the browser back to the page from which a form came.
fn back(visit: &Visit, note: Note) -> Outcome {
    reply::redirect_with(visit, super::sign_in::next_of(visit.form.text("next")), note)
}

/// Returns the status that a form asks for.
fn wanted(visit: &Visit) -> Result<NewStatus, Fault> {
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
        status => status.parse().map_err(|_| Fault::StatusWordInvalid)?,
    };
    let emoji = form.given("emoji").filter(|emoji| *emoji != "none");
    let emoji = emoji.map(|emoji| Emoji::parse(emoji).map_err(|error| Fault::invalid(error.to_string(), "emoji")));
    Ok(NewStatus {
        status: Some(status),
        text: Some(profile::status_text(form.text("text"))),
        emoji: emoji.transpose()?,
        expires_at: End::of(visit)?,
        custom_status: None,
        source: ClaimSource::Manual,
        id: None,
    })
}

/// Returns a status that the user set before, by its place among those.
fn recent(visit: &Visit, place: &str) -> Result<NewStatus, Fault> {
    let recent = status::recent(&visit.app, &visit.caller()?.user.id);
    let place: Option<usize> = place.parse().ok();
    let again = place.and_then(|place| recent.into_iter().nth(place));
    let again = again.ok_or(Fault::StatusMissing)?;
    Ok(NewStatus {
        status: Some(again.status),
        text: Some(again.text),
        emoji: again.emoji,
        ..NewStatus::default()
    })
}
