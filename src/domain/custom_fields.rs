//! Custom fields of users: changes of them, and their rules from the setting `Accounts_CustomFields`.

use serde_json::{Map, Value};

use super::text::quoted;
use super::{RequestError, plain_text, text};

/// The maximum size of a user's custom fields as JSON, in bytes.
pub const CUSTOM_FIELDS_BYTES: usize = 16 * 1024;

/// The maximum number of custom fields of a user.
pub const CUSTOM_FIELDS: usize = 100;

/// The maximum length of the name of a custom field, in characters.
pub const FIELD_NAME_CHARACTERS: usize = 120;

/// A change of a user's custom fields: new values by name. Null removes a field; a field that is not named
/// keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomFieldChanges(Map<String, Value>);

impl CustomFieldChanges {
    /// Checks a change and returns it.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] if the change is larger than [`CUSTOM_FIELDS_BYTES`], if a name is empty or too long,
    /// or if a name or text contains forbidden characters.
    pub fn parse(fields: Map<String, Value>) -> Result<Self, RequestError> {
        for (name, value) in &fields {
            if !(1..=FIELD_NAME_CHARACTERS).contains(&name.chars().count()) {
                let words = format!("must have a name of 1 to {FIELD_NAME_CHARACTERS} characters");
                return Err(refused(words, name));
            }
            plain_text::refuse_unless(
                text::is_plain_line(name) && text::has_plain_texts(value),
                "customFields",
            )?;
        }
        refuse_too_large(&fields)?;
        Ok(Self(fields))
    }

    /// Checks a change of an existing account. Returns `None` for an empty change.
    ///
    /// # Errors
    /// The errors of [`Self::parse`].
    pub fn parse_update(fields: Option<Map<String, Value>>) -> Result<Option<Self>, RequestError> {
        fields.filter(|fields| !fields.is_empty()).map(Self::parse).transpose()
    }

    /// Returns the fields after this change.
    ///
    /// # Errors
    /// [`RequestError::CustomFieldInvalid`] for a value that the rules refuse, and for a required field that is still missing;
    /// [`RequestError::InvalidParams`] for a field that the rules do not name, for a value that is not a text, and for too
    /// many or too large fields.
    pub fn apply(
        &self,
        before: &Map<String, Value>,
        rules: &CustomFieldRules,
    ) -> Result<Map<String, Value>, RequestError> {
        let mut after = before.clone();
        for (name, value) in &self.0 {
            if value.is_null() {
                after.shift_remove(name);
            } else {
                rules.check(name, value)?;
                after.insert(name.clone(), value.clone());
            }
        }
        rules.require(&after)?;
        // An older version may have stored more fields: they may stay, but their number may not grow.
        if after.len() > CUSTOM_FIELDS.max(before.len()) {
            let words = format!("must NOT have more than {CUSTOM_FIELDS} fields");
            return Err(RequestError::invalid(words, "customFields"));
        }
        refuse_too_large(&after)?;
        Ok(after)
    }
}

fn refuse_too_large(fields: &Map<String, Value>) -> Result<(), RequestError> {
    let bytes = serde_json::to_string(fields).map_or(usize::MAX, |json| json.len());
    if bytes > CUSTOM_FIELDS_BYTES {
        let words = format!("must NOT have more than {CUSTOM_FIELDS_BYTES} bytes");
        return Err(RequestError::invalid(words, "customFields"));
    }
    Ok(())
}

fn refused(words: impl Into<String>, name: &str) -> RequestError {
    RequestError::invalid(words, &format!("customFields.{}", quoted(name)))
}

/// The rules of the setting `Accounts_CustomFields`, in the order of the setting. Without any rule a user may have any
/// fields with any JSON value, and only callers who may see the whole account see them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomFieldRules(Vec<(String, FieldRule)>);

/// The rule for one custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRule {
    /// `true` if each account must have the field.
    pub required: bool,
    public: bool,
    /// The minimum length of a text in characters. An empty text is allowed if the field is not required.
    min_characters: usize,
    /// The maximum length of a text in characters; `None` for no limit.
    pub max_characters: Option<usize>,
    /// The allowed values of a field of type `select`; `None` for a field of type `text`.
    pub options: Option<Vec<String>>,
}

