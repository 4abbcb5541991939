//! Finds every problem of a configuration, for `rollcall doctor`. A start stops at the first one.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::{Config, ConfigError, Source, StartSettings, variables};

/// Maximum problems that are searched for.
const MAX_PROBLEMS: usize = 64;

/// A configuration without the values that are not allowed, and the problems of those.
#[derive(Debug)]
pub(crate) struct Examined {
    /// The configuration, with defaults in the place of wrong values.
    pub config: Config,
    /// The problems, in the order in which they were found.
    pub problems: Vec<ConfigError>,
}

/// The parts of the sources that are left out, because they are wrong.
#[derive(Default)]
struct Ignored {
    file: bool,
    names: HashSet<String>,
}

impl Ignored {
    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Leaves out what an error is about. Returns false if that is not possible, or if it was left out before.
    fn leave_out(&mut self, error: &ConfigError) -> bool {
        let name = match error {
            ConfigError::Unreadable { .. }
            | ConfigError::Malformed { .. }
            | ConfigError::Unknown { .. }
            | ConfigError::NotAText { .. } => return !std::mem::replace(&mut self.file, true),
            ConfigError::NotUtf8 { variable }
            | ConfigError::NearMiss { variable, .. }
            | ConfigError::ValueFile { variable, .. } => variable.clone(),
            ConfigError::Twice { other, .. } => other.clone(),
            ConfigError::NotAssigned { text } => text.clone(),
            ConfigError::SecretFlag { name, .. } => (*name).to_owned(),
            ConfigError::UnknownRunning { name, from } => return self.leave_out_source(name, from),
            ConfigError::Invalid { setting, from, .. } => return self.leave_out_source(setting, from),
            ConfigError::Incomplete { given, .. } => (*given).to_owned(),
        };
        self.names.insert(name)
    }

    fn leave_out_source(&mut self, setting: &str, from: &Source) -> bool {
        match from {
            Source::Flag(flag) if flag == "set" => self.names.insert(setting.to_owned()),
            Source::Flag(flag) => self.names.insert(flag.clone()),
            Source::Environment(variable) => self.names.insert(variable.clone()),
            Source::File(_) => !std::mem::replace(&mut self.file, true),
            Source::Default => false,
        }
    }
}

/// Reads the configuration as a start does, and goes on behind each problem.
///
/// # Errors
/// [`ConfigError`] if not even the defaults can be used.
pub(crate) fn examine(
    file: Option<&Path>,
    set: &[String],
    flag: impl Fn(&str) -> Option<String>,
    all: &[(OsString, OsString)],
) -> Result<Examined, ConfigError> {
    let mut problems = Vec::new();
    let mut ignored = Ignored::default();
    loop {
        match load(file, set, &flag, all, &ignored) {
            Ok(config) => return Ok(parse(config, problems)),
            Err(error) if ignored.leave_out(&error) && problems.len() < MAX_PROBLEMS => problems.push(error),
            Err(error) => {
                problems.push(error);
                return Ok(parse(Config::load(None, &[], |_| None, |_| None)?, problems));
            }
        }
    }
}

fn load(
    file: Option<&Path>,
    set: &[String],
    flag: impl Fn(&str) -> Option<String>,
    all: &[(OsString, OsString)],
    ignored: &Ignored,
) -> Result<Config, ConfigError> {
    let kept = all.iter().filter(|(name, _)| !ignored.has(&name.to_string_lossy()));
    let kept: Vec<_> = kept.cloned().collect();
    variables::refuse_bytes(kept.iter().cloned())?;
    let unknown = variables::unknown(kept.iter().cloned())?;
    let environment = |wanted: &str| {
        let (_, value) = kept.iter().find(|(name, _)| name.as_os_str() == OsStr::new(wanted))?;
        value.to_str().map(str::to_owned)
    };
    let flag = |name: &str| flag(name).filter(|_| !ignored.has(name));
    let is_kept =
        |text: &&String| !ignored.has(text) && !ignored.has(text.split('=').next().unwrap_or_default().trim());
    let set: Vec<_> = set.iter().filter(is_kept).cloned().collect();
    let file = file.filter(|_| !ignored.file);
    Ok(Config::load(file, &set, flag, environment)?.with_unknown_variables(unknown))
}

/// Replaces values that their settings do not allow by the defaults.
fn parse(mut config: Config, mut problems: Vec<ConfigError>) -> Examined {
    while problems.len() < MAX_PROBLEMS
        && let Err(error) = StartSettings::of(&config)
    {
        let is_reset = match &error {
            ConfigError::Invalid { setting, .. } => config.reset(setting),
            ConfigError::Incomplete { given, .. } => config.reset(given),
            _ => false,
        };
        problems.push(error);
        if !is_reset {
            break;
        }
    }
    Examined { config, problems }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(file: Option<&Path>, set: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
        let set: Vec<_> = set.iter().map(ToString::to_string).collect();
        let flag = |name: &str| (name == "stop-seconds").then(|| "soon".to_owned());
        let all: Vec<_> = environment
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let examined = examine(file, &set, flag, &all).expect("a configuration");
        assert!(StartSettings::of(&examined.config).is_ok());
        examined.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_problem_is_found_and_not_only_the_first() {
        let environment = [
            ("ROLLCALL_LISTNE", "a"),
            ("ROLLCALL_LOG_LEVEL", "loud"),
            ("ROLLCALL_LOG_FORMAT", "xml"),
            ("ROLLCALL_ADMIN_USERNAME", "ada"),
            ("ROLLCALL_TOKEN_LIFETIME_DAYS", "never"),
            ("ROLLCALL_CREATE_TOKENS_SECRET_FILE", "/nothing/at/all"),
            ("UNRELATED", "x"),
        ];
        let set = ["API_Enable_CORS=maybe", "nonsense", "No_Such_Setting=1"];
        let found = examined(Some(Path::new("/nothing.toml")), &set, &environment);
        for word in [
            "ROLLCALL_LISTNE",
            "log_level",
            "log_format",
            "admin_password",
            "token_lifetime_days",
            "/nothing/at/all",
            "stop_seconds",
            "API_Enable_CORS",
            "nonsense",
            "No_Such_Setting",
            "/nothing.toml",
        ] {
            assert_eq!(
                found.iter().filter(|text| text.contains(word)).count(),
                1,
                "{word}: {found:?}"
            );
        }
        assert_eq!(found.len(), 11, "{found:?}");
    }
}
