//! The parts of a line that an import leaves out.

use std::fmt::Display;

use crate::domain::{Timestamp, moment_of_field};

/// Maximum notes of a line. The others are counted.
const NOTES: usize = 20;

/// The parts of a line that were left out, each with the reason.
#[derive(Debug, Default, Clone)]
pub(super) struct Notes {
    words: Vec<String>,
    more: usize,
}

impl Notes {
    /// Adds a part that was left out.
    pub(super) fn add(&mut self, part: &str, reason: impl Display) {
        if self.words.len() < NOTES {
            self.words.push(format!("{part}: {reason}"));
        } else {
            self.more += 1;
        }
    }

    /// Returns the value of a part, or notes the reason why it is left out.
    pub(super) fn take<T, E: Display>(&mut self, part: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|reason| self.add(part, reason)).ok()
    }

    /// Parses a time of the past. `now` replaces a time in the future.
    pub(super) fn past(&mut self, text: Option<String>, part: &str, now: Timestamp) -> Option<Timestamp> {
        let parsed = self.take(part, moment_of_field(&text?, part))?;
        if parsed > now {
            self.add(part, "is in the future: the import uses the current time");
            return Some(now);
        }
        Some(parsed)
    }

    /// Returns all notes as texts.
    pub(super) fn into_texts(mut self) -> Vec<String> {
        if self.more > 0 {
            self.words.push(format!("and {} more parts", self.more));
        }
        self.words
    }
}
