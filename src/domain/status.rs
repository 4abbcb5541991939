//! The four status types.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The presence part of a status. In JSON it is always in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
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
    pub const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Offline];

    /// Returns the word in requests and responses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// The error for a text that is not one of the four words in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of online, away, busy, offline")]
pub struct NotAStatusType;

impl FromStr for StatusType {
    type Err = NotAStatusType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(NotAStatusType)
    }
}

impl fmt::Display for StatusType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_words_in_lower_case_are_status_types() {
        for status in StatusType::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for text in ["Offline", "OFFLINE", "", " busy", "disabled"] {
            assert_eq!(text.parse::<StatusType>(), Err(NotAStatusType), "{text:?}");
        }
    }
}
