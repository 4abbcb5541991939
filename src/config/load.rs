//! Loads the value of each setting: from a flag, else the environment, else the file, else the default.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::{ConfigError, SETTINGS, Source, StartSetting, Value};
use crate::domain::{SettingId, SettingValue};

/// The values of all settings, with their sources.
#[derive(Debug)]
pub(crate) struct Config {
    values: Vec<Value>,
    fixed: BTreeMap<SettingId, FixedValue>,
    unknown_variables: Vec<String>,
}

/// A value for a setting of the running server, which cannot be changed while it runs.
#[derive(Debug, Clone)]
pub(crate) struct FixedValue {
    /// The typed value of the setting.
    pub value: SettingValue,
    /// The source of the value.
    pub source: Source,
    /// The name under which the setting was given.
    name: &'static str,
}

impl Config {
    /// Loads every setting. `flag` returns the value of a flag, `environment` that of a variable; an empty variable
    /// counts as unset. `set` has the `NAME=VALUE` arguments for settings of the running server, which may also be
    /// set with `OVERWRITE_SETTING_NAME`, as in Rocket.Chat, or in the file's table `settings`.
    ///
    /// # Errors
    /// [`ConfigError`] if a file cannot be read, or if a name or a value is not allowed.
    pub(crate) fn load(
        file: Option<&Path>,
        set: &[String],
        flag: impl Fn(&str) -> Option<String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
        let (table, running) = file.map(read).transpose()?.unwrap_or_default();
        let mut values = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS {
            let flag_name = setting.flag_name();
            let from_flag = flag_name.and_then(|name| Some((flag(&name)?, Source::Flag(name))));
            let from_environment = from_environment(setting, &environment)?;
            let from_file = file.and_then(|path| {
                let (_, text) = table.iter().find(|(key, _)| key == setting.name)?;
                Some((text.clone(), Source::File(path.to_owned())))
            });
            let found = from_flag
                .or(from_environment)
                .or(from_file)
                .or_else(|| service_directory(setting, &environment));
            let (text, source) = match found {
                Some((text, source)) => (Some(text), source),
                None => (setting.default.map(str::to_owned), Source::Default),
            };
            values.push(Value { setting, text, source });
        }
        let mut fixed = fixed(file, &running, set, &environment)?;
        for value in &values {
            value.fix(&mut fixed)?;
        }
        for value in &mut values {
            value.follow(&fixed);
        }
        Ok(Self {
            values,
            fixed,
            unknown_variables: Vec::new(),
        })
    }

    /// Returns the settings of the running server that are set here, and so cannot be changed while it runs.
    pub(crate) fn fixed(&self) -> impl Iterator<Item = (&SettingId, &FixedValue)> {
        self.fixed.iter()
    }

    /// Adds the names of environment variables that have this server's prefixes but no setting.
    #[must_use]
    pub(crate) fn with_unknown_variables(self, unknown_variables: Vec<String>) -> Self {
        Self {
            unknown_variables,
            ..self
        }
    }

    /// Returns the names of environment variables that have this server's prefixes but no setting.
    #[must_use]
    pub(crate) fn unknown_variables(&self) -> &[String] {
        &self.unknown_variables
    }

    /// Sets a setting to its default. Returns false if it has its default already.
    pub(super) fn reset(&mut self, name: &str) -> bool {
        let is_set = |value: &&mut Value| value.setting.name == name && value.source != Source::Default;
        let Some(value) = self.values.iter_mut().find(is_set) else {
            return false;
        };
        value.text = value.setting.default.map(str::to_owned);
        value.source = Source::Default;
        true
    }

    /// Returns all values, in the order of [`SETTINGS`].
    #[must_use]
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Value {
    /// Fixes the settings of the running server for which this one is a short name, unless a source with a smaller rank
    /// sets them under their own names.
    fn fix(&self, fixed: &mut BTreeMap<SettingId, FixedValue>) -> Result<(), ConfigError> {
        let Some(text) = self.text.as_deref().filter(|_| self.source != Source::Default) else {
            return Ok(());
        };
        for (id, implied) in self.setting.short_for {
            let invalid = |problem| ConfigError::Invalid {
                setting: self.setting.name,
                from: self.source.clone(),
                problem,
            };
            let new = FixedValue {
                value: id.parse(implied.unwrap_or(text)).map_err(invalid)?,
                source: self.source.clone(),
                name: self.setting.name,
            };
            match fixed.get(id) {
                Some(other) if other.source.rank() < new.source.rank() => {}
                Some(other) if other.source.rank() == new.source.rank() && other.value != new.value => {
                    return Err(ConfigError::Twice {
                        one: new.to_string(),
                        other: other.to_string(),
                    });
                }
                _ => drop(fixed.insert(*id, new)),
            }
        }
        Ok(())
    }

    /// Updates the value and source of a short name to those that are in force for the setting itself.
    fn follow(&mut self, fixed: &BTreeMap<SettingId, FixedValue>) {
        let Some((first, _)) = self.setting.short_for.first() else {
            return;
        };
        let is_implied = |(id, implied): &(SettingId, Option<&str>)| {
            let Some(value) = fixed.get(id).map(|fixed| fixed.value.to_string()) else {
                return false;
            };
            implied.is_none_or(|implied| implied == value)
        };
        match fixed.get(first) {
            Some(fixed_value) if self.setting.short_for.iter().all(is_implied) => {
                self.text = Some(fixed_value.value.to_string());
                self.source = fixed_value.source.clone();
            }
            _ => {
                self.text = self.setting.default.map(str::to_owned);
                self.source = Source::Default;
            }
        }
    }
}

impl fmt::Display for FixedValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (from {})", self.name, self.source)
    }
}

