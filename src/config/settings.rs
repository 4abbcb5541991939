//! What the values mean.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Config, ConfigError, Value};
use crate::domain::StatusType;

/// All settings, each of its type.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Where clients reach the server, without a slash at the end.
    pub public_url: Option<String>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// The least important log lines to write.
    pub log_level: LogLevel,
    /// Days that a login lasts.
    pub token_lifetime_days: u32,
    /// The type of custom statuses created without one.
    pub default_status_type: Option<StatusType>,
    /// Origins whose pages may call the API.
    pub cors_origin: Option<String>,
    /// Who becomes the first administrator.
    pub administrator: Option<Administrator>,
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
            public_url: from.optional("public_url", url)?,
            log_format: from.parse("log_format", |text| text.parse().map_err(str::to_owned))?,
            log_level: from.parse("log_level", |text| text.parse().map_err(str::to_owned))?,
            token_lifetime_days: from.parse("token_lifetime_days", days)?,
            default_status_type: from.optional("default_status_type", |text| {
                text.parse().map_err(|error| format!("{error}"))
            })?,
            cors_origin: from.text("cors_origin"),
            administrator: from.administrator()?,
        })
    }
}

fn url(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains([' ', '#', '?', '"', '<', '>']) => Ok(text.to_owned()),
        _ => Err("is not a URL that begins with http:// or https://".to_owned()),
    }
}

fn days(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(days @ 1..=36_500) => Ok(days),
        _ => Err("is not a whole number from 1 to 36500".to_owned()),
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
            from: super::Source::Default,
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
