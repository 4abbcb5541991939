//! The custom statuses of the team: the list, and the deletion of a status.

mod form;

use std::sync::Arc;

use askama::Template;

use super::frame;
use super::question::{self, Question};
use crate::domain::custom_status::DurationMinutes;
use crate::domain::{CustomStatus, CustomStatusId, Page, RequestError};
use crate::ops::calls::CallRate;
use crate::ops::custom_status::{self, StatusFilter};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::moments::lasts;
use crate::web::note::Note;
use crate::web::pages::pager::{self, Pager};
use crate::web::people::{picture, word};
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::isolated;

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/statuses", |visit| Box::pin(show(visit))),
    PageRoute::get("/admin/statuses/new", |visit| Box::pin(form::show_new(visit))),
    PageRoute::post("/admin/statuses/new", |visit| Box::pin(form::create(visit))),
    PageRoute::get("/admin/statuses/delete", |visit| Box::pin(ask(visit))),
    PageRoute::post("/admin/statuses/delete", |visit| Box::pin(delete(visit))),
    PageRoute::get("/admin/statuses/:id", |visit| Box::pin(form::show(visit))),
    PageRoute::post("/admin/statuses/:id", |visit| Box::pin(form::save(visit))),
];

/// The number of statuses that have a digit as a key, as in the dialog "My status".
const DIGITS: usize = 9;

/// A status in the list.
struct Line {
    id: String,
    name: String,
    emoji: String,
    shape: &'static str,
    word: String,
    lasts: String,
    /// The digit that selects the status; empty if there is none.
    digit: String,
}

#[derive(Template)]
#[template(path = "admin/statuses/statuses.html")]
struct StatusesPage {
    f: Frame,
    lines: Vec<Line>,
    pager: Option<Pager>,
}

async fn show(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    let part = |number| custom_status::list(&visit.app, &StatusFilter::default(), pager::part(number));
    let mut found = part(pager::number(&visit));
    if found.items.is_empty() {
        found = part(pager::last(found.total));
    }
    let line = |(place, status): (usize, &Arc<CustomStatus>)| Line {
        id: status.id.to_string(),
        name: status.name.to_string(),
        emoji: status.emoji.as_ref().map(picture).unwrap_or_default(),
        shape: status.status_type.as_str(),
        word: word(visit.words, status.status_type).into_owned(),
        lasts: lasts(visit.words, status.duration.map(DurationMinutes::get)),
        digit: match found.offset + place {
            place if place < DIGITS => (place + 1).to_string(),
            _ => String::new(),
        },
    };
    let page = StatusesPage {
        f: frame(&visit, Section::Statuses),
        lines: found.items.iter().enumerate().map(line).collect(),
        pager: (found.total > pager::PAGE_ITEMS).then(|| Pager::of(&visit, &found, |page| format!("?page={page}"))),
    };
    reply::page(&visit, &page)
}

/// Returns the status with this id.
///
/// # Errors
/// [`RequestError::EndpointNotFound`].
fn find(visit: &Visit, id: &str) -> Result<Arc<CustomStatus>, RequestError> {
    let filter = StatusFilter {
        id: Some(CustomStatusId::new(id)),
        ..StatusFilter::default()
    };
    let found = custom_status::list(&visit.app, &filter, Page::all());
    found.items.into_iter().next().ok_or(RequestError::EndpointNotFound)
}

/// Asks the user before a status is deleted.
async fn ask(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    let (words, status) = (visit.words, find(&visit, visit.query.text("id"))?);
    let question = Question {
        title: words.say("delete-question", &[("name", isolated(status.name.as_str()).into())]),
        lead: words.t("custom-status-delete-lead").into_owned(),
        action: format!("/admin/statuses/delete?id={}", status.id),
        button: words.t("delete").into_owned(),
        is_risky: true,
        back: Section::Statuses.path().to_owned(),
        problem: Sentence::default(),
    };
    question::ask(&visit, Section::Statuses, question)
}

async fn delete(visit: Visit) -> PageOutcome {
    Section::Statuses.admit(&visit)?;
    visit.count("POST custom-user-status.delete", CallRate::Default)?;
    let id = CustomStatusId::new(visit.query.text("id"));
    match custom_status::delete(&visit.app, &visit.actor()?, &id).await {
        // Another administrator may have deleted the status already. The user wants the same result.
        Ok(()) | Err(RequestError::CustomStatusToDeleteNotFound) => back(&visit, Note::CustomStatusDeleted),
        Err(error) => Err(error),
    }
}

/// Redirects the browser to the list.
fn back(visit: &Visit, note: Note) -> PageOutcome {
    reply::redirect_with(visit, Section::Statuses.path(), note)
}
