//! `rollcall config`.

use clap::ArgMatches;
use serde::Serialize;

use super::{Failure, load, output};
use crate::config::{Settings, Source, Value};
use crate::domain::SettingId;

#[derive(Serialize)]
struct Entry {
    setting: String,
    value: Option<String>,
    source: String,
}

impl Entry {
    fn of(value: &Value) -> Self {
        Self {
            setting: value.setting.name.to_owned(),
            value: value.shown().map(str::to_owned),
            source: value.source.to_string(),
        }
    }
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let config = load(matches)?;
    Settings::of(&config)?;
    let mut entries: Vec<_> = config.values().iter().map(Entry::of).collect();
    for id in SettingId::ALL {
        let fixed = config.fixed().iter().rfind(|(fixed, ..)| fixed == id);
        let (value, source) = match fixed {
            Some((_, value, source)) => (value.clone(), source.clone()),
            None if matches.get_flag("all") => (id.default(), Source::Default),
            None => continue,
        };
        entries.push(Entry {
            setting: id.to_string(),
            value: Some(if id.is_secret() {
                "(hidden)".to_owned()
            } else {
                value.to_string()
            }),
            source: source.to_string(),
        });
    }
    output::list(matches, &entries, &["SETTING", "VALUE", "SOURCE"], |entry| {
        vec![
            entry.setting.clone(),
            output::or_dash(entry.value.as_ref()),
            entry.source.clone(),
        ]
    })
}