impl CustomFieldRules {
    /// Parses the value of the setting.
    ///
    /// # Errors
    /// Returns a message that follows the name of the setting.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let fields: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("must be a JSON object of fields: {error}"))?;
        if fields.len() > CUSTOM_FIELDS {
            return Err(format!("must not have more than {CUSTOM_FIELDS} fields"));
        }
        let rule = |(name, rule): (String, Value)| match field_rule(&name, rule) {
            Ok(rule) => Ok((name, rule)),
            Err(problem) => Err(format!("has a field {} that {problem}", quoted(&name))),
        };
        fields.into_iter().map(rule).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the fields with their rules, in the order of the setting.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldRule)> {
        self.0.iter().map(|(name, rule)| (name.as_str(), rule))
    }

    fn rule(&self, name: &str) -> Option<&FieldRule> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, rule)| rule)
    }

    /// Returns whether every user may see this field of other users.
    #[must_use]
    pub fn is_public(&self, name: &str) -> bool {
        self.rule(name).is_some_and(|rule| rule.public)
    }

    fn check(&self, name: &str, value: &Value) -> Result<(), RequestError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let rule = self
            .rule(name)
            .ok_or_else(|| refused("must NOT have additional properties", name))?;
        let text = value.as_str().ok_or_else(|| refused("must be string", name))?;
        let name = quoted(name);
        let broken = |reason| Err(RequestError::CustomFieldInvalid { reason });
        if let Some(options) = &rule.options {
            if options.iter().any(|option| option == text) {
                return Ok(());
            }
            return if rule.required && text.trim().is_empty() {
                broken(format!("Field {name} is required"))
            } else {
                broken(format!("Value for field {name} is invalid"))
            };
        }
        let characters = text.trim().chars().count();
        match rule.max_characters {
            Some(most) if characters > most => broken(format!("Max length of field {name} {most}")),
            _ if (1..rule.min_characters).contains(&characters) => {
                broken(format!("Min length of field {name} {}", rule.min_characters))
            }
            _ => Ok(()),
        }
    }

    fn require(&self, fields: &Map<String, Value>) -> Result<(), RequestError> {
        let is_missing = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        let missing = self.0.iter().find(|(name, rule)| rule.required && is_missing(name));
        missing.map_or(Ok(()), |(name, _)| {
            Err(RequestError::CustomFieldInvalid {
                reason: format!("Field {} is required", quoted(name)),
            })
        })
    }
}

fn field_rule(name: &str, rule: Value) -> Result<FieldRule, String> {
    if !(1..=FIELD_NAME_CHARACTERS).contains(&name.chars().count()) || !text::is_plain_line(name) {
        return Err(format!(
            "needs a name of 1 to {FIELD_NAME_CHARACTERS} characters, without control characters"
        ));
    }
    let Value::Object(mut rule) = rule else {
        return Err("is not a JSON object".into());
    };
    let is_select = match rule.remove("type").as_ref().and_then(Value::as_str) {
        Some("select") => true,
        Some("text") => false,
        _ => return Err("needs the type text or select".into()),
    };
    let (min, max) = (number(&mut rule, "minLength")?, number(&mut rule, "maxLength")?);
    let options = options(&mut rule)?;
    let found = FieldRule {
        required: flag(&mut rule, "required")?,
        public: flag(&mut rule, "public")?,
        min_characters: min.unwrap_or_default(),
        // In Rocket.Chat, 0 means no limit.
        max_characters: max.filter(|most| *most > 0),
        options,
    };
    // Only forms of clients use it, not the server.
    rule.remove("defaultValue");
    if rule.contains_key("modifyRecordField") {
        return Err(
            "has modifyRecordField, which this server does not support: it would change the account itself".into(),
        );
    }
    if let Some(unknown) = rule.keys().next() {
        return Err(format!(
            "has {}; use type, required, public, minLength, maxLength, options or defaultValue",
            quoted(unknown)
        ));
    }
    match (is_select, &found.options) {
        (true, None) => return Err("is of type select and needs options".into()),
        (false, Some(_)) => return Err("is of type text and takes no options".into()),
        _ => {}
    }
    if found.max_characters.is_some_and(|most| most < found.min_characters) {
        return Err("has a minLength above its maxLength".into());
    }
    Ok(found)
}

fn flag(rule: &mut Map<String, Value>, key: &str) -> Result<bool, String> {
    match rule.remove(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(set)) => Ok(set),
        Some(_) => Err(format!("needs true or false as {key}")),
    }
}

fn number(rule: &mut Map<String, Value>, key: &str) -> Result<Option<usize>, String> {
    match rule.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().map(usize::try_from) {
            Some(Ok(number)) => Ok(Some(number)),
            _ => Err(format!("needs a whole number from 0 on as {key}")),
        },
    }
}

