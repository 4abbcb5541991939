//! Sentences that explain an error, each with its language.

use std::borrow::Cow;
use std::fmt;

use askama::filters::{Escaper, Html, HtmlSafe};

use super::words::{Language, Words};

/// A sentence in the reader's language, or one of the server's own sentences, which are English.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sentence {
    text: String,
    /// `true` for an English sentence on a page in another language.
    is_foreign: bool,
}

impl Sentence {
    /// Returns one of the server's own sentences for a page with these words.
    pub(super) fn of_server(words: Words, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_foreign: words.language() != Language::English,
        }
    }

    /// Returns whether there is no sentence.
    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self {
            text,
            is_foreign: false,
        }
    }
}

impl From<Cow<'static, str>> for Sentence {
    fn from(text: Cow<'static, str>) -> Self {
        text.into_owned().into()
    }
}

/// Writes the sentence as HTML. A foreign sentence has its language around it, so that a screen reader pronounces it
/// correctly (WCAG 2.2, 3.1.2).
impl fmt::Display for Sentence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_foreign {
            return Html.write_escaped_str(out, &self.text);
        }
        out.write_str("<span lang=\"en\">")?;
        Html.write_escaped_str(&mut *out, &self.text)?;
        out.write_str("</span>")
    }
}

impl HtmlSafe for Sentence {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_foreign_sentence_names_its_language_and_every_one_is_escaped() {
        let of = |language| Sentence::of_server(Words::of(language), "must not be <b>").to_string();
        assert_eq!(of(Language::English), "must not be &#60;b&#62;");
        assert_eq!(of(Language::German), "<span lang=\"en\">must not be &#60;b&#62;</span>");
        assert_eq!(Sentence::from("Zu <kurz>".to_owned()).to_string(), "Zu &#60;kurz&#62;");
        assert!(Sentence::default().is_empty() && Sentence::default().to_string().is_empty());
    }
}
