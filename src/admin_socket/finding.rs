//! The findings of a check.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::auth::KeyError;
use crate::store::Problem;

/// A problem found by a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Finding {
    /// A problem in the store.
    Store(Problem),
    /// A server could not use the file with the key that encrypts secrets.
    Key {
        /// The reason, and what to do about it.
        key_file: String,
    },
}

impl Finding {
    /// Returns all findings of a check.
    pub(super) fn all(problems: Vec<Problem>, key: Option<KeyError>) -> Vec<Self> {
        let key = key.map(|error| Self::Key {
            key_file: error.to_string(),
        });
        problems.into_iter().map(Self::Store).chain(key).collect()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(problem) => problem.fmt(out),
            Self::Key { key_file } => out.write_str(key_file),
        }
    }
}
