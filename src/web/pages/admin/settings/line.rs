//! A setting on the page.

use super::groups;
use super::wanted::Wanted;
use crate::domain::setting::Control;
use crate::domain::{SearchTerm, SettingValue};
use crate::ops::settings::ShownSetting;
use crate::web::visit::Visit;

/// A value that the user can choose for a setting.
pub(super) struct SettingChoice {
    pub value: &'static str,
    pub name: String,
    pub chosen: bool,
}

/// A setting with its control.
pub(super) struct SettingLine {
    pub id: &'static str,
    /// The title in the reader's language; empty if the setting has only a description.
    pub title: String,
    pub about: String,
    /// The kind of control: `flag`, `number`, `choice`, `block`, `secret` or `line`.
    pub control: &'static str,
    /// The lowest value of a number. `most` is the highest value, and `step` is the distance between two values.
    pub least: String,
    pub most: String,
    pub step: &'static str,
    pub choices: Vec<SettingChoice>,
    pub is_on: bool,
    /// The value in the control; always empty for a secret.
    pub value: String,
    /// The text that an empty control shows.
    pub placeholder: String,
    /// The value in force, which the form sends back; always empty for a secret.
    pub shown: String,
    /// The reason why the setting cannot change while the server runs; empty if it can.
    pub fixed: String,
    pub may_change: bool,
    /// The default in words, if the setting has another value.
    pub default: Option<String>,
    /// The value in force in words, if the control has another value that was not saved.
    pub was: Option<String>,
    /// A text that says if the secret is set; `None` for other settings.
    pub secret: Option<String>,
    pub error: String,
}

impl SettingLine {
    pub(super) fn of(visit: &Visit, shown: &ShownSetting, wanted: &Wanted, may_edit: bool) -> Self {
        let (words, id, control) = (visit.words, shown.id, shown.id.control());
        // `ShownSetting` contains the address of the server if the public URL is empty. The control needs the value of the
        // setting.
        let value = visit.app.settings().value(id);
        let is_secret = control == Control::Secret;
        let in_force = if is_secret { String::new() } else { value.to_string() };
        let sent = wanted.sent(id).unwrap_or(&in_force).to_owned();
        let in_words = |value: &str| in_words(visit, control, value);
        let (least, most, step) = match control {
            Control::Number { least, most } => (least.to_string(), most.to_string(), "1"),
            Control::Decimal { most } => (String::new(), most.to_string(), "any"),
            _ => (String::new(), String::new(), ""),
        };
        let is_set = value != SettingValue::Text(String::new());
        Self {
            id: id.as_str(),
            title: groups::title(words, id).unwrap_or_default(),
            about: words.about(id),
            control: name(control),
            least,
            most,
            step,
            choices: choices(visit, control, &sent),
            is_on: sent == "true",
            placeholder: if is_secret {
                String::new()
            } else {
                shown.value.to_string()
            },
            fixed: shown.fixed.clone().unwrap_or_default(),
            may_change: may_edit && shown.fixed.is_none(),
            default: (value != id.default()).then(|| in_words(&id.default().to_string())),
            was: (sent != in_force && !is_secret).then(|| in_words(&in_force)),
            secret: is_secret.then(|| {
                let key = if is_set { "secret-set" } else { "secret-unset" };
                words.t(key).into_owned()
            }),
            error: wanted.error(id),
            value: if is_secret { String::new() } else { sent },
            shown: in_force,
        }
    }

    /// Returns whether a search finds the setting.
    pub(super) fn matches(&self, term: Option<&SearchTerm>) -> bool {
        let texts = [self.id, &self.title, &self.about];
        term.is_none_or(|term| texts.into_iter().any(|text| term.is_in(text)))
    }
}

const fn name(control: Control) -> &'static str {
    match control {
        Control::Flag => "flag",
        Control::Number { .. } | Control::Decimal { .. } => "number",
        Control::Choice(_) => "choice",
        Control::Line => "line",
        Control::Block => "block",
        Control::Secret => "secret",
    }
}

fn choices(visit: &Visit, control: Control, chosen: &str) -> Vec<SettingChoice> {
    let Control::Choice(choices) = control else {
        return Vec::new();
    };
    let choice = |value: &&'static str| SettingChoice {
        value,
        name: in_words(visit, control, value),
        chosen: *value == chosen,
    };
    choices.iter().map(choice).collect()
}

/// Returns a value in words.
fn in_words(visit: &Visit, control: Control, value: &str) -> String {
    let words = visit.words;
    match (control, value) {
        (Control::Flag, "true") => words.t("on").into_owned(),
        (Control::Flag, _) => words.t("off").into_owned(),
        (_, "") => words.t("setting-empty").into_owned(),
        (_, value) => value.to_owned(),
    }
}
