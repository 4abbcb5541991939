//! Loads the value of each setting: from a flag, else the environment, else the file, else the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::{SETTINGS, Setting, variables};
use crate::domain::{SettingId, SettingValue};

/// The values of all settings, with their sources.
#[derive(Debug)]
pub struct Config {
    values: Vec<Value>,
    fixed: BTreeMap<SettingId, Fixed>,
    unknown_variables: Vec<String>,
}

/// A value for a setting of the running server, which cannot be changed while it runs.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The typed value of the setting.
    pub value: SettingValue,
    /// The source of the value.
    pub source: Source,
    /// The name under which the setting was given.
    name: &'static str,
}

/// The value of one setting.
pub struct Value {
    /// The setting to which the value belongs.
    pub setting: &'static Setting,
    /// The value as text; `None` if it is not set and has no default.
    pub text: Option<String>,
    /// The source of the value.
    pub source: Source,
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} from {}", self.setting.name, self.source)
    }
}

impl Value {
    /// Returns the value for display; secrets are replaced with `(hidden)`.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        let text = self.text.as_deref()?;
        Some(if self.setting.secret { "(hidden)" } else { text })
    }
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line, by name.
    Flag(String),
    /// An environment variable, by name.
    Environment(String),
    /// The configuration file, by path.
    File(PathBuf),
    /// The default value, because no source has one.
    Default,
}

impl Source {
    /// Returns the rank of the source. A source with a smaller rank wins.
    const fn rank(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Environment(_) => 1,
            Self::File(_) => 2,
            Self::Default => 3,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(out, "flag --{name}"),
            Self::Environment(name) => write!(out, "environment {name}"),
            Self::File(path) => write!(out, "file {}", path.display()),
            Self::Default => out.write_str("default"),
        }
    }
}

/// The error for a configuration that is refused. Its text names the place and the allowed values.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {cause}", path.display())]
    Unreadable {
        /// The path of the configuration file.
        path: PathBuf,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The configuration file is not valid TOML.
    #[error("the configuration file {} is not valid TOML: {cause}", path.display())]
    Malformed {
        /// The path of the configuration file.
        path: PathBuf,
        /// The message of the TOML parser.
        cause: String,
    },
    /// The configuration file has a key that is not a setting.
    #[error("the configuration file {} sets {key}, which is no setting; there are {}", path.display(), names())]
    Unknown {
        /// The path of the configuration file.
        path: PathBuf,
        /// The unknown key in the file.
        key: String,
    },
    /// A value in the configuration file has the wrong type.
    #[error(
        "{key} in the configuration file {} must be a text, a whole number or true or false; settings must be a table",
        path.display()
    )]
    NotAText {
        /// The path of the configuration file.
        path: PathBuf,
        /// The key of the wrong value.
        key: String,
    },
    /// A setting is given twice in one source: by two of its names, or as a value and in a file.
    #[error("{one} and {other} are both set: keep one of them")]
    Twice {
        /// The first of the two names or variables.
        one: String,
        /// The second of the two names or variables.
        other: String,
    },
    /// A variable has a name that is almost one of this server's.
    #[error("{variable} is no variable of this server: did you mean {meant}?")]
    NearMiss {
        /// The name of the variable that is set.
        variable: String,
        /// The known variable with the most similar name.
        meant: String,
    },
    /// The value of a variable is not UTF-8.
    #[error("the value of {variable} is not text in UTF-8: write it again as UTF-8")]
    NotUtf8 {
        /// The name of the variable.
        variable: String,
    },
    /// The file with a value cannot be read.
    #[error("cannot read the file {} that {variable} names: {cause}", path.display())]
    ValueFile {
        /// The variable that names the file.
        variable: String,
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The argument of `--set` is not `NAME=VALUE`.
    #[error("--set {text}: write NAME=VALUE, with the name of a setting of the running server")]
    NotAssigned {
        /// The argument as it was written.
        text: String,
    },
    /// A secret is set on the command line.
    #[error(
        "--set {name}: the command line shows a secret to every user of this machine; set {variable} or {variable}_FILE \
         in the environment, or write it into the table [settings] of the --config file"
    )]
    SecretFlag {
        /// The name of the setting.
        name: &'static str,
        /// The environment variable to use instead.
        variable: String,
    },
    /// The running server has no setting with this name.
    #[error("{name} (from {from}) is no setting of the running server; `rollcall config --all` lists them")]
    UnknownRunning {
        /// The unknown name of the setting.
        name: String,
        /// The source that has the name.
        from: Source,
    },
    /// A value is not allowed for its setting.
    #[error("{setting} (from {from}) {problem}")]
    Invalid {
        /// The name of the setting.
        setting: &'static str,
        /// The source of the value.
        from: Source,
        /// The problem with the value, as the end of a sentence.
        problem: String,
    },
    /// A setting is set, but another one that belongs to it is not.
    #[error("{given} is set but {missing} is not: set both, or neither")]
    Incomplete {
        /// The setting that has a value.
        given: &'static str,
        /// The setting that has none.
        missing: &'static str,
    },
}

