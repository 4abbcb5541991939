//! The meter of logins.

use prometheus::{IntCounter, IntCounterVec};

use super::instrument::counters;

/// The result of a login, by the API, a socket or the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// The user is logged in.
    Succeeded,
    /// The name, the password, the token or the code was wrong.
    Failed,
    /// The address or the user is blocked after too many failures.
    Blocked,
    /// Too many logins wait or were made.
    Busy,
    /// The password was right, and the login was refused for another reason, such as a missing code.
    Refused,
}

impl LoginResult {
    const ALL: [Self; 5] = [Self::Succeeded, Self::Failed, Self::Blocked, Self::Busy, Self::Refused];

    const fn label(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Busy => "busy",
            Self::Refused => "refused",
        }
    }
}

/// Counts logins by their results.
#[derive(Debug)]
pub struct LoginMeter {
    pub(super) all: IntCounterVec,
    by_result: [IntCounter; LoginResult::ALL.len()],
}

impl LoginMeter {
    pub(super) fn new() -> Self {
        let help = "Logins with a password or a token, by result: succeeded, failed, blocked, busy, refused.";
        let all = counters("rollcall_logins_total", help, &["result"]);
        Self {
            by_result: LoginResult::ALL.map(|result| all.with_label_values(&[result.label()])),
            all,
        }
    }

    /// Counts a login.
    pub fn count(&self, result: LoginResult) {
        let place = LoginResult::ALL.iter().position(|known| *known == result);
        if let Some(counter) = place.and_then(|place| self.by_result.get(place)) {
            counter.inc();
        }
    }
}
