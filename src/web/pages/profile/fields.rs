//! The form with the custom fields of the user.

use serde_json::{Map, Value};

use super::{Section, Shown, refused, saved};
use crate::domain::{CustomFieldChanges, RequestError, SettingId, User};
use crate::ops::calls::CallRate;
use crate::ops::own_profile;
use crate::ops::profile_edit::ProfileEdit;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;

/// The prefix of the fields of the form.
const PREFIX: &str = "field:";

/// A custom field.
pub(in crate::web::pages) struct FieldLine {
    pub name: String,
    pub value: String,
    /// The value that the page showed; `None` for a new account.
    pub shown: Option<String>,
    pub required: bool,
    /// The maximum length in characters; 0 for no limit.
    pub most: usize,
    /// The values that the user can choose; empty for a field with free text.
    pub options: Vec<String>,
}

pub(super) struct FieldsPart {
    pub problem: Sentence,
    pub lines: Vec<FieldLine>,
}

impl FieldsPart {
    pub(super) fn of(visit: &Visit, shown: &Shown) -> Result<Self, RequestError> {
        let wrong = shown.of(Section::Fields);
        let user = Some(&*visit.caller()?.user);
        Ok(Self {
            problem: wrong.map(|wrong| wrong.rest(&[])).unwrap_or_default(),
            lines: if wrong.is_some() {
                sent_lines(visit, user)
            } else {
                lines(visit, user)
            },
        })
    }
}

/// Returns the custom fields of a user: those that the setting defines. Without a definition, returns the texts that
/// the user has, and the team.
pub(in crate::web::pages) fn lines(visit: &Visit, user: Option<&User>) -> Vec<FieldLine> {
    let settings = visit.app.settings();
    let none = Map::new();
    let now = user.map_or(&none, |user| &user.profile.custom_fields);
    let text = |name: &str| now.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rules = settings.custom_fields();
    let defined: Vec<_> = rules.fields().collect();
    if !defined.is_empty() {
        let line = |(name, rule): (&str, &crate::domain::custom_fields::FieldRule)| FieldLine {
            value: text(name),
            shown: user.map(|_| text(name)),
            name: name.to_owned(),
            required: rule.required,
            most: rule.max_characters.unwrap_or_default(),
            options: rule.options.clone().unwrap_or_default(),
        };
        return defined.into_iter().map(line).collect();
    }
    let team = settings.text(SettingId::TeamField);
    let mut names: Vec<_> = now
        .iter()
        .filter(|(_, value)| value.is_string())
        .map(|(name, _)| name.clone())
        .collect();
    if !team.is_empty() && !now.contains_key(&team) {
        names.push(team);
    }
    let line = |name: String| FieldLine {
        value: text(&name),
        shown: user.map(|_| text(&name)),
        name,
        required: false,
        most: 0,
        options: Vec::new(),
    };
    names.into_iter().map(line).collect()
}

/// Returns the name of a custom field in a form.
pub(in crate::web::pages) fn name_of(line: &FieldLine) -> String {
    format!("{PREFIX}{}", line.name)
}

/// Returns the same fields with the values that a form sent.
pub(in crate::web::pages) fn sent_lines(visit: &Visit, user: Option<&User>) -> Vec<FieldLine> {
    let mut lines = lines(visit, user);
    for line in &mut lines {
        let name = name_of(line);
        visit.form.text(&name).clone_into(&mut line.value);
        line.shown = line.shown.take().map(|now| visit.form.shown(&name).unwrap_or(now));
    }
    lines
}

/// Returns the changes of a form. An empty text removes a field.
///
/// # Errors
/// The errors of [`CustomFieldChanges::parse`].
pub(in crate::web::pages) fn changes(
    visit: &Visit,
    user: Option<&User>,
) -> Result<Option<CustomFieldChanges>, RequestError> {
    let mut changes = Map::new();
    for line in lines(visit, user) {
        let name = name_of(&line);
        if !visit.form.has(&name) {
            continue;
        }
        if let Some(value) = visit.form.changed(&name, &line.value) {
            let value = value.trim();
            let value = if value.is_empty() { Value::Null } else { value.into() };
            changes.insert(line.name, value);
        }
    }
    CustomFieldChanges::parse_update(Some(changes))
}

pub(super) async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.updateOwnBasicInfo", CallRate::Default)?;
    match change(&visit).await {
        Ok(()) => saved(&visit, Section::Fields, Note::ProfileSaved),
        Err(error) => refused(&visit, Section::Fields, error),
    }
}

async fn change(visit: &Visit) -> Result<(), RequestError> {
    let caller = visit.caller()?;
    let edit = ProfileEdit {
        custom_fields: changes(visit, Some(&caller.user))?,
        ..ProfileEdit::default()
    };
    own_profile::update(&visit.app, caller, edit, None, None)
        .await
        .map(drop)
}
