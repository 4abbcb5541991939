//! Preferences that clients store for their users.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::text::quoted;
use super::utc_offset::{LEAST_HOURS, MOST_HOURS};
use super::{RequestError, UtcOffset, plain_text, text};

/// The maximum size of a user's preferences as JSON, in bytes.
pub const PREFERENCES_BYTES: usize = 64 * 1024;

/// The minimum number of seconds without input after which a client may set its user away (`api.md` §5.5).
pub const IDLE_SECONDS: u64 = 60;

/// The type of a preference, which limits its values.
#[derive(Debug, Clone, Copy)]
pub enum PreferenceKind {
    /// A boolean: true or false.
    Flag,
    /// A number without limits.
    Number,
    /// A text without limits of its own.
    Text,
    /// One word from this list.
    Choice(&'static [&'static str]),
    /// A whole number of seconds, at least [`IDLE_SECONDS`].
    IdleSeconds,
    /// A number that is a valid [`UtcOffset`].
    UtcOffset,
    /// A list of texts.
    Texts,
    /// A list of questions that clients do not ask again, each with `action` and `label`.
    Questions,
    /// A list of features of a client, each with `name` and `value`.
    Features,
}

use PreferenceKind::{Choice, Features, Flag, IdleSeconds, Number, Questions, Text, Texts};

/// The known preferences: those of Rocket.Chat's schema for `users.setPreferences` and of its method
/// `saveUserPreferences`, those that its newer clients send, and `utcOffset`.
const KNOWN: &[(&str, PreferenceKind)] = &[
    ("alsoSendThreadToChannel", Choice(&["default", "always", "never"])),
    ("audioNotifications", Text),
    ("autoImageLoad", Flag),
    ("clockMode", Number),
    ("collapseMediaByDefault", Flag),
    ("convertAsciiEmoji", Flag),
    ("desktopNotificationDuration", Number),
    ("desktopNotificationRequireInteraction", Flag),
    ("desktopNotificationVoiceCalls", Flag),
    ("desktopNotifications", Text),
    ("displayAvatars", Flag),
    ("dontAskAgainList", Questions),
    ("emailNotificationMode", Text),
    ("enableAutoAway", Flag),
    ("enableMobileRinging", Flag),
    ("featuresPreview", Features),
    ("fontSize", Text),
    ("hideAvatars", Flag),
    ("hideFlexTab", Flag),
    ("hideRoles", Flag),
    ("hideUsernames", Flag),
    ("highlights", Texts),
    ("idleTimeLimit", IdleSeconds),
    ("language", Text),
    ("masterVolume", Number),
    ("mentionsWithSymbol", Flag),
    ("messageViewMode", Number),
    ("mobileNotifications", Text),
    ("muteFocusedConversations", Flag),
    ("newMessageNotification", Text),
    ("newRoomNotification", Text),
    ("notificationsSoundVolume", Number),
    ("notifyCalendarEvents", Flag),
    ("omnichannelHideConversationAfterClosing", Flag),
    ("omnichannelTranscriptEmail", Flag),
    ("omnichannelTranscriptPDF", Flag),
    ("pushNotifications", Text),
    ("receiveLoginDetectionEmail", Flag),
    ("roomCounterSidebar", Flag),
    ("saveMobileBandwidth", Flag),
    ("sendOnEnter", Text),
    ("showThreadsInMainChannel", Flag),
    ("sidebarDisplayAvatar", Flag),
    ("sidebarGroupByType", Flag),
    ("sidebarSectionsOrder", Texts),
    ("sidebarShowFavorites", Flag),
    ("sidebarShowUnread", Flag),
    ("sidebarSortby", Text),
    ("sidebarViewMode", Text),
    ("themeAppearence", Text),
    ("unreadAlert", Flag),
    ("useEmojis", Flag),
    ("useLegacyMessageTemplate", Flag),
    ("utcOffset", PreferenceKind::UtcOffset),
    ("voipRingerVolume", Number),
];

