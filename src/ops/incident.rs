//! Internal errors: their cause is logged and never sent to the client.

use std::fmt::Display;

use tracing::error;

use crate::auth::random;
use crate::domain::RequestError;
use crate::observe::RequestId;
use crate::store::CommitError;

/// Logs the cause of an internal error. Returns an error with the id of the log line.
pub(crate) fn internal(cause: impl Display) -> RequestError {
    RequestError::Internal { incident: log(cause) }
}

/// Converts an error of the store that the operation did not expect.
#[must_use]
pub(crate) fn store(error: CommitError) -> RequestError {
    match error {
        CommitError::Unavailable => RequestError::StoreUnavailable { incident: log(error) },
        // The writer logs these once, so that the log of a full disk does not fill it.
        CommitError::Full => RequestError::StoreFull,
        CommitError::ReadOnly => RequestError::StoreReadOnly,
        CommitError::Conflict(_) => internal(error),
        CommitError::TooLarge(_) => RequestError::InvalidParams {
            reason: format!("{error}: send less"),
            field: None,
        },
    }
}

fn log(cause: impl Display) -> String {
    // The id of the answer and of all other log lines of the request. Work outside of a request gets a random one.
    let incident = RequestId::current().map_or_else(
        || format!("{:016x}", u64::from_be_bytes(random::bytes())),
        |id| id.to_string(),
    );
    error!(incident, %cause, "a request failed for a reason that is not the caller's");
    incident
}
