//! Statuses that one click sets: those of the team, and those that the user set before.

use std::sync::Arc;

use super::mine::appearance;
use crate::domain::custom_status::DurationMinutes;
use crate::domain::page::Page;
use crate::domain::{CustomStatus, RecentStatus};
use crate::ops::custom_status::{self, StatusFilter};
use crate::web::moments::lasts;
use crate::web::people::{picture, word};
use crate::web::visit::Visit;
use crate::web::words::Words;

/// Maximum quick statuses in the dialog: each has a digit on the keyboard, or is within a short list.
const QUICK: usize = 24;

/// Maximum statuses that have a digit on the keyboard.
pub(super) const DIGITS: usize = 9;

/// A status to set with one click.
pub(super) struct Quick {
    /// The value that the button sends.
    pub value: String,
    pub emoji: String,
    pub name: String,
    pub shape: &'static str,
    pub word: String,
    pub lasts: String,
    /// The digit on the keyboard; empty for none.
    pub digit: String,
}

/// Returns the statuses of the team.
pub(super) fn of_team(visit: &Visit) -> Vec<Quick> {
    let words = visit.words;
    let page = Page {
        offset: 0,
        count: QUICK,
    };
    let statuses = custom_status::list(&visit.app, &StatusFilter::default(), page).items;
    let quick = |(place, status): (usize, &Arc<CustomStatus>)| Quick {
        value: format!("status-{}", status.id),
        emoji: status.emoji.as_ref().map(picture).unwrap_or_default(),
        name: status.name.to_string(),
        shape: status.status_type.as_str(),
        word: word(words, status.status_type).into_owned(),
        lasts: lasts(words, status.duration.map(DurationMinutes::get)),
        digit: if place < DIGITS {
            (place + 1).to_string()
        } else {
            String::new()
        },
    };
    statuses.iter().enumerate().map(quick).collect()
}

/// Returns a status that the user set before, to set it again.
pub(super) fn again(words: Words, place: usize, recent: &RecentStatus, digit: Option<String>) -> Quick {
    let (shape, status) = appearance(words, recent.status, recent.status);
    Quick {
        value: format!("recent-{place}"),
        emoji: recent.emoji.as_ref().map(picture).unwrap_or_default(),
        name: if recent.text.is_empty() {
            status.clone()
        } else {
            recent.text.to_string()
        },
        shape,
        word: status,
        lasts: lasts(words, None),
        digit: digit.unwrap_or_default(),
    }
}
