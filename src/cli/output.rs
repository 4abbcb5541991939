//! What commands print: tables for people, JSON for programs.

use std::io::{self, Write};

use clap::ArgMatches;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::Failure;

/// Prints entries as a table, or as JSON where `--json` is given.
pub(super) fn list<T: Serialize>(
    matches: &ArgMatches,
    entries: &[T],
    columns: &[&str],
    row: impl Fn(&T) -> Vec<String>,
) -> Result<(), Failure> {
    if matches.get_flag("json") {
        return json(entries);
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns);
    for entry in entries {
        table.add_row(row(entry));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        print(line.trim_end())?;
    }
    Ok(())
}

/// Prints a value as indented JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    print(&text.map_err(|error| Failure::failed(error.to_string()))?)
}

/// Prints a line on standard output. A reader that has gone is no failure: it has read enough.
pub(super) fn print(line: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a sentence on standard error.
pub(super) fn complain(sentence: &str) {
    // There is nobody left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "rollcall: {sentence}");
}

/// What stands in a table for a text that may be absent.
pub(super) fn or_dash(text: Option<&String>) -> String {
    text.map_or_else(|| "-".to_owned(), Clone::clone)
}
