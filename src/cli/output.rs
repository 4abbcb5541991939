//! The output of commands: tables for people, JSON and CSV for programs. All text for people passes through
//! [`escaped`], so that text from outside cannot control the terminal.

use std::io::{self, Write};
use std::thread;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use tracing::warn;

use super::Failure;
use crate::domain::text::escaped;

/// Prints entries as a table, or as JSON with `--json`.
pub(super) fn list<T: Serialize>(
    as_json: bool,
    entries: &[T],
    columns: &[&str],
    row: impl Fn(&T) -> Vec<String>,
) -> Result<(), Failure> {
    if as_json {
        return json(entries);
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns);
    for entry in entries {
        table.add_row(row(entry).iter().map(|cell| escaped(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        write(line.trim_end())?;
    }
    Ok(())
}

/// Prints entries as CSV (RFC 4180), so that a spreadsheet does not treat a cell as a formula.
pub(super) fn csv<T>(entries: &[T], columns: &[&str], row: impl Fn(&T) -> Vec<String>) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::failed(format!("cannot write CSV: {error}"));
    let mut lines = csv::Writer::from_writer(Vec::new());
    lines.write_record(columns).map_err(failed)?;
    for entry in entries {
        lines
            .write_record(row(entry).iter().map(|cell| without_formula(cell)))
            .map_err(failed)?;
    }
    let bytes = lines.into_inner().map_err(|error| Failure::failed(error.to_string()))?;
    write(String::from_utf8_lossy(&bytes).trim_end())
}

/// Returns the cell. If it begins like a formula, a `'` is added before it, which makes it text.
fn without_formula(cell: &str) -> String {
    let shown = escaped(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{shown}")
    } else {
        shown.into_owned()
    }
}

/// Prints a value as indented JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    write(&text.map_err(|error| Failure::failed(error.to_string()))?)
}

/// Prints a sentence on standard output.
pub(super) fn print(sentence: &str) -> Result<(), Failure> {
    write(&escaped(sentence))
}

/// Writes a line to standard output, unescaped.
///
/// # Errors
/// [`Failure`] if it cannot be written; without a sentence if the reader has closed its end, as `head` does.
pub(super) fn write(line: &str) -> Result<(), Failure> {
    let written = writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush());
    written.map_err(|error| Failure::of_output(&error))
}

/// Writes lines to standard output in the background. A server does not wait for the reader of its standard output, and
/// does not end if it cannot be written.
pub(super) fn announce(lines: Vec<String>) {
    let writing = thread::Builder::new().name("announcement".into()).spawn(move || {
        for line in lines {
            if let Err(error) = writeln!(io::stdout(), "{}", escaped(&line)).and_then(|()| io::stdout().flush()) {
                warn!(%error, "standard output cannot be written");
                return;
            }
        }
    });
    if let Err(error) = writing {
        warn!(%error, "nothing is written to standard output");
    }
}

/// Returns the text, or `-` if it is absent.
pub(super) fn or_dash(text: Option<&String>) -> String {
    text.map_or_else(|| "-".to_owned(), Clone::clone)
}
