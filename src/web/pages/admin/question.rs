//! The page that asks an administrator before an action. It contains the form of the action.

use askama::Template;

use super::frame;
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The texts and links of a question before an action.
pub(super) struct Question {
    /// The question, which names the action and its object.
    pub title: String,
    /// A text that describes the effect of the action and says if it can be undone.
    pub lead: String,
    /// The path to which the form is sent.
    pub action: String,
    /// The text of the button, which is the verb of the action.
    pub button: String,
    /// `true` if a person loses something by the action.
    pub is_risky: bool,
    /// The path of the page to go back to.
    pub back: String,
    /// The reason why the action was refused; empty if it was not tried yet.
    pub problem: Sentence,
}

#[derive(Template)]
#[template(path = "admin/question.html")]
struct QuestionPage {
    f: Frame,
    question: Question,
}

/// Answers with a question. The status is 422 if the action was refused.
pub(super) fn ask(visit: &Visit, section: Section, question: Question) -> PageOutcome {
    let is_refused = !question.problem.is_empty();
    let f = frame(visit, section);
    reply::form(visit, is_refused, &QuestionPage { f, question })
}
