//! The form for the language, the colours, and the time after which the user is away.

use serde_json::{Map, Value};

use super::{Section, refused, saved};
use crate::domain::RequestError;
use crate::ops::calls::CallRate;
use crate::ops::profile;
use crate::web::note::Note;
use crate::web::reply::PageOutcome;
use crate::web::visit::Visit;
use crate::web::words::Language;

/// The times without input that the page offers, in minutes.
const IDLE_MINUTES: [u64; 5] = [1, 5, 10, 30, 60];

/// The theme that follows the device.
const AUTO: &str = "auto";

/// A value that the user can choose.
pub(super) struct LookChoice {
    pub value: String,
    pub words: String,
    pub chosen: bool,
}

pub(super) struct Look {
    /// The languages, each with its name in its own language.
    pub languages: Vec<LookChoice>,
    pub idle: Vec<LookChoice>,
    pub themes: Vec<LookChoice>,
}

impl Look {
    /// Returns the fields of the form with the values that the page shows.
    pub(super) fn shown(&self) -> [(&'static str, &str); 3] {
        [
            ("language", chosen(&self.languages)),
            ("theme", chosen(&self.themes)),
            ("idle", chosen(&self.idle)),
        ]
    }
}

impl Look {
    pub(super) fn of(visit: &Visit) -> Result<Self, RequestError> {
        let (words, preferences) = (visit.words, &visit.caller()?.user.preferences);
        let chosen = preferences.chosen();
        let text = |name: &str| chosen.get(name).and_then(Value::as_str).unwrap_or_default();
        let language = Language::tagged(text("language"))
            .map(Language::tag)
            .unwrap_or_default();
        let choice = |value: &str, words: String, now: &str| LookChoice {
            value: value.to_owned(),
            words,
            chosen: value == now,
        };
        let mut languages = vec![choice("", words.t("language-browser").into_owned(), language)];
        languages.extend(
            Language::ALL
                .iter()
                .copied()
                .map(|one| choice(one.tag(), one.own_name().to_owned(), language)),
        );
        let theme = match text("themeAppearence") {
            known @ ("light" | "dark") => known,
            _ => AUTO,
        };
        let themes = [
            choice(AUTO, words.t("theme-device").into_owned(), theme),
            choice("light", words.t("theme-light").into_owned(), theme),
            choice("dark", words.t("theme-dark").into_owned(), theme),
        ];
        Ok(Self {
            languages,
            idle: idle(visit, &preferences.effective()),
            themes: themes.into(),
        })
    }
}

/// Returns the value that is chosen.
fn chosen(choices: &[LookChoice]) -> &str {
    let chosen = choices.iter().find(|choice| choice.chosen);
    chosen.map_or("", |choice| choice.value.as_str())
}

fn idle(visit: &Visit, preferences: &Map<String, Value>) -> Vec<LookChoice> {
    let is_on = preferences.get("enableAutoAway") != Some(&Value::Bool(false));
    let seconds = preferences.get("idleTimeLimit").and_then(Value::as_u64);
    let now = seconds.filter(|_| is_on).map(|seconds| seconds.div_ceil(60));
    let mut minutes = IDLE_MINUTES.to_vec();
    // A program may have set a time that the page does not offer.
    minutes.extend(now.filter(|now| !IDLE_MINUTES.contains(now)));
    minutes.sort_unstable();
    let line = |count: u64| LookChoice {
        value: count.to_string(),
        words: visit.words.say("idle-minutes", &[("count", count.into())]),
        chosen: now == Some(count),
    };
    let never = LookChoice {
        value: String::new(),
        words: visit.words.t("idle-never").into_owned(),
        chosen: now.is_none(),
    };
    minutes.into_iter().map(line).chain([never]).collect()
}

pub(super) async fn send(visit: Visit) -> PageOutcome {
    visit.count("POST users.setPreferences", CallRate::Default)?;
    let changes = changes(&visit)?;
    if changes.is_empty() {
        return saved(&visit, Section::Look, Note::ProfileSaved);
    }
    let id = visit.caller()?.user.id.clone();
    match profile::set_preferences(&visit.app, &visit.actor()?, &id, changes).await {
        Ok(_) => saved(&visit, Section::Look, Note::ProfileSaved),
        Err(error) => refused(&visit, Section::Look, error),
    }
}

/// Returns the preferences that the user changed on the page.
fn changes(visit: &Visit) -> Result<Map<String, Value>, RequestError> {
    let (form, now) = (&visit.form, Look::of(visit)?);
    let is_changed = |name: &str, choices: &[LookChoice]| form.changed(name, chosen(choices)).is_some();
    let mut changes = Map::new();
    if is_changed("language", &now.languages) {
        let language = form.given("language").map_or(Value::Null, Value::from);
        changes.insert("language".into(), language);
    }
    if is_changed("theme", &now.themes) {
        changes.insert("themeAppearence".into(), form.given("theme").unwrap_or(AUTO).into());
    }
    if is_changed("idle", &now.idle) {
        let minutes = form.text("idle").parse::<u64>().ok();
        changes.insert("enableAutoAway".into(), minutes.is_some().into());
        if let Some(minutes) = minutes {
            changes.insert("idleTimeLimit".into(), minutes.saturating_mul(60).into());
        }
    }
    Ok(changes)
}
