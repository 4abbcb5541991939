//! Attempts of an import while a queue of the server is full.

use std::time::Duration;

use crate::domain::RequestError;

/// The pause before the next attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Repeats an attempt until its queue has room. Logins and uploads of users have priority.
///
/// # Errors
/// The errors of the attempt, without [`RequestError::Overloaded`].
pub(super) async fn while_overloaded<T, F>(attempt: impl Fn() -> F) -> Result<T, RequestError>
where
    F: Future<Output = Result<T, RequestError>>,
{
    loop {
        match attempt().await {
            Err(RequestError::Overloaded { .. }) => tokio::time::sleep(RETRY_PAUSE).await,
            outcome => return outcome,
        }
    }
}
