//! Causes that are logged and never sent.

use std::fmt::Display;

use tracing::error;

use crate::auth::random;
use crate::domain::Fault;
use crate::store::CommitError;

/// Logs a defect and names it.
pub fn internal(cause: impl Display) -> Fault {
    Fault::Internal { incident: log(cause) }
}

/// What to answer when a change was not made for a reason that the operation did not foresee.
#[must_use]
pub fn store(error: CommitError) -> Fault {
    match error {
        CommitError::Unavailable => Fault::StoreUnavailable { incident: log(error) },
        CommitError::Conflict(_) => internal(error),
    }
}

fn log(cause: impl Display) -> String {
    let incident = format!("{:016x}", u64::from_be_bytes(random::bytes()));
    error!(incident, %cause, "a request failed for a reason that is not the caller's");
    incident
}
