//! The parts that all sections with links use: the question before a link ends, and the text about its creator.

use super::question::{self, Question};
use crate::domain::Username;
use crate::web::administration::Section;
use crate::web::reply::PageOutcome;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::{Words, isolated};

/// Answers with the question whether the link with this id and this name shall end. The question sends its form to the
/// path `revoke` of the section.
pub(super) fn ask(visit: &Visit, section: Section, id: &str, name: &str, lead: String) -> PageOutcome {
    let words = visit.words;
    let question = Question {
        title: words.say("revoke-question", &[("name", isolated(name).into())]),
        lead,
        action: format!("{}/revoke?id={id}", section.path()),
        button: words.t("revoke").into_owned(),
        is_risky: true,
        back: section.path().to_owned(),
        problem: Sentence::default(),
    };
    question::ask(visit, section, question)
}

/// Returns a text about the creator of a link.
pub(super) fn creator(words: Words, creator: Option<&Username>) -> String {
    creator.map_or_else(
        || words.t("by-operator").into_owned(),
        |creator| words.say("by-person", &[("name", creator.to_string().into())]),
    )
}