impl PreferenceKind {
    /// Returns all known preferences with their types.
    pub fn known() -> impl Iterator<Item = (&'static str, Self)> {
        KNOWN.iter().copied()
    }

    fn of(name: &str) -> Option<Self> {
        Self::known().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    /// Refuses a value that does not have this type.
    fn check(self, name: &str, value: &Value) -> Result<(), RequestError> {
        let words: String = match self {
            Flag if !value.is_boolean() => "must be boolean".into(),
            Text if !value.is_string() => "must be string".into(),
            Number | IdleSeconds if !value.is_number() => "must be number".into(),
            IdleSeconds if value.as_u64().is_none_or(|seconds| seconds < IDLE_SECONDS) => {
                return Err(RequestError::IdleTimeLimitInvalid);
            }
            Choice(words) if value.as_str().is_none_or(|word| !words.contains(&word)) => {
                format!("must be one of {}", words.join(", "))
            }
            Self::UtcOffset if UtcOffset::parse(value).is_none() => {
                format!("must be a number of hours from {LEAST_HOURS} to {MOST_HOURS}, in steps of 0.25")
            }
            Texts if !is_list(value, Value::is_string) => "must be a list of strings".into(),
            Questions if !is_list(value, |item| has_only(item, "action", "label", Value::is_string)) => {
                "must be a list of objects with the strings action and label".into()
            }
            Features if !is_list(value, |item| has_only(item, "name", "value", Value::is_boolean)) => {
                "must be a list of objects with the string name and the boolean value".into()
            }
            _ => return plain_text::refuse_unless(text::has_plain_texts(value), &place(name)),
        };
        Err(RequestError::invalid(words, &place(name)))
    }
}

fn place(name: &str) -> String {
    format!("data.{}", quoted(name))
}

fn is_list(value: &Value, is_item: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(is_item))
}

/// Returns whether a value is an object with exactly these two fields. The first must be a text; `is_second`
/// checks the second.
fn has_only(value: &Value, first: &str, second: &str, is_second: impl Fn(&Value) -> bool) -> bool {
    value.as_object().is_some_and(|fields| {
        fields.len() == 2
            && fields.get(first).is_some_and(Value::is_string)
            && fields.get(second).is_some_and(is_second)
    })
}

/// A user's preferences. The server itself uses `utcOffset` and `language`; all others are for clients.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Preferences(Map<String, Value>);

