//! The command `rollcall config`.

use serde::Serialize;

use super::{Failure, args, load, output};
use crate::config::{Source, StartSettings, Value};
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

pub(super) fn run(arguments: &args::ConfigArgs) -> Result<(), Failure> {
    let config = load(&arguments.settings.0)?;
    StartSettings::of(&config)?;
    let mut entries: Vec<_> = config.values().iter().map(Entry::of).collect();
    for id in SettingId::ALL {
        let fixed = config.fixed().find(|(fixed, _)| *fixed == id);
        let (value, source) = match fixed {
            Some((_, fixed)) => (fixed.value.clone(), fixed.source.clone()),
            None if arguments.all => (id.default(), Source::Default),
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
    output::list(arguments.json, &entries, &["SETTING", "VALUE", "SOURCE"], |entry| {
        vec![
            entry.setting.clone(),
            output::or_dash(entry.value.as_ref()),
            entry.source.clone(),
        ]
    })
}
