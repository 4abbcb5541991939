//! The four status types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The presence part of a status. In JSON it is always in lower case.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[strum(parse_err_ty = NotAStatusType, parse_err_fn = not_a_status_type)]
pub enum StatusType {
    /// The user is here.
    Online,
    /// The user is connected, but not active.
    Away,
    /// The user is here and does not want to be disturbed.
    Busy,
    /// The user is not connected, or invisible.
    Offline,
}

impl StatusType {
    /// All status types, in the order of Rocket.Chat's documentation.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the word in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The error for a text that is not one of the four words in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of online, away, busy, offline")]
pub struct NotAStatusType;

const fn not_a_status_type(_: &str) -> NotAStatusType {
    NotAStatusType
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_words_in_lower_case_are_status_types() {
        for status in StatusType::ALL.iter().copied() {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for text in ["Offline", "OFFLINE", "", " busy", "disabled"] {
            assert_eq!(text.parse::<StatusType>(), Err(NotAStatusType), "{text:?}");
        }
    }
}
