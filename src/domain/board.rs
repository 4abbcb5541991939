//! Boards for displays on a wall: links that show who is here, and nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::custom_fields::FIELD_NAME_CHARACTERS;
use super::{RequestError, RoleId, Timestamp, TokenHash, UserId, plain_text, text};

/// The maximum number of stored boards.
pub(crate) const MAX_BOARDS: u16 = 100;

/// The maximum number of people that a board shows.
pub(crate) const BOARD_PEOPLE: usize = 200;

/// The maximum length of a board's name, in characters.
pub(crate) const BOARD_NAME_CHARACTERS: usize = 120;

/// The maximum number of roles or values by which a board selects people.
pub(crate) const BOARD_SELECTORS: usize = 50;

/// The maximum length of a language tag, in bytes.
const LANGUAGE_BYTES: usize = 35;

/// A board for a display on a wall. The secret of its link is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// The number of its place in the store, below [`MAX_BOARDS`].
    pub place: u16,
    /// The SHA-256 of the link's secret.
    pub hash: TokenHash,
    /// The user who created it; `None` for the operator at the command line.
    pub creator: Option<UserId>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The name by which administrators know it.
    pub name: String,
    /// The people and the parts of them that it shows.
    pub content: BoardContent,
}

/// The people that a board shows, and the parts of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardContent {
    /// The people that it shows.
    pub people: BoardPeople,
    /// `true` if it shows texts, emoji and ends beside the statuses.
    pub texts: bool,
    /// `true` if it shows whole names; else only their first words.
    pub full_names: bool,
    /// The language of its words, as a language tag; `None` for the browser's language.
    pub language: Option<String>,
    /// The theme of its colours.
    pub theme: BoardTheme,
}

/// The people that a board shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardPeople {
    /// All active users.
    Everyone,
    /// The users who have one of these roles.
    Roles(Vec<RoleId>),
    /// The users who have one of these values in a public custom field.
    Field {
        /// The name of the field.
        name: String,
        /// The values, of which a user has one.
        values: Vec<String>,
    },
}

/// The colours of a board.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BoardTheme {
    /// Light text on a dark ground.
    #[default]
    Dark,
    /// Dark text on a light ground.
    Light,
    /// The choice of the display's system.
    System,
}

impl Board {
    /// Checks the name of a new board and returns it in its stored form.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] with the rule for names.
    pub fn parse_name(name: &str) -> Result<String, RequestError> {
        let name = plain_text::line(name, "name")?;
        if text::is_blank(&name) || name.chars().count() > BOARD_NAME_CHARACTERS {
            let words = format!("must have 1 to {BOARD_NAME_CHARACTERS} characters");
            return Err(RequestError::invalid(words, "name"));
        }
        Ok(name)
    }
}

impl BoardPeople {
    /// Checks a selection of people.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] if both roles and a field are named, a field has no values or values have no field, or
    /// a list or text is out of its bounds.
    pub fn parse(roles: &[String], field: Option<&str>, values: &[String]) -> Result<Self, RequestError> {
        refuse_many(roles.len(), "roles")?;
        refuse_many(values.len(), "values")?;
        match (roles.is_empty(), field) {
            (true, None) if values.is_empty() => Ok(Self::Everyone),
            (false, None) if values.is_empty() => Ok(Self::Roles(roles.iter().map(|role| RoleId::new(role)).collect())),
            (true, Some(name)) if !values.is_empty() => {
                let name = plain(name, "field")?;
                let values = values.iter().map(|value| plain(value, "values"));
                let values = values.collect::<Result<_, _>>()?;
                Ok(Self::Field { name, values })
            }
            (true, Some(_)) => Err(RequestError::invalid("must NOT have fewer than 1 items", "values")),
            (_, None) => Err(RequestError::invalid(
                "must name the custom field of the values",
                "field",
            )),
            (false, Some(_)) => Err(RequestError::invalid("must be absent when roles are given", "field")),
        }
    }
}

/// Checks a language tag, such as `de` or `pt-BR`.
///
/// # Errors
/// [`RequestError::InvalidParams`].
pub(crate) fn language(tag: &str) -> Result<String, RequestError> {
    let is_tag = tag.len() <= LANGUAGE_BYTES
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if is_tag {
        Ok(tag.to_owned())
    } else {
        Err(RequestError::invalid("must be a language tag, such as de", "language"))
    }
}

fn refuse_many(count: usize, field: &str) -> Result<(), RequestError> {
    if count > BOARD_SELECTORS {
        let words = format!("must NOT have more than {BOARD_SELECTORS} items");
        return Err(RequestError::invalid(words, field));
    }
    Ok(())
}

fn plain(typed: &str, field: &str) -> Result<String, RequestError> {
    let line = plain_text::line(typed, field)?;
    if line.chars().count() > FIELD_NAME_CHARACTERS {
        return Err(RequestError::too_long(FIELD_NAME_CHARACTERS, field));
    }
    if line.is_empty() {
        return Err(RequestError::invalid("must NOT be empty", field));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn people_are_selected_by_roles_or_by_one_field() {
        assert_eq!(BoardPeople::parse(&[], None, &[]), Ok(BoardPeople::Everyone));
        let roles = BoardPeople::parse(&texts(&["user"]), None, &[]);
        assert_eq!(roles, Ok(BoardPeople::Roles(vec![RoleId::new("user")])));
        let field = BoardPeople::parse(&[], Some("team"), &texts(&["Design", "Support"]));
        let (name, values) = ("team".to_owned(), texts(&["Design", "Support"]));
        assert_eq!(field, Ok(BoardPeople::Field { name, values }));
        assert!(BoardPeople::parse(&texts(&["user"]), Some("team"), &texts(&["Design"])).is_err());
        assert!(BoardPeople::parse(&[], Some("team"), &[]).is_err());
        assert!(BoardPeople::parse(&[], None, &texts(&["Design"])).is_err());
        assert!(BoardPeople::parse(&[], Some("team"), &texts(&[""])).is_err());
        assert!(BoardPeople::parse(&vec!["x".into(); BOARD_SELECTORS + 1], None, &[]).is_err());
    }

    #[test]
    fn a_language_is_a_tag() {
        assert_eq!(language("pt-BR"), Ok("pt-BR".into()));
        for wrong in ["", "-", "de_DE", "de-", "\u{202e}", "<b>", &"a-".repeat(20)] {
            assert!(language(wrong).is_err(), "{wrong}");
        }
    }
}