fn options(rule: &mut Map<String, Value>) -> Result<Option<Vec<String>>, String> {
    let refused = || Err("needs a list of texts as options, at least one".to_owned());
    let items = match rule.remove("options") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) if !items.is_empty() => items,
        Some(_) => return refused(),
    };
    let mut options = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::String(text) if text::is_plain_line(&text) => options.push(text),
            _ => return refused(),
        }
    }
    Ok(Some(options))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &str = r#"{
        "role": {"type": "select", "options": ["teacher", "student"], "required": true, "public": true},
        "twitter": {"type": "text", "minLength": 2, "maxLength": 10}
    }"#;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    fn applied(before: &Value, change: &Value, rules: &CustomFieldRules) -> Result<Value, String> {
        let change = CustomFieldChanges::parse(map(change)).map_err(|error| error.to_string())?;
        let after = change.apply(&map(before), rules);
        after.map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn a_change_is_merged_and_null_removes_a_field() {
        let none = CustomFieldRules::default();
        let before = json!({"team": "engine", "floor": 3});
        let after = applied(&before, &json!({"floor": null, "room": "3.14"}), &none);
        assert_eq!(after, Ok(json!({"team": "engine", "room": "3.14"})));
        assert_eq!(applied(&before, &json!({"other": null}), &none), Ok(before));
    }

    #[test]
    fn each_rule_refuses_in_the_words_of_the_reference() {
        let rules = CustomFieldRules::parse(RULES).expect("rules");
        let teacher = json!({"role": "teacher", "old": 1});
        for (change, expected) in [
            (
                json!({"twitter": "ada"}),
                Ok(json!({"role": "teacher", "old": 1, "twitter": "ada"})),
            ),
            (
                json!({"twitter": ""}),
                Ok(json!({"role": "teacher", "old": 1, "twitter": ""})),
            ),
            (json!({"old": null}), Ok(json!({"role": "teacher"}))),
            (json!({"old": 2}), Err("must NOT have additional properties")),
            (json!({"twitter": 5}), Err("must be string")),
            (json!({"twitter": "a"}), Err("Min length of field twitter 2")),
            (
                json!({"twitter": "x".repeat(11)}),
                Err("Max length of field twitter 10"),
            ),
            (json!({"role": "boss"}), Err("Value for field role is invalid")),
            (json!({"role": ""}), Err("Field role is required")),
            (json!({"role": null}), Err("Field role is required")),
        ] {
            let expected = expected.map_err(str::to_owned);
            assert_eq!(applied(&teacher, &change, &rules), expected, "{change}");
        }
        let missing = applied(&json!({}), &json!({}), &rules);
        assert_eq!(missing, Err("Field role is required".into()));
        assert!(rules.is_public("role") && !rules.is_public("twitter") && !rules.is_public("old"));
    }

    #[test]
    fn fields_have_bounds_which_a_partial_change_does_not_pass() {
        let none = CustomFieldRules::default();
        let many: Map<_, _> = (0..CUSTOM_FIELDS)
            .map(|number| (number.to_string(), json!(1)))
            .collect();
        let many = Value::Object(many);
        assert!(applied(&many, &json!({"0": 2}), &none).is_ok());
        assert!(applied(&many, &json!({"one more": 2}), &none).is_err());
        let large = json!({"a": "x".repeat(CUSTOM_FIELDS_BYTES - 20)});
        assert!(applied(&json!({}), &large, &none).is_ok());
        assert!(applied(&large, &json!({"b": "x".repeat(20)}), &none).is_err());
        assert!(applied(&json!({}), &json!({"": 1}), &none).is_err());
        assert!(applied(&json!({}), &json!({"a\u{202e}": 1}), &none).is_err());
    }

    #[test]
    fn what_is_not_a_definition_is_refused_with_what_is_wrong() {
        for (text, problem) in [
            ("{", "must be a JSON object of fields: "),
            ("[]", "must be a JSON object of fields: "),
            (r#"{"a": 1}"#, "has a field a that is not a JSON object"),
            (
                r#"{"a": {"type": "date"}}"#,
                "has a field a that needs the type text or select",
            ),
            (
                r#"{"a": {"type": "select"}}"#,
                "has a field a that is of type select and needs options",
            ),
            (
                r#"{"a": {"type": "select", "options": []}}"#,
                "has a field a that needs a list of texts",
            ),
            (
                r#"{"a": {"type": "text", "options": ["b"]}}"#,
                "has a field a that is of type text",
            ),
            (
                r#"{"a": {"type": "text", "required": "yes"}}"#,
                "has a field a that needs true or false",
            ),
            (
                r#"{"a": {"type": "text", "minLength": -1}}"#,
                "has a field a that needs a whole number",
            ),
            (
                r#"{"a": {"type": "text", "minLength": 3, "maxLength": 2}}"#,
                "has a field a that has a minLength",
            ),
            (
                r#"{"a": {"type": "text", "private": true}}"#,
                "has a field a that has private; use type, ",
            ),
            (
                r#"{"a": {"type": "text", "modifyRecordField": {}}}"#,
                "has a field a that has modifyRecordField",
            ),
            (r#"{"": {"type": "text"}}"#, "has a field  that needs a name"),
        ] {
            let refused = CustomFieldRules::parse(text).expect_err(text);
            assert!(refused.starts_with(problem), "{text}: {refused}");
        }
        assert_eq!(CustomFieldRules::parse("  "), Ok(CustomFieldRules::default()));
    }
}
