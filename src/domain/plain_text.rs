//! Texts from outside that are stored as they are, after a check.

use super::RequestError;
use super::text::{composed, is_invisible, is_plain_block, is_plain_line};

/// Composes and checks a text of one line. A text without visible characters becomes empty.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the field's name, for a forbidden character.
pub(crate) fn line(text: &str, field: &str) -> Result<String, RequestError> {
    taken(text, field, is_plain_line)
}

/// Composes and checks a text of several lines, as [`line()`] does.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the field's name, for a forbidden character.
pub(crate) fn block(text: &str, field: &str) -> Result<String, RequestError> {
    taken(text, field, is_plain_block)
}

fn taken(text: &str, field: &str, is_plain: fn(&str) -> bool) -> Result<String, RequestError> {
    let text = composed(text);
    if text
        .chars()
        .all(|character| is_invisible(character) && !character.is_control())
    {
        return Ok(String::new());
    }
    refuse_unless(is_plain(&text), field)?;
    Ok(text)
}

/// Refuses a text that is not plain. Used where Rocket.Chat's documentation has no message for that.
///
/// # Errors
/// [`RequestError::InvalidParams`] with the field's name.
pub(crate) fn refuse_unless(plain: bool, field: &str) -> Result<(), RequestError> {
    if plain {
        return Ok(());
    }
    Err(RequestError::invalid(
        "must NOT have control characters, change the direction of text, or be invisible",
        field,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_shows_as_nothing_is_empty_and_one_that_deceives_is_refused() {
        for text in ["", " ", "\u{200b}\u{202e}", "\u{200d}\u{feff} \u{3164}"] {
            assert_eq!(
                (line(text, "bio"), block(text, "bio")),
                (Ok(String::new()), Ok(String::new()))
            );
        }
        for text in ["a\u{202e}b", "a\0b", "\u{1b}"] {
            assert!(line(text, "bio").is_err() && block(text, "bio").is_err(), "{text:?}");
        }
        assert_eq!(block(" e\u{301}\n\tb ", "bio"), Ok("\u{e9}\n\tb".into()));
    }
}
