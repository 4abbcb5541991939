//! Parses the values of a configuration.

use std::str::FromStr;

use secrecy::SecretString;
use strum::VariantNames;

use super::start_setting::StartBounds;
use super::{Config, ConfigError, Source, Value};

/// The values of a configuration, for parsing.
pub(super) struct StartValues<'config>(&'config Config);

impl<'config> StartValues<'config> {
    pub(super) const fn of(config: &'config Config) -> Self {
        Self(config)
    }

    pub(super) fn value(&self, name: &'static str) -> Option<&Value> {
        self.0.values().iter().find(|value| value.setting.name == name)
    }

    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.value(name)?.text.clone()
    }

    /// Returns the texts of two settings that need each other; `None` without both.
    pub(super) fn pair(&self, one: &'static str, other: &'static str) -> Result<Option<(String, String)>, ConfigError> {
        match (self.text(one), self.text(other)) {
            (Some(first), Some(second)) => Ok(Some((first, second))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(ConfigError::Incomplete {
                given: one,
                missing: other,
            }),
            (None, Some(_)) => Err(ConfigError::Incomplete {
                given: other,
                missing: one,
            }),
        }
    }

    pub(super) fn optional<T>(
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

    pub(super) fn parse<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        self.optional(name, parse)?.ok_or_else(|| ConfigError::Invalid {
            setting: name,
            from: Source::Default,
            problem: "has no value".into(),
        })
    }

    /// Parses a word of an enum.
    pub(super) fn word<T: FromStr + VariantNames>(&self, name: &'static str) -> Result<T, ConfigError> {
        self.parse(name, |text| {
            text.parse()
                .map_err(|_| format!("is not one of {}", T::VARIANTS.join(", ")))
        })
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, ConfigError> {
        self.parse(name, |text| {
            text.parse().map_err(|_| "is not one of true, false".to_owned())
        })
    }

    /// Parses a secret with at least the characters that its setting requires, so that it cannot be guessed.
    pub(super) fn long_secret(&self, name: &'static str) -> Result<Option<SecretString>, ConfigError> {
        let least = match self.value(name).map(|value| value.setting.bounds) {
            Some(StartBounds::Characters(least)) => least,
            _ => 0,
        };
        self.optional(name, |text| {
            if text.chars().count() < least {
                return Err(format!(
                    "has fewer than {least} characters: `openssl rand -hex 32` makes one"
                ));
            }
            Ok(text.into())
        })
    }

    /// Parses a number within the bounds of its setting.
    pub(super) fn number(&self, name: &'static str) -> Result<u32, ConfigError> {
        let (least, most) = match self.value(name).map(|value| value.setting.bounds) {
            Some(StartBounds::Number(least, most)) => (least, most),
            _ => (0, u32::MAX),
        };
        self.parse(name, |text| {
            let number = text.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("is not a number from {least} to {most}"))
        })
    }
}
