//! Custom statuses: a unique name for one of the four status types.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text, composed};
use super::{CustomStatusId, Emoji, RequestError, StatusType, Timestamp};

/// The maximum length of a name, in characters.
pub const NAME_CHARACTERS: usize = 120;

/// The characters that a name may not have, because clients insert names into HTML pages.
const FORBIDDEN: [char; 5] = ['>', '<', '&', '"', '\''];

/// A custom status, for example "caught up" with the type `busy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CustomStatus {
    /// The id of the custom status.
    #[serde(rename = "_id")]
    pub id: CustomStatusId,
    /// The displayed name; unique among custom statuses.
    pub name: StatusName,
    /// The presence that is set with this status.
    #[serde(rename = "statusType")]
    pub status_type: StatusType,
    /// The emoji that is set together with the status. Only Rollcall has this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<Emoji>,
    /// The minutes after which the status ends, if it is set by its id. Only Rollcall has this field.
    #[serde(rename = "durationMinutes", skip_serializing_if = "Option::is_none")]
    pub duration: Option<DurationMinutes>,
    /// The time of the last change, or of the creation.
    #[serde(rename = "_updatedAt")]
    pub updated_at: Timestamp,
}

/// The duration of a custom status in minutes: 1 minute to 1 year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct DurationMinutes(u32);

impl DurationMinutes {
    /// The longest duration: 366 days, in minutes.
    pub const LONGEST: u32 = 366 * 24 * 60;

    /// Checks a number of minutes; returns `None` for 0 or more than a year.
    #[must_use]
    pub const fn new(minutes: u32) -> Option<Self> {
        match minutes {
            1..=Self::LONGEST => Some(Self(minutes)),
            _ => None,
        }
    }

    /// Returns the number of minutes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The requested values of a custom status. Each field is parsed, or contains its error for later, because the API
/// fixes the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomStatusDraft {
    /// The new name, or its error.
    pub name: Result<StatusName, RequestError>,
    /// The new status type, or its error.
    pub status_type: Result<StatusType, RequestError>,
    /// The new emoji: `None` changes nothing, `Some(None)` removes the emoji.
    pub emoji: Option<Option<Emoji>>,
    /// The new duration: `None` changes nothing, `Some(None)` removes the duration.
    pub duration: Option<Option<DurationMinutes>>,
}

impl CustomStatusDraft {
    /// Parses the two texts of a request. Blank texts count as absent. `default` replaces an absent status type;
    /// without it the type is required.
    #[must_use]
    pub fn parse(name: Option<&str>, status_type: Option<&str>, default: Option<StatusType>) -> Self {
        let required = |field| RequestError::CustomStatusFieldRequired { field };
        let input = name.unwrap_or_default();
        Self {
            name: StatusName::parse(input).map_err(|error| match error {
                NotAStatusName::Empty => required("Name"),
                NotAStatusName::Invalid => RequestError::CustomStatusNameInvalid { input: input.into() },
            }),
            status_type: match status_type.filter(|text| !text.is_empty()) {
                None => default.ok_or(required("StatusType")),
                Some(text) => text
                    .parse()
                    .map_err(|_| RequestError::StatusTypeInvalid { input: text.into() }),
            },
            emoji: None,
            duration: None,
        }
    }

    /// Adds the emoji and the minutes of a request. An empty emoji and 0 minutes remove the stored value.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] for a text that is not an emoji, and for more than a year.
    pub fn with_defaults(self, emoji: Option<&str>, minutes: Option<u32>) -> Result<Self, RequestError> {
        let emoji_of = |text: &str| match text {
            "" => Ok(None),
            text => Emoji::parse(text).map(Some),
        };
        let duration_of = |minutes| match DurationMinutes::new(minutes) {
            None if minutes > 0 => Err(RequestError::invalid(
                format!("must be <= {}", DurationMinutes::LONGEST),
                "durationMinutes",
            )),
            duration => Ok(duration),
        };
        Ok(Self {
            emoji: emoji
                .map(emoji_of)
                .transpose()
                .map_err(|error| RequestError::invalid(error.to_string(), "emoji"))?,
            duration: minutes.map(duration_of).transpose()?,
            ..self
        })
    }
}

/// The name of a custom status: trimmed, Unicode NFC, 1 to 120 characters, without `> < & " '` and control characters.
/// Names that differ only in case are different names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct StatusName(Arc<str>);

checked_text!(StatusName);

/// The reason why a text is not a [`StatusName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAStatusName {
    /// The text is empty after trimming.
    #[error("is empty")]
    Empty,
    /// The text is too long or has a forbidden character.
    #[error("has more than {NAME_CHARACTERS} characters, or one that names may not have")]
    Invalid,
}

impl StatusName {
    /// Parses a name, by the rules of `custom-user-status.create.md`.
    ///
    /// # Errors
    /// [`NotAStatusName`] with the reason: empty, or not allowed.
    pub fn parse(text: &str) -> Result<Self, NotAStatusName> {
        let trimmed = text.trim();
        if text::is_blank(trimmed) {
            return Err(NotAStatusName::Empty);
        }
        let name = composed(trimmed);
        if name.chars().count() > NAME_CHARACTERS || name.contains(FORBIDDEN) || !text::is_plain_line(&name) {
            return Err(NotAStatusName::Invalid);
        }
        Ok(Self(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_composed() {
        assert_eq!(
            StatusName::parse("  caught up\n").map(|name| name.to_string()),
            Ok("caught up".into())
        );
        assert_eq!(StatusName::parse("cafe\u{301}"), StatusName::parse("caf\u{e9}"));
        assert_ne!(StatusName::parse("Lunch"), StatusName::parse("lunch"));
        assert_eq!(StatusName::parse("\u{200b}"), Err(NotAStatusName::Empty));
        assert_eq!(StatusName::parse("a\u{202e}b"), Err(NotAStatusName::Invalid));
    }

    #[test]
    fn an_absent_status_type_is_required_unless_there_is_a_default() {
        for absent in [None, Some("")] {
            let draft = CustomStatusDraft::parse(Some("lunch"), absent, None);
            let required = RequestError::CustomStatusFieldRequired { field: "StatusType" };
            assert_eq!(draft.status_type, Err(required));
            let draft = CustomStatusDraft::parse(Some("lunch"), absent, Some(StatusType::Away));
            assert_eq!(draft.status_type, Ok(StatusType::Away));
        }
    }

    #[test]
    fn a_wrong_status_type_is_quoted_as_it_came() {
        let draft = CustomStatusDraft::parse(Some("lunch"), Some("Offline"), Some(StatusType::Away));
        let invalid = RequestError::StatusTypeInvalid {
            input: "Offline".into(),
        };
        assert_eq!(draft.status_type, Err(invalid));
    }

    #[test]
    fn a_blank_name_is_empty() {
        for text in ["", " ", "\t\u{a0}\n"] {
            assert_eq!(StatusName::parse(text), Err(NotAStatusName::Empty), "{text:?}");
        }
    }

    #[test]
    fn forbidden_and_control_characters_are_refused() {
        for text in ["a>b", "<b>", "a&b", "say \"hi\"", "it's", "a\u{0}b", "a\nb"] {
            assert_eq!(StatusName::parse(text), Err(NotAStatusName::Invalid), "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_after_composition() {
        assert!(StatusName::parse(&"é".repeat(120)).is_ok());
        assert!(StatusName::parse(&"e\u{301}".repeat(120)).is_ok());
        assert_eq!(StatusName::parse(&"a".repeat(121)), Err(NotAStatusName::Invalid));
    }
}
