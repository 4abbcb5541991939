//! First and last names, as the account page sends them (`custom-user-status.create.md`, account messages).

use super::{DisplayName, RequestError};

/// The minimum number of letters of a first name.
const FIRST_LETTERS: usize = 2;

/// The minimum number of letters of a last name.
const LAST_LETTERS: usize = 1;

/// Joins a first and a last name to a display name. Both may have letters of any script, with inner spaces,
/// hyphens and apostrophes.
///
/// # Errors
/// [`RequestError::FirstNameInvalid`] or [`RequestError::LastNameInvalid`] for the name that is not valid; [`RequestError::InvalidParams`]
/// if both together are too long.
pub(crate) fn full_name(first: &str, last: &str) -> Result<DisplayName, RequestError> {
    let (first, last) = (first.trim(), last.trim());
    if !is_name(first, FIRST_LETTERS) {
        return Err(RequestError::FirstNameInvalid);
    }
    if !is_name(last, LAST_LETTERS) {
        return Err(RequestError::LastNameInvalid);
    }
    Ok(DisplayName::parse(&format!("{first} {last}"))?)
}

fn is_name(text: &str, fewest: usize) -> bool {
    let inner = |character: char| matches!(character, ' ' | '-' | '\'' | '\u{2019}');
    // Some scripts write combining marks after letters.
    let mark = |character: char| unicode_normalization::char::is_combining_mark(character);
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    letters >= fewest
        && !text.starts_with(inner)
        && !text.ends_with(inner)
        && text
            .chars()
            .all(|character| character.is_alphabetic() || mark(character) || inner(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_make_a_display_name() {
        for (first, last, full) in [
            ("Ada", "Lovelace", "Ada Lovelace"),
            (" Jean-Luc ", "O'Neill", "Jean-Luc O'Neill"),
            ("Åse Marie", "Ø", "Åse Marie Ø"),
            ("小明", "王", "小明 王"),
            ("अनिता", "देसाई", "अनिता देसाई"),
        ] {
            assert_eq!(full_name(first, last).map(|name| name.to_string()), Ok(full.into()));
        }
    }

    #[test]
    fn digits_signs_and_short_names_are_refused_by_their_field() {
        for first in ["A", "", "R2", "Ada!", "-Ada", "Ada_"] {
            assert_eq!(
                full_name(first, "Lovelace"),
                Err(RequestError::FirstNameInvalid),
                "{first:?}"
            );
        }
        for last in ["", " ", "3", "L.", "Love-"] {
            assert_eq!(full_name("Ada", last), Err(RequestError::LastNameInvalid), "{last:?}");
        }
    }
}
