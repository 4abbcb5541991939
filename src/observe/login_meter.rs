//! The meter of logins.

use prometheus::{IntCounter, IntCounterVec};
use strum::VariantArray;

use super::instrument::counters;

/// The result of a login, by the API, a socket or the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
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

/// Counts logins by their results.
#[derive(Debug)]
pub struct LoginMeter {
    pub(super) all: IntCounterVec,
    by_result: Vec<IntCounter>,
}

impl LoginMeter {
    pub(super) fn new() -> Self {
        let help = "Logins with a password or a token, by result: succeeded, failed, blocked, busy, refused.";
        let all = counters("rollcall_logins_total", help, &["result"]);
        Self {
            by_result: LoginResult::VARIANTS
                .iter()
                .map(|result| all.with_label_values(&[<&str>::from(result)]))
                .collect(),
            all,
        }
    }

    /// Counts a login.
    pub fn count(&self, result: LoginResult) {
        if let Some(counter) = self.by_result.get(result as usize) {
            counter.inc();
        }
    }
}
