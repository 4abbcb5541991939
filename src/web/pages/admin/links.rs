//! What the sections of links share: the question before a link ends.

use askama::Template;

use crate::web::frame::Frame;
use crate::web::reply::{self, Outcome};
use crate::web::visit::Visit;

/// The question before a link ends.
pub(super) struct Question {
    pub title: String,
    /// The name of the link, as its creator wrote it.
    pub name: String,
    pub words: String,
    /// The id of the link.
    pub id: String,
    /// The path of the section.
    pub section: &'static str,
}

#[derive(Template)]
#[template(path = "admin/revoke.html")]
struct Page {
    f: Frame,
    question: Question,
}

/// Asks before a link ends. The form is sent to the path of the question.
pub(super) fn ask(visit: &Visit, question: Question) -> Outcome {
    let f = Frame::of(visit, question.title.clone());
    reply::page(visit, &Page { f, question })
}
