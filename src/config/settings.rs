//! What the values mean.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;

use super::{Config, ConfigError, Source, Value};
use crate::domain::{SettingId, SettingValue, list_setting};

/// All settings, each of its type.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The data folder.
    pub data_dir: PathBuf,
    /// How log lines look.
    pub log_format: LogFormat,
    /// The least important log lines to write.
    pub log_level: LogLevel,
    /// Settings that can't be changed while the server runs, each with where its value comes from.
    pub fixed: BTreeMap<SettingId, (SettingValue, String)>,
    /// Proxies whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// What `users.createToken` asks for.
    pub create_tokens_secret: Option<Secret>,
    /// Who becomes the first administrator.
    pub administrator: Option<Administrator>,
    /// The file with the key that seals secrets, if it is not the one in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// Whether the start of a server compacts the store.
    pub compact_at_start: CompactAtStart,
}

/// Who becomes the first administrator, as texts.
#[derive(Debug)]
pub struct Administrator {
    /// What they log in with.
    pub username: String,
    /// Their password.
    pub password: Secret,
    /// Their address.
    pub email: Option<String>,
    /// What others see.
    pub name: Option<String>,
}

/// A text that `Debug` hides.
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(hidden)")
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("is not one of text, json"),
        }
    }
}

/// How important a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may need care.
    Warn,
    /// What happens.
    Info,
    /// What happens, in detail.
    Debug,
    /// Everything.
    Trace,
}

impl FromStr for LogLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("is not one of error, warn, info, debug, trace"),
        }
    }
}

/// Whether the start of a server compacts the store.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum CompactAtStart {
    /// When something was deleted and the last compaction was a day ago, or when the files have grown much larger
    /// than what they hold.
    #[default]
    Auto,
    /// At no start, unless an older version left unsealed secrets in the files.
    Never,
    /// At every start.
    Always,
}

impl FromStr for CompactAtStart {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "never" => Ok(Self::Never),
            "always" => Ok(Self::Always),
            _ => Err("is not one of auto, never, always"),
        }
    }
}

impl Settings {
    /// Takes the values of a configuration.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that is not what its setting takes.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        let from = Values(config);
        Ok(Self {
            listen: from.parse("listen", |text| {
                let address = |_| "is not an address with a port, as 127.0.0.1:3000 or [::1]:3000".to_owned();
                text.parse().map_err(address)
            })?,
            data_dir: from.parse("data_dir", |text| Ok(PathBuf::from(text)))?,
            log_format: from.parse("log_format", |text| text.parse().map_err(str::to_owned))?,
            log_level: from.parse("log_level", |text| text.parse().map_err(str::to_owned))?,
            fixed: config
                .fixed()
                .map(|(id, fixed)| (*id, (fixed.value.clone(), fixed.source.to_string())))
                .collect(),
            trusted_proxies: from
                .optional("trusted_proxies", list_setting::networks)?
                .unwrap_or_default(),
            create_tokens_secret: from.text("create_tokens_secret").map(Secret),
            administrator: from.administrator()?,
            secret_key_file: from.text("secret_key_file").map(PathBuf::from),
            compact_at_start: from.parse("compact_at_start", |text| text.parse().map_err(str::to_owned))?,
        })
    }
}

struct Values<'config>(&'config Config);

impl Values<'_> {
    fn value(&self, name: &'static str) -> Option<&Value> {
        self.0.values().iter().find(|value| value.setting.name == name)
    }

    fn text(&self, name: &'static str) -> Option<String> {
        self.value(name)?.text.clone()
    }

    fn optional<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let parsed = value.text.as_deref().map(parse).transpose();
        parsed.map_err(|problem| ConfigError::Invalid {
            setting: name,
            from: value.source.clone(),
            problem,
        })
    }

    fn parse<T>(&self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        self.optional(name, parse)?.ok_or_else(|| ConfigError::Invalid {
            setting: name,
            from: Source::Default,
            problem: "has no value".into(),
        })
    }

    fn administrator(&self) -> Result<Option<Administrator>, ConfigError> {
        let incomplete = |given, missing| Err(ConfigError::Incomplete { given, missing });
        let (email, name) = (self.text("admin_email"), self.text("admin_name"));
        match (self.text("admin_username"), self.text("admin_password")) {
            (Some(username), Some(password)) => Ok(Some(Administrator {
                username,
                password: Secret(password),
                email,
                name,
            })),
            (Some(_), None) => incomplete("admin_username", "admin_password"),
            (None, Some(_)) => incomplete("admin_password", "admin_username"),
            (None, None) if email.is_some() => incomplete("admin_email", "admin_username"),
            (None, None) if name.is_some() => incomplete("admin_name", "admin_username"),
            (None, None) => Ok(None),
        }
    }
}
