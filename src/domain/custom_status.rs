//! Custom statuses: a unique name over one of the four status types.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::{self, checked_text, composed};
use super::{CustomStatusId, Emoji, Fault, StatusType, Timestamp};

/// Most characters a name may have.
pub const NAME_CHARACTERS: usize = 120;

/// Characters that a name may not have, since clients put names into pages.
const FORBIDDEN: [char; 5] = ['>', '<', '&', '"', '\''];

/// A custom status: "caught up", busy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CustomStatus {
    /// Its identity.
    #[serde(rename = "_id")]
    pub id: CustomStatusId,
    /// What people see; unique.
    pub name: StatusName,
    /// What it says of presence.
    #[serde(rename = "statusType")]
    pub status_type: StatusType,
    /// The picture that goes with it. Rollcall's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<Emoji>,
    /// After how many minutes it ends when somebody sets it by its id. Rollcall's own.
    #[serde(rename = "durationMinutes", skip_serializing_if = "Option::is_none")]
    pub duration: Option<DurationMinutes>,
    /// When it was created or last changed.
    #[serde(rename = "_updatedAt")]
    pub updated_at: Timestamp,
}

/// How long a custom status lasts: 1 minute to 1 year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct DurationMinutes(u32);

impl DurationMinutes {
    /// A year, in minutes.
    pub const LONGEST: u32 = 366 * 24 * 60;

    /// Takes a number of minutes; none when it is 0 or more than a year.
    #[must_use]
    pub const fn new(minutes: u32) -> Option<Self> {
        match minutes {
            1..=Self::LONGEST => Some(Self(minutes)),
            _ => None,
        }
    }

    /// The number of minutes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// What somebody wants a custom status to be. Each field is parsed, or says what is wrong with it
/// when its turn comes: the contract fixes the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomStatusDraft {
    /// The name to have.
    pub name: Result<StatusName, Fault>,
    /// The status type to have.
    pub status_type: Result<StatusType, Fault>,
    /// The picture to have: none leaves what is there, empty takes it away.
    pub emoji: Option<Option<Emoji>>,
    /// The duration to have: none leaves what is there, empty takes it away.
    pub duration: Option<Option<DurationMinutes>>,
}

impl CustomStatusDraft {
    /// Takes the two texts of a request, blank ones as absent. `default` stands in for an absent
    /// status type; without it the type is required.
    #[must_use]
    pub fn parse(name: Option<&str>, status_type: Option<&str>, default: Option<StatusType>) -> Self {
        let required = |field| Fault::CustomStatusFieldRequired { field };
        let input = name.unwrap_or_default();
        Self {
            name: StatusName::parse(input).map_err(|error| match error {
                NotAStatusName::Empty => required("Name"),
                NotAStatusName::Invalid => Fault::CustomStatusNameInvalid { input: input.into() },
            }),
            status_type: match status_type.filter(|text| !text.is_empty()) {
                None => default.ok_or(required("StatusType")),
                Some(text) => text
                    .parse()
                    .map_err(|_| Fault::StatusTypeInvalid { input: text.into() }),
            },
            emoji: None,
            duration: None,
        }
    }

    /// The same with what goes with it when somebody sets it: an emoji, of which an empty text is none,
    /// and minutes, of which 0 are none.
    ///
    /// # Errors
    /// [`Fault::InvalidParams`] for what is no emoji, and for more than a year.
    pub fn with_defaults(self, emoji: Option<&str>, minutes: Option<u32>) -> Result<Self, Fault> {
        let emoji_of = |text: &str| match text {
            "" => Ok(None),
            text => Emoji::parse(text).map(Some),
        };
        let duration_of = |minutes| match DurationMinutes::new(minutes) {
            None if minutes > 0 => Err(Fault::invalid(
                format!("must be <= {}", DurationMinutes::LONGEST),
                "durationMinutes",
            )),
            duration => Ok(duration),
        };
        Ok(Self {
            emoji: emoji
                .map(emoji_of)
                .transpose()
                .map_err(|error| Fault::invalid(error.to_string(), "emoji"))?,
            duration: minutes.map(duration_of).transpose()?,
            ..self
        })
    }
}

/// The name of a custom status: trimmed, Unicode NFC, 1 to 120 characters, none of `> < & " '`,
/// no control characters. Two names that differ in case are two names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct StatusName(Arc<str>);

checked_text!(StatusName);

/// Why a text is no [`StatusName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAStatusName {
    /// Nothing is left after trimming.
    #[error("is empty")]
    Empty,
    /// It is too long or has a character that names may not have.
    #[error("has more than 120 characters, or one that names may not have")]
    Invalid,
}

impl StatusName {
    /// Takes a text as a name, by the rules of `custom-user-status.create.md`.
    ///
    /// # Errors
    /// [`NotAStatusName`] says whether the text is blank or not allowed.
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
            let required = Fault::CustomStatusFieldRequired { field: "StatusType" };
            assert_eq!(draft.status_type, Err(required));
            let draft = CustomStatusDraft::parse(Some("lunch"), absent, Some(StatusType::Away));
            assert_eq!(draft.status_type, Ok(StatusType::Away));
        }
    }

    #[test]
    fn a_wrong_status_type_is_quoted_as_it_came() {
        let draft = CustomStatusDraft::parse(Some("lunch"), Some("Offline"), Some(StatusType::Away));
        let invalid = Fault::StatusTypeInvalid {
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
