//! The value of a setting, and its source.

use std::fmt;
use std::path::PathBuf;

use super::StartSetting;

/// The value of one setting.
pub(crate) struct Value {
    /// The setting to which the value belongs.
    pub setting: &'static StartSetting,
    /// The value as text; `None` if it is not set and has no default.
    pub text: Option<String>,
    /// The source of the value.
    pub source: Source,
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} from {}", self.setting.name, self.source)
    }
}

impl Value {
    /// Returns the value for display; secrets are replaced with `(hidden)`.
    #[must_use]
    pub(crate) fn shown(&self) -> Option<&str> {
        let text = self.text.as_deref()?;
        Some(if self.setting.secret { "(hidden)" } else { text })
    }
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line, by name.
    Flag(String),
    /// An environment variable, by name.
    Environment(String),
    /// The configuration file, by path.
    File(PathBuf),
    /// The default value, because no source has one.
    Default,
}

impl Source {
    /// Returns the rank of the source. A source with a smaller rank wins.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Environment(_) => 1,
            Self::File(_) => 2,
            Self::Default => 3,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(out, "flag --{name}"),
            Self::Environment(name) => write!(out, "environment {name}"),
            Self::File(path) => write!(out, "file {}", path.display()),
            Self::Default => out.write_str("default"),
        }
    }
}
