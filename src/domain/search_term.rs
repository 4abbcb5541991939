//! Search terms that people type.

use super::text::folded;

/// A text to search for: trimmed, Unicode NFC, in lower case, never blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchTerm(Box<str>);

impl SearchTerm {
    /// Parses a typed text; returns `None` for a blank one.
    #[must_use]
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        if super::text::is_blank(typed) {
            return None;
        }
        Some(Self(folded(typed).into()))
    }

    /// Returns the text, to search in folded texts.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a text that is not folded contains the term.
    #[must_use]
    pub(crate) fn is_in(&self, text: &str) -> bool {
        folded(text).contains(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_composition_and_blanks_around_it_do_not_matter() {
        for typed in ["CAF\u{c9}", " cafe\u{301} ", "caf\u{e9}"] {
            let term = SearchTerm::parse(typed).expect("a term");
            assert!(term.is_in("Le Cafe\u{301}") && !term.is_in("cafe"), "{typed}");
        }
        assert_eq!(SearchTerm::parse(" \u{200b}"), None);
    }
}
