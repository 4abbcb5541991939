//! One line of `rollcall doctor`.

use std::fmt;

use serde::Serialize;

/// The result of one check.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Diagnosis {
    /// The name of the check, in one or two words.
    pub(super) check: &'static str,
    pub(super) state: DiagnosisState,
    /// The finding, as a sentence without a full stop.
    pub(super) found: String,
    /// The advice for the operator, as a sentence without a full stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

/// The result of a check in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(super) enum DiagnosisState {
    /// Nothing has to be done.
    Ok,
    /// It could not be checked here, and the text says why.
    Skipped,
    /// The server works, and something should be changed.
    Warning,
    /// The server does not work, or data is in danger.
    Problem,
}

impl Diagnosis {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, DiagnosisState::Ok, found.into(), None)
    }

    pub(super) fn skipped(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, DiagnosisState::Skipped, found.into(), None)
    }

    pub(super) fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, DiagnosisState::Warning, found.into(), Some(advice.into()))
    }

    pub(super) fn problem(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, DiagnosisState::Problem, found.into(), Some(advice.into()))
    }

    /// Returns a problem whose text already says what to do.
    pub(super) fn explained(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, DiagnosisState::Problem, found.into(), None)
    }

    fn new(check: &'static str, state: DiagnosisState, found: String, advice: Option<String>) -> Self {
        Self {
            check,
            state,
            found,
            advice,
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = <&str>::from(self.state);
        write!(out, "{state:<8} {}: {}", self.check, self.found)?;
        match &self.advice {
            Some(advice) => write!(out, "; {advice}"),
            None => Ok(()),
        }
    }
}
