//! The question before an act of an administrator: a page of its own, which the act's form is on.

use askama::Template;

use super::frame;
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::reply::{self, Outcome};
use crate::web::visit::Visit;

/// What is asked.
pub(super) struct Question {
    /// The act and its object, as a question.
    pub title: String,
    /// What happens, and whether it can be undone.
    pub lead: String,
    /// The path of the form.
    pub action: String,
    /// The verb of the act.
    pub button: String,
    /// `true` if the act takes something from a person.
    pub is_risky: bool,
    /// The path of the page to go back to.
    pub back: String,
    /// Why the act was refused; empty if it was not tried.
    pub problem: String,
}

#[derive(Template)]
#[template(path = "admin/question.html")]
struct QuestionPage {
    f: Frame,
    question: Question,
}

/// Answers with a question: with 422 if the act was refused.
pub(super) fn ask(visit: &Visit, section: Section, question: Question) -> Outcome {
    let is_refused = !question.problem.is_empty();
    let f = frame(visit, section);
    reply::form(visit, is_refused, &QuestionPage { f, question })
}
