//! What commands print: tables for people, JSON and CSV for programs. Everything that is printed for a
//! person goes through [`escaped`], so that no text from outside acts on the terminal.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::Failure;
use crate::domain::text::escaped;

/// Prints entries as a table or as JSON.
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

/// Prints entries as CSV (RFC 4180). A spreadsheet takes no cell for a formula.
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

/// Returns a cell that begins as a formula does with `'` before it, which makes it a text.
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

/// Writes lines on standard output as they are. A reader that closed its end has read enough: that is
/// not a failure.
pub(super) fn write(line: &str) -> Result<(), Failure> {
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
    let _ = writeln!(io::stderr(), "rollcall: {}", escaped(sentence));
}

/// What stands in a table for a text that may be absent.
pub(super) fn or_dash(text: Option<&String>) -> String {
    text.map_or_else(|| "-".to_owned(), Clone::clone)
}
