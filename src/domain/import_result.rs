//! The choices and the results of an import.

use serde::{Deserialize, Serialize};

/// The result of an import for a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineOutcome {
    /// The object was created.
    Created,
    /// The object is there, and equal.
    Same,
    /// The object was there with other values, and now has those of the line.
    Updated,
    /// The object is there with other values in these fields, and was not changed.
    Differs(Vec<String>),
    /// The line was left out for this reason.
    LeftOut(String),
}

/// The result of an import for a line and the parts of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineReport {
    /// The result for the object.
    pub outcome: LineOutcome,
    /// The parts of the object that were left out, each with the reason.
    pub notes: Vec<String>,
}

impl From<LineOutcome> for LineReport {
    fn from(outcome: LineOutcome) -> Self {
        Self {
            outcome,
            notes: Vec::new(),
        }
    }
}

/// The choices of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportMode {
    /// True to change objects that are there with other values.
    pub update: bool,
    /// True to change nothing, and to report what an import would do.
    pub dry_run: bool,
}