impl Preferences {
    /// Restores stored preferences. Older versions also stored unknown preferences.
    pub(crate) const fn restore(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// Returns only the preferences that were set for the user.
    #[must_use]
    pub const fn chosen(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns the user's preferences together with the defaults (`api.md` §3.2).
    #[must_use]
    pub fn effective(&self) -> Map<String, Value> {
        let mut all = Map::with_capacity(self.0.len() + 2);
        all.insert("enableAutoAway".into(), json!(true));
        all.insert("idleTimeLimit".into(), json!(300));
        all.extend(self.0.clone());
        all
    }

    /// Returns the offset of the user's clock from UTC; 0 if it is not set.
    #[must_use]
    pub fn utc_offset(&self) -> UtcOffset {
        self.0.get("utcOffset").and_then(UtcOffset::parse).unwrap_or_default()
    }

    /// Returns the language, if it is set.
    #[must_use]
    pub fn language(&self) -> Option<String> {
        self.0.get("language").and_then(Value::as_str).map(str::to_owned)
    }

    /// Returns the preferences after a change. Null removes a preference. Preferences that the change does not name
    /// stay, including stored ones that are unknown today.
    ///
    /// # Errors
    /// [`RequestError::IdleTimeLimitInvalid`] for an `idleTimeLimit` of less than [`IDLE_SECONDS`]; [`RequestError::InvalidParams`]
    /// for an unknown preference, a wrong type, or more than [`PREFERENCES_BYTES`] in total.
    pub fn with(&self, changes: &Map<String, Value>) -> Result<Self, RequestError> {
        let mut all = self.0.clone();
        for (name, value) in changes {
            match PreferenceKind::of(name) {
                None if !value.is_null() || !self.0.contains_key(name) => {
                    return Err(RequestError::invalid(
                        "must NOT have additional properties",
                        &place(name),
                    ));
                }
                _ if value.is_null() => drop(all.shift_remove(name)),
                Some(kind) => {
                    kind.check(name, value)?;
                    all.insert(name.clone(), value.clone());
                }
                None => {}
            }
        }
        let all = Self(all);
        match serde_json::to_vec(&all) {
            Ok(bytes) if bytes.len() <= PREFERENCES_BYTES => Ok(all),
            _ => Err(RequestError::invalid(
                format!("must NOT have more than {PREFERENCES_BYTES} bytes"),
                "data",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_choice_lies_over_the_default_until_it_is_taken_back() {
        let chosen = Preferences::default().with(&map(&json!({"idleTimeLimit": 60, "language": "de"})));
        let chosen = chosen.expect("two preferences");
        assert_eq!(
            Value::Object(chosen.effective()),
            json!({"enableAutoAway": true, "idleTimeLimit": 60, "language": "de"})
        );
        let back = chosen.with(&map(&json!({"idleTimeLimit": null}))).expect("one fewer");
        assert_eq!(back.effective()["idleTimeLimit"], 300);
    }

    #[test]
    fn less_than_a_minute_is_not_idle() {
        for limit in [json!(59), json!(-1), json!(0.5)] {
            let refused = Preferences::default().with(&map(&json!({"idleTimeLimit": limit})));
            assert_eq!(refused, Err(RequestError::IdleTimeLimitInvalid));
        }
    }

    #[test]
    fn each_known_preference_takes_its_kind_and_nothing_else() {
        let values = [
            json!(true),
            json!(300),
            json!(-3.5),
            json!("never"),
            json!("some words"),
            json!(["a"]),
            json!([{"action": "a", "label": "b"}]),
            json!([{"name": "a", "value": true}]),
            json!({"a": 1}),
            json!([1]),
            json!([{"action": "a", "label": "b", "more": 1}]),
        ];
        let taken = |kind| match kind {
            Flag => vec![0],
            Number => vec![1, 2],
            Text => vec![3, 4],
            Choice(_) => vec![3],
            IdleSeconds => vec![1],
            PreferenceKind::UtcOffset => vec![2],
            Texts => vec![5],
            Questions => vec![6],
            Features => vec![7],
        };
        for (name, kind) in PreferenceKind::known() {
            let accepts = |value: &Value| Preferences::default().with(&map(&json!({name: value}))).is_ok();
            let found: Vec<_> = (0..values.len()).filter(|place| accepts(&values[*place])).collect();
            assert_eq!(found, taken(kind), "{name}");
        }
    }

    #[test]
    fn an_unknown_preference_is_refused_and_one_of_an_older_version_stays_until_it_is_removed() {
        let old = Preferences::restore(map(&json!({"theme": "dark", "language": "de"})));
        let changed = old.with(&map(&json!({"language": "en"}))).expect("a known one");
        assert_eq!(Value::Object(changed.0), json!({"theme": "dark", "language": "en"}));
        for change in [json!({"theme": "light"}), json!({"other": 1}), json!({"other": null})] {
            let name = if change.get("theme").is_some() {
                "data.theme"
            } else {
                "data.other"
            };
            let refused = Err(RequestError::invalid("must NOT have additional properties", name));
            assert_eq!(old.with(&map(&change)), refused, "{change}");
        }
        let removed = old.with(&map(&json!({"theme": null}))).expect("a removal");
        assert_eq!(Value::Object(removed.0), json!({"language": "de"}));
    }

    #[test]
    fn the_known_preferences_are_in_order_each_once() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
