//! Checks the names of environment variables. A misspelt variable would otherwise be ignored, and the server would
//! run with another value than the administrator expects.

use std::ffi::OsString;

use super::{ConfigError, SETTINGS};
use crate::domain::SettingId;

/// The prefixes of this server's variables.
const PREFIXES: [&str; 2] = ["ROLLCALL_", "OVERWRITE_SETTING_"];

/// Known variables that are not settings: the configuration file, and the binary that `cargo bench` measures.
const OTHERS: [&str; 2] = ["ROLLCALL_CONFIG", "ROLLCALL_BENCH_BINARY"];

/// Maximum edits by which a misspelt name may differ from a known one.
const NEAR: usize = 2;

/// Refuses configuration variables that are not UTF-8. If they were treated as unset, the default would apply silently.
///
/// # Errors
/// [`ConfigError::NotUtf8`] for the first such variable.
pub(crate) fn refuse_bytes(mut variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), ConfigError> {
    let is_ours = |name: &OsString| is_ours(&name.to_string_lossy());
    match variables.find(|(name, value)| is_ours(name) && value.to_str().is_none()) {
        Some((name, _)) => Err(ConfigError::NotUtf8 {
            variable: name.to_string_lossy().into_owned(),
        }),
        None => Ok(()),
    }
}

/// Returns the variables with such a prefix that this server does not know. These include settings of Rocket.Chat
/// that this server does not have.
///
/// # Errors
/// [`ConfigError::NearMiss`] for a name that is almost a known one.
pub(crate) fn unknown(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<String>, ConfigError> {
    let known = known();
    let mut unknown = Vec::new();
    for (name, _) in variables {
        let Some(name) = name.to_str().filter(|name| is_ours(name)) else {
            continue;
        };
        if known.iter().any(|known| known == name) {
            continue;
        }
        let folded = name.to_uppercase();
        let distance = |known: &&String| strsim::damerau_levenshtein(&folded, &known.to_uppercase());
        let nearest = known.iter().min_by_key(distance);
        if let Some(meant) = nearest.filter(|known| distance(known) <= NEAR) {
            return Err(ConfigError::NearMiss {
                variable: name.into(),
                meant: meant.clone(),
            });
        }
        unknown.push(name.to_owned());
    }
    unknown.sort_unstable();
    Ok(unknown)
}

/// Returns whether a name has a prefix of this server's variables, in any case.
pub(super) fn is_ours(name: &str) -> bool {
    let begins = |prefix: &str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    PREFIXES.iter().any(|prefix| begins(prefix))
}

fn known() -> Vec<String> {
    let mut known: Vec<_> = OTHERS.iter().map(ToString::to_string).collect();
    for setting in SETTINGS {
        known.push(setting.variable());
        known.extend(setting.file_variable());
    }
    for id in SettingId::ALL {
        let variable = format!("OVERWRITE_SETTING_{id}");
        known.extend(id.is_secret().then(|| format!("{variable}_FILE")));
        known.push(variable);
    }
    known
}
