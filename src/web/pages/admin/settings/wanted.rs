//! The content of a form with settings that was sent.

use std::collections::BTreeMap;

use crate::domain::setting::Control;
use crate::domain::{RequestError, SettingId, SettingValue};
use crate::web::pages::forms;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The content of a form that was sent. It has no `Debug`, because a text may be a secret.
#[derive(Default)]
pub(super) struct Wanted {
    /// The text of each control.
    sent: BTreeMap<SettingId, String>,
    /// The values to store.
    pub values: Vec<(String, SettingValue)>,
    /// The errors of single settings, by their names.
    errors: BTreeMap<&'static str, String>,
    /// The error of the whole form; empty if there is none.
    pub problem: Sentence,
}

impl Wanted {
    /// Reads a form. If the form sends a setting as the page showed it, the setting does not change. So it keeps the
    /// value that another administrator may have set in the meantime.
    pub(super) fn of(visit: &Visit) -> Self {
        let form = &visit.form;
        let mut wanted = Self::default();
        for id in SettingId::ALL.iter().copied() {
            let Some(shown) = form.shown(id.as_str()) else {
                continue;
            };
            let control = id.control();
            let is_reset = form.text("reset") == id.as_str();
            let sent = match control {
                _ if is_reset => id.default().to_string(),
                Control::Flag => form.has(id.as_str()).to_string(),
                _ => form.block(id.as_str()),
            };
            let is_same = sent == shown;
            // An empty field of a secret does not change the secret.
            if !is_same || (is_reset && control == Control::Secret) {
                match id.parse(&sent) {
                    Ok(value) => wanted.values.push((id.to_string(), value)),
                    Err(problem) => drop(wanted.errors.insert(id.as_str(), problem)),
                }
            }
            wanted.sent.insert(id, sent);
        }
        wanted
    }

    /// Returns the text of a control, if the form contained it.
    pub(super) fn sent(&self, id: SettingId) -> Option<&str> {
        self.sent.get(&id).map(String::as_str)
    }

    /// Returns the error of a setting; empty if there is none.
    pub(super) fn error(&self, id: SettingId) -> String {
        self.errors.get(id.as_str()).cloned().unwrap_or_default()
    }

    pub(super) fn is_right(&self) -> bool {
        self.errors.is_empty() && self.problem.is_empty()
    }

    /// Adds the reason why the settings were refused.
    ///
    /// # Errors
    /// The error, if the form did not cause it.
    pub(super) fn refused(mut self, visit: &Visit, error: RequestError) -> Result<Self, RequestError> {
        match error {
            RequestError::SettingInvalid { setting, problem } => drop(self.errors.insert(setting, problem)),
            RequestError::SettingFixed { .. }
            | RequestError::BeyondAuthority { .. }
            | RequestError::InvalidParams { .. } => {
                self.problem = forms::explained(visit.words, &error).1;
            }
            error => return Err(error),
        }
        Ok(self)
    }
}
