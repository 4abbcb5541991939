//! How a command fails: a sentence on standard error and an exit code.

use std::process::ExitCode;

use crate::config::ConfigError;
use crate::local;
use crate::ops::opening::OpeningError;
use crate::server::StartError;

/// What a command failed of.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    code: u8,
}

/// It was asked for, and could not be done.
const FAILED: u8 = 1;

/// It was asked for wrongly.
const USAGE: u8 = 2;

/// The configuration is wrong (`EX_CONFIG` of sysexits.h).
const CONFIGURATION: u8 = 78;

impl Failure {
    /// It was asked for, and could not be done.
    pub(super) fn failed(sentence: impl Into<String>) -> Self {
        Self::new(FAILED, sentence.into())
    }

    /// It was asked for wrongly.
    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(USAGE, sentence.into())
    }

    /// The configuration is wrong.
    pub(super) fn configuration(sentence: impl Into<String>) -> Self {
        Self::new(CONFIGURATION, sentence.into())
    }

    const fn new(code: u8, sentence: String) -> Self {
        Self { sentence, code }
    }

    /// Prints the sentence, if there is one left to print, and gives the exit code.
    #[must_use]
    pub fn report(self) -> ExitCode {
        if !self.sentence.is_empty() {
            super::output::complain(&self.sentence);
        }
        ExitCode::from(self.code)
    }
}

/// What the parser of command lines has to say: help and version are no failures.
pub(super) fn of_parser(answer: &clap::Error) -> Result<(), Failure> {
    // A closed standard output is no reason to fail.
    let _ = answer.print();
    match answer.exit_code() {
        0 => Ok(()),
        _ => Err(Failure::usage("")),
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl From<local::Error> for Failure {
    fn from(error: local::Error) -> Self {
        match error {
            local::Error::Opening(error) => error.into(),
            other => Self::failed(other.to_string()),
        }
    }
}

impl From<OpeningError> for Failure {
    fn from(error: OpeningError) -> Self {
        match error {
            OpeningError::Key(error) => Self::configuration(error.to_string()),
            OpeningError::Setting { .. } => Self::configuration(error.to_string()),
            other => Self::failed(other.to_string()),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Opening(error) => error.into(),
            StartError::AdministratorPassword(_) => Self::configuration(error.to_string()),
            other => Self::failed(other.to_string()),
        }
    }
}
