//! Texts from outside: a macro for checked text types, limits for texts that are only stored or quoted, and safe output
//! on a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

/// Adds `restore`, `as_str` and `Display` to a newtype over `Arc<str>`.
macro_rules! checked_text {
    ($name:ident) => {
        impl $name {
            /// Restores a text that was checked before it was stored.
            pub(crate) fn restore(text: &str) -> Self {
                Self(text.into())
            }

            /// Returns the value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

pub(super) use checked_text;

/// Returns a text in its stored form: trimmed, in Unicode NFC.
#[must_use]
pub(crate) fn composed(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Returns the form for comparisons: texts that differ only in case, composition and surrounding white space have
/// the same form.
#[must_use]
pub(crate) fn folded(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Each letter is converted alone, because the lower case of a whole text depends on the ends of its words. The
    // result is composed again, because the lower case of a letter may be two characters.
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Returns whether the folded form of `text` equals `wanted`.
#[must_use]
pub(crate) fn folds_to(text: &str, wanted: &str) -> bool {
    if text.is_ascii() {
        text.trim().eq_ignore_ascii_case(wanted)
    } else {
        folded(text) == wanted
    }
}

/// The maximum number of characters of a caller's text that a response quotes.
pub(crate) const QUOTED_CHARACTERS: usize = 256;

/// Cuts a text at [`QUOTED_CHARACTERS`] for a quotation in a response.
#[must_use]
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARACTERS).collect()
}

/// A text from outside with at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoundedText<const MAX: usize>(String);

impl<const MAX: usize> BoundedText<MAX> {
    /// Checks the length of a text; returns `None` if it is too long.
    #[must_use]
    pub(crate) fn new(text: String) -> Option<Self> {
        (text.chars().take(MAX + 1).count() <= MAX).then_some(Self(text))
    }
}

impl<const MAX: usize> std::ops::Deref for BoundedText<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Parses a part of a URL path.
impl<const MAX: usize> std::str::FromStr for BoundedText<MAX> {
    type Err = TooLong;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.to_owned()).ok_or(TooLong)
    }
}

/// The error for a text that has more characters than its type allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long")]
pub(crate) struct TooLong;

/// Returns whether a character overrides or isolates the direction of the following text, so that readers see
/// the text reversed.
const fn turns_text(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns whether a terminal could act on a character instead of showing it: C0, DEL, C1, line separators and
/// all bidi controls.
fn acts_on_terminals(character: char) -> bool {
    character.is_control()
        || turns_text(character)
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

/// Returns whether a character is not visible.
pub(super) fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || turns_text(character)
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2060}'..='\u{2065}'
                | '\u{206a}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns whether a text has no visible character; also true for an empty text.
#[must_use]
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Returns whether a text of one line may be stored: without control characters and characters that change the
/// direction of text, and either empty or with at least one visible character.
#[must_use]
pub(crate) fn is_plain_line(text: &str) -> bool {
    !text.contains(|character: char| character.is_control() || turns_text(character))
        && (text.is_empty() || !is_blank(text))
}

/// Returns whether a text of several lines may be stored: like [`is_plain_line`], but with line ends and tabs.
#[must_use]
pub(crate) fn is_plain_block(text: &str) -> bool {
    let refused =
        |character: char| turns_text(character) || (character.is_control() && !matches!(character, '\n' | '\r' | '\t'));
    !text.contains(refused) && (text.trim().is_empty() || !is_blank(text))
}

/// Returns whether all texts in a JSON value may be stored: values as blocks, names of fields as lines.
#[must_use]
pub(crate) fn has_plain_texts(value: &Value) -> bool {
    match value {
        Value::String(text) => is_plain_block(text),
        Value::Array(items) => items.iter().all(has_plain_texts),
        Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| is_plain_line(name) && has_plain_texts(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Replaces characters that a line may not contain by spaces. A text without visible characters becomes empty.
#[must_use]
pub(crate) fn cleaned_line(text: &str) -> String {
    let replaced = |character: char| {
        if character.is_control() || turns_text(character) {
            ' '
        } else {
            character
        }
    };
    let cleaned: String = text.chars().map(replaced).collect();
    if is_blank(&cleaned) {
        String::new()
    } else {
        composed(&cleaned)
    }
}

/// Escapes a text for a terminal: each character that a terminal could act on is written in the form `\u{1b}`.
#[must_use]
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(acts_on_terminals) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts_on_terminals(character) {
            // Writing to a `String` never fails.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_is_taken_and_one_character_more_is_not() {
        assert_eq!(BoundedText::<3>::new("äöü".into()).as_deref(), Some("äöü"));
        assert_eq!(BoundedText::<3>::new("äöüx".into()), None);
        assert_eq!("abcd".parse::<BoundedText<3>>(), Err(TooLong));
    }

    #[test]
    fn a_quoted_text_is_cut() {
        assert_eq!(quoted("short"), "short");
        assert_eq!(quoted(&"ä".repeat(1000)).chars().count(), QUOTED_CHARACTERS);
    }

    #[test]
    fn what_a_terminal_could_act_on_is_escaped_and_the_rest_is_left() {
        assert_eq!(
            escaped("\u{1b}]0;x\u{7}\u{9b}2J\n\u{202e}\u{200f}\u{7f}"),
            "\\u{1b}]0;x\\u{7}\\u{9b}2J\\u{a}\\u{202e}\\u{200f}\\u{7f}"
        );
        for text in ["Åse 王小明 👩‍🚀 e\u{301}", "ab\\u{1b}", ""] {
            assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn overrides_controls_and_invisible_texts_are_not_plain() {
        for text in [
            "a\u{202e}b",
            "a\u{2066}b",
            "a\0b",
            "\u{200b}",
            "\u{200d}\u{feff}",
            "\u{3164}",
            "a\u{9b}b",
        ] {
            assert!(!is_plain_line(text) && !is_plain_block(text), "{text:?}");
        }
        for text in ["", "Åse", "👩‍🚀", "\u{200f}שלום", "a\u{200c}b"] {
            assert!(is_plain_line(text) && is_plain_block(text), "{text:?}");
        }
        assert!(!is_plain_line("a\nb") && is_plain_block("a\n\tb"));
    }

    #[test]
    fn case_composition_and_white_space_around_are_folded() {
        for text in ["Caf\u{c9}", " cafe\u{301}\n", "CAFE\u{301}"] {
            assert_eq!(folded(text), "caf\u{e9}", "{text:?}");
        }
        // A sigma at the end of a word is folded like any other sigma.
        assert_eq!(
            folded("\u{39f}\u{394}\u{39f}\u{3a3}"),
            folded("\u{3bf}\u{3b4}\u{3bf}\u{3a3}")
        );
        assert_eq!(folded(&folded("\u{130}stanbul")), folded("\u{130}stanbul"));
        assert_eq!(composed(" e\u{301} a "), "\u{e9} a");
    }

    #[test]
    fn a_line_is_cleaned_by_spaces() {
        assert_eq!(cleaned_line(" a\u{202e}b\nc\u{1b}d "), "a b c d");
        assert_eq!(cleaned_line("\u{200b}\u{2066}"), "");
    }
}
