//! The reasons why a configuration is refused.

use std::path::PathBuf;

use super::{SETTINGS, Source};

/// The error for a configuration that is refused. Its text names the place and the allowed values.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {cause}", path.display())]
    Unreadable {
        /// The path of the configuration file.
        path: PathBuf,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The configuration file is not valid TOML.
    #[error("the configuration file {} is not valid TOML: {cause}", path.display())]
    Malformed {
        /// The path of the configuration file.
        path: PathBuf,
        /// The message of the TOML parser.
        cause: String,
    },
    /// The configuration file has a key that is not a setting.
    #[error("the configuration file {} sets {key}, which is no setting; there are {}", path.display(), names())]
    Unknown {
        /// The path of the configuration file.
        path: PathBuf,
        /// The unknown key in the file.
        key: String,
    },
    /// A value in the configuration file has the wrong type.
    #[error(
        "{key} in the configuration file {} must be a text, a whole number or true or false; settings must be a table",
        path.display()
    )]
    NotAText {
        /// The path of the configuration file.
        path: PathBuf,
        /// The key of the wrong value.
        key: String,
    },
    /// A setting is given twice in one source: by two of its names, or as a value and in a file.
    #[error("{one} and {other} are both set: keep one of them")]
    Twice {
        /// The first of the two names or variables.
        one: String,
        /// The second of the two names or variables.
        other: String,
    },
    /// A variable has a name that is almost one of this server's.
    #[error("{variable} is no variable of this server: did you mean {meant}?")]
    NearMiss {
        /// The name of the variable that is set.
        variable: String,
        /// The known variable with the most similar name.
        meant: String,
    },
    /// The value of a variable is not UTF-8.
    #[error("the value of {variable} is not text in UTF-8: write it again as UTF-8")]
    NotUtf8 {
        /// The name of the variable.
        variable: String,
    },
    /// The file with a value cannot be read.
    #[error("cannot read the file {} that {variable} names: {cause}", path.display())]
    ValueFile {
        /// The variable that names the file.
        variable: String,
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The argument of `--set` is not `NAME=VALUE`.
    #[error("--set {text}: write NAME=VALUE, with the name of a setting of the running server")]
    NotAssigned {
        /// The argument as it was written.
        text: String,
    },
    /// A secret is set on the command line.
    #[error(
        "--set {name}: the command line shows a secret to every user of this machine; set {variable} or {variable}_FILE \
         in the environment, or write it into the table [settings] of the --config file"
    )]
    SecretFlag {
        /// The name of the setting.
        name: &'static str,
        /// The environment variable to use instead.
        variable: String,
    },
    /// The running server has no setting with this name.
    #[error("{name} (from {from}) is no setting of the running server; `rollcall config --all` lists them")]
    UnknownRunning {
        /// The unknown name of the setting.
        name: String,
        /// The source that has the name.
        from: Source,
    },
    /// A value is not allowed for its setting.
    #[error("{setting} (from {from}) {problem}")]
    Invalid {
        /// The name of the setting.
        setting: &'static str,
        /// The source of the value.
        from: Source,
        /// The problem with the value, as the end of a sentence.
        problem: String,
    },
    /// A setting is set, but another one that belongs to it is not.
    #[error("{given} is set but {missing} is not: set both, or neither")]
    Incomplete {
        /// The setting that has a value.
        given: &'static str,
        /// The setting that has none.
        missing: &'static str,
    },
}

fn names() -> String {
    let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    names.join(", ")
}
