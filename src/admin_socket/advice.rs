//! Advice for users of the command line about an error.

use crate::domain::RequestError;

/// Returns the text of an error for a user of the command line, with every broken rule and what to do about it.
#[must_use]
pub(crate) fn explained(error: &RequestError) -> String {
    match error {
        RequestError::PasswordPolicy { broken } => {
            let rules: Vec<_> = broken.iter().map(|rule| rule.message.as_str()).collect();
            format!(
                "{error} {} Choose a longer password of several uncommon words, or change the rules: the settings \
                 Accounts_Password_Policy_*",
                rules.join(" ")
            )
        }
        RequestError::TokenNotFound { .. } => format!("{error}; list them with `rollcall token list`"),
        other => other.to_string(),
    }
}