/// Returns the settings of the running server that are given under their own names: from a flag, else the environment,
/// else the file.
fn fixed(
    file: Option<&Path>,
    running: &[(String, String)],
    set: &[String],
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<SettingId, FixedValue>, ConfigError> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, text: &str, source: Source| {
        let id: SettingId = name.parse().map_err(|_| ConfigError::UnknownRunning {
            name: name.to_owned(),
            from: source.clone(),
        })?;
        let invalid = |problem| ConfigError::Invalid {
            setting: id.as_str(),
            from: source.clone(),
            problem,
        };
        let value = id.parse(text).map_err(invalid)?;
        let name = id.as_str();
        // The sources are added in descending order of rank, so a later value replaces an earlier one.
        found.insert(id, FixedValue { value, source, name });
        Ok(())
    };
    for (name, text) in running {
        let path = file.map(Path::to_path_buf).unwrap_or_default();
        add(name, text, Source::File(path))?;
    }
    for id in SettingId::ALL {
        let variable = overwriting(*id);
        // A secret may also be read from a file.
        let file_variable = id.is_secret().then(|| format!("{variable}_FILE"));
        if let Some((text, source)) = given(variable, file_variable, environment)? {
            add(id.as_str(), &text, source)?;
        }
    }
    for text in set {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| ConfigError::NotAssigned { text: text.clone() })?;
        if let Ok(id) = name.trim().parse::<SettingId>()
            && id.is_secret()
        {
            return Err(ConfigError::SecretFlag {
                name: id.as_str(),
                variable: overwriting(id),
            });
        }
        add(name.trim(), value, Source::Flag("set".into()))?;
    }
    Ok(found)
}

/// Returns the environment variable that fixes a setting of the running server, as in Rocket.Chat.
fn overwriting(id: SettingId) -> String {
    format!("OVERWRITE_SETTING_{id}")
}

fn from_environment(
    setting: &StartSetting,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Option<(String, Source)>, ConfigError> {
    given(setting.variable(), setting.file_variable(), environment)
}

/// Returns the value of a variable, or the content of the file that the other variable names.
fn given(
    variable: String,
    file_variable: Option<String>,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Option<(String, Source)>, ConfigError> {
    let named = file_variable.and_then(|name| Some((environment(&name)?, name)));
    match (environment(&variable), named) {
        (Some(_), Some((_, other))) => Err(ConfigError::Twice { one: variable, other }),
        (Some(text), None) => Ok(Some((text, Source::Environment(variable)))),
        (None, Some((path, variable))) => {
            let path = PathBuf::from(path);
            match fs::read_to_string(&path) {
                Ok(text) => Ok(Some((without_marks(&text).to_owned(), Source::Environment(variable)))),
                Err(cause) => Err(ConfigError::ValueFile { variable, path, cause }),
            }
        }
        (None, None) => Ok(None),
    }
}

/// Returns the text of a file without a byte order mark and one line end, which editors add.
fn without_marks(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

/// Returns the place of the data folder or of the administration socket in a service of systemd. Of several folders in
/// a variable, the first one counts.
fn service_directory(
    setting: &StartSetting,
    environment: &impl Fn(&str) -> Option<String>,
) -> Option<(String, Source)> {
    let (variable, file) = match setting.name {
        "data_dir" => ("STATE_DIRECTORY", ""),
        "admin_socket" => ("RUNTIME_DIRECTORY", "/admin.sock"),
        _ => return None,
    };
    let folders = environment(variable)?;
    let first = folders.split(':').next()?;
    Some((format!("{first}{file}"), Source::Environment(variable.into())))
}

type Pairs = Vec<(String, String)>;

/// Reads a configuration file. Returns its own keys and those of its table `settings`.
fn read(path: &Path) -> Result<(Pairs, Pairs), ConfigError> {
    let text = fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
        path: path.into(),
        cause,
    })?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| ConfigError::Malformed {
        path: path.into(),
        cause: error.message().to_owned(),
    })?;
    let pair = |key: String, value: toml::Value| match value {
        toml::Value::Array(items) if is_list(&key) => match joined(&items) {
            Some(text) => Ok((key, text)),
            None => Err(ConfigError::NotAText { path: path.into(), key }),
        },
        toml::Value::String(text) => Ok((key, text)),
        toml::Value::Integer(number) => Ok((key, number.to_string())),
        toml::Value::Float(number) => Ok((key, number.to_string())),
        toml::Value::Boolean(set) => Ok((key, set.to_string())),
        _ => Err(ConfigError::NotAText { path: path.into(), key }),
    };
    let running = match table.remove("settings") {
        None => Vec::new(),
        Some(toml::Value::Table(settings)) => settings
            .into_iter()
            .map(|(key, value)| pair(key, value))
            .collect::<Result<_, _>>()?,
        Some(_) => {
            return Err(ConfigError::NotAText {
                path: path.into(),
                key: "settings".into(),
            });
        }
    };
    let own = table.into_iter().map(|(key, value)| {
        if SETTINGS.iter().any(|setting| setting.name == key) {
            pair(key, value)
        } else {
            Err(ConfigError::Unknown { path: path.into(), key })
        }
    });
    Ok((own.collect::<Result<_, _>>()?, running))
}

/// Returns whether a setting is a list, which may be an array in a file.
fn is_list(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == key && setting.list)
}

/// Returns the texts of an array as a list with commas; `None` if one of them is not a text.
fn joined(items: &[toml::Value]) -> Option<String> {
    let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
    Some(texts?.join(","))
}