fn names() -> String {
    let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    names.join(", ")
}

/// Refuses configuration variables that are not UTF-8. If they were treated as unset, the default would apply silently.
///
/// # Errors
/// [`ConfigError::NotUtf8`] for the first such variable.
pub fn refuse_bytes(mut variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), ConfigError> {
    let is_ours = |name: &OsString| variables::is_ours(&name.to_string_lossy());
    match variables.find(|(name, value)| is_ours(name) && value.to_str().is_none()) {
        Some((name, _)) => Err(ConfigError::NotUtf8 {
            variable: name.to_string_lossy().into_owned(),
        }),
        None => Ok(()),
    }
}

impl Config {
    /// Loads every setting. `flag` returns the value of a flag, `environment` that of a variable; an empty variable
    /// counts as unset. `set` has the `NAME=VALUE` arguments for settings of the running server, which may also be
    /// set with `OVERWRITE_SETTING_NAME`, as in Rocket.Chat, or in the file's table `settings`.
    ///
    /// # Errors
    /// [`ConfigError`] if a file cannot be read, or if a name or a value is not allowed.
    pub fn load(
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
                .or_else(|| state_directory(setting, &environment));
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
    pub fn fixed(&self) -> impl Iterator<Item = (&SettingId, &Fixed)> {
        self.fixed.iter()
    }

    /// Adds the names of environment variables that have this server's prefixes but no setting.
    #[must_use]
    pub fn with_unknown_variables(self, unknown_variables: Vec<String>) -> Self {
        Self {
            unknown_variables,
            ..self
        }
    }

    /// Returns the names of environment variables that have this server's prefixes but no setting.
    #[must_use]
    pub fn unknown_variables(&self) -> &[String] {
        &self.unknown_variables
    }

    /// Returns all values, in the order of [`SETTINGS`].
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Value {
    /// Fixes the settings of the running server for which this one is a short name, unless a source with a smaller rank
    /// sets them under their own names.
    fn fix(&self, fixed: &mut BTreeMap<SettingId, Fixed>) -> Result<(), ConfigError> {
        let Some(text) = self.text.as_deref().filter(|_| self.source != Source::Default) else {
            return Ok(());
        };
        for (id, implied) in self.setting.short_for {
            let invalid = |problem| ConfigError::Invalid {
                setting: self.setting.name,
                from: self.source.clone(),
                problem,
            };
            let new = Fixed {
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
    fn follow(&mut self, fixed: &BTreeMap<SettingId, Fixed>) {
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

impl fmt::Display for Fixed {
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
) -> Result<BTreeMap<SettingId, Fixed>, ConfigError> {
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
        found.insert(id, Fixed { value, source, name });
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
    setting: &Setting,
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

/// Returns the service's data folder as set by systemd, or the first one if there are several.
fn state_directory(setting: &Setting, environment: &impl Fn(&str) -> Option<String>) -> Option<(String, Source)> {
    const VARIABLE: &str = "STATE_DIRECTORY";
    if setting.name != "data_dir" {
        return None;
    }
    let first = environment(VARIABLE)?.split(':').next()?.to_owned();
    Some((first, Source::Environment(VARIABLE.into())))
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
