//! What clients keep for their users.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Fault;

/// Most bytes of a user's preferences, as JSON.
pub const PREFERENCES_BYTES: usize = 64 * 1024;

/// Fewest seconds without input after which a client may call its user away (`api.md` §5.5).
pub const IDLE_SECONDS: u64 = 60;

/// A user's preferences: whatever clients keep, of which the server knows two
/// (`enableAutoAway`, `idleTimeLimit`).
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Preferences(Map<String, Value>);

impl Preferences {
    /// Takes back what was stored.
    pub(crate) const fn restore(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// What the user chose.
    #[must_use]
    pub const fn chosen(&self) -> &Map<String, Value> {
        &self.0
    }

    /// What the user chose over what holds for everybody (`api.md` §3.2).
    #[must_use]
    pub fn effective(&self) -> Map<String, Value> {
        let mut all = Map::new();
        all.insert("enableAutoAway".into(), json!(true));
        all.insert("idleTimeLimit".into(), json!(300));
        all.extend(self.0.clone());
        all
    }

    /// These with those over them; null takes a preference back.
    ///
    /// # Errors
    /// [`Fault::IdleTimeLimitInvalid`] for an `idleTimeLimit` of less than a minute,
    /// [`Fault::InvalidParams`] for a wrong type or more than 64 KiB in all.
    pub fn with(&self, changes: Map<String, Value>) -> Result<Self, Fault> {
        if let Some(limit) = changes.get("idleTimeLimit").filter(|limit| !limit.is_null())
            && limit.as_u64().is_none_or(|limit| limit < IDLE_SECONDS)
        {
            return Err(if limit.is_number() {
                Fault::IdleTimeLimitInvalid
            } else {
                Fault::invalid("must be number", "data.idleTimeLimit")
            });
        }
        if let Some(away) = changes.get("enableAutoAway")
            && !away.is_boolean()
            && !away.is_null()
        {
            return Err(Fault::invalid("must be boolean", "data.enableAutoAway"));
        }
        let mut all = self.0.clone();
        for (name, value) in changes {
            if value.is_null() {
                all.remove(&name);
            } else {
                all.insert(name, value);
            }
        }
        let all = Self(all);
        match serde_json::to_vec(&all) {
            Ok(bytes) if bytes.len() <= PREFERENCES_BYTES => Ok(all),
            _ => Err(Fault::invalid(
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
        let chosen = Preferences::default().with(map(&json!({"idleTimeLimit": 60, "theme": "dark"})));
        let chosen = chosen.expect("two preferences");
        assert_eq!(
            Value::Object(chosen.effective()),
            json!({"enableAutoAway": true, "idleTimeLimit": 60, "theme": "dark"})
        );
        let back = chosen.with(map(&json!({"idleTimeLimit": null}))).expect("one fewer");
        assert_eq!(back.effective()["idleTimeLimit"], 300);
    }

    #[test]
    fn less_than_a_minute_is_not_idle() {
        for limit in [json!(59), json!(-1), json!(0.5)] {
            let refused = Preferences::default().with(map(&json!({"idleTimeLimit": limit})));
            assert_eq!(refused, Err(Fault::IdleTimeLimitInvalid));
        }
    }
}
