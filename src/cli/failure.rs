//! Failures of commands: a sentence for standard error, and an exit code.

use std::io;
use std::process::ExitCode;

use crate::admin_socket;
use crate::config::ConfigError;
use crate::ops::opening::OpeningError;
use crate::server::StartError;

/// The failure of a command.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    code: u8,
}

/// The exit code if the command could not be carried out.
const FAILED: u8 = 1;

/// The exit code if the command line is wrong.
const USAGE: u8 = 2;

/// The exit code if the reader of standard output has closed its end: as a shell reports a program that `SIGPIPE` ended.
const READER_GONE: u8 = 141;

/// The exit code if the configuration is wrong (`EX_CONFIG` of sysexits.h).
const CONFIGURATION: u8 = 78;

impl Failure {
    /// Returns a failure of a command that could not be carried out.
    pub(super) fn failed(sentence: impl Into<String>) -> Self {
        Self::new(FAILED, sentence.into())
    }

    /// Returns a failure of a wrong command line.
    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(USAGE, sentence.into())
    }

    /// Returns a failure of a wrong configuration.
    pub(super) fn configuration(sentence: impl Into<String>) -> Self {
        Self::new(CONFIGURATION, sentence.into())
    }

    /// Returns the failure of writing to standard output. A reader that has closed its end wants no sentence.
    pub(super) fn of_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(READER_GONE, String::new());
        }
        Self::failed(format!("cannot write to standard output: {error}"))
    }

    /// Returns the failure with a further clause.
    pub(super) fn and(self, clause: &str) -> Self {
        Self::new(self.code, format!("{}; {clause}", self.sentence))
    }

    const fn new(code: u8, sentence: String) -> Self {
        Self { sentence, code }
    }

    /// Returns the sentence.
    pub(super) fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Prints the sentence, unless it is empty, and returns the exit code.
    #[must_use]
    pub fn report(self) -> ExitCode {
        if !self.sentence.is_empty() {
            super::complaint::complain(&self.sentence);
        }
        ExitCode::from(self.code)
    }
}

/// Converts the answer of clap. `--help` and `--version` are not failures.
pub(super) fn of_parser(answer: &clap::Error) -> Result<(), Failure> {
    let printed = answer.print();
    match answer.exit_code() {
        0 => printed.map_err(|error| Failure::of_output(&error)),
        _ => Err(Failure::usage("")),
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl From<admin_socket::Error> for Failure {
    fn from(error: admin_socket::Error) -> Self {
        match error {
            admin_socket::Error::Opening(error) => error.into(),
            // Only standard output has a reader.
            admin_socket::Error::Unwritten { cause, .. } if cause.kind() == io::ErrorKind::BrokenPipe => {
                Self::of_output(&cause)
            }
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
            StartError::AdministratorPassword(_) | StartError::Tls(_) => Self::configuration(error.to_string()),
            other => Self::failed(other.to_string()),
        }
    }
}
