//! `rollcall config`.

use clap::ArgMatches;
use serde::Serialize;

use super::{Failure, load, output};
use crate::config::{Settings, Value};

#[derive(Serialize)]
struct Entry {
    setting: &'static str,
    value: Option<String>,
    source: String,
}

impl Entry {
    fn of(value: &Value) -> Self {
        Self {
            setting: value.setting.name,
            value: value.shown().map(str::to_owned),
            source: value.source.to_string(),
        }
    }
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let config = load(matches)?;
    Settings::of(&config)?;
    let entries: Vec<_> = config.values().iter().map(Entry::of).collect();
    output::list(matches, &entries, &["SETTING", "VALUE", "SOURCE"], |entry| {
        vec![
            entry.setting.to_owned(),
            output::or_dash(entry.value.as_ref()),
            entry.source.clone(),
        ]
    })
}
