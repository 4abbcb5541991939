//! All figures of a run: as one table of those that have a floor, and as JSON.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::figure::Figure;
use crate::{Outcome, table};

/// The columns of the table of all figures that have a floor.
const COMPARED: [&str; 7] = ["", "at once", "p50", "CPU", "floor", "of its rate", "its CPU"];

/// The tables that were printed, as JSON, and the figures that have a floor.
static REPORT: Mutex<(Vec<Value>, Vec<[Figure; COMPARED.len()]>)> = Mutex::new((Vec::new(), Vec::new()));

/// Adds a table that is printed.
pub fn add<const COLUMNS: usize>(title: &str, columns: &[&str; COLUMNS], rows: &[[Figure; COLUMNS]]) {
    let row = |row: &[Figure; COLUMNS]| -> Value {
        let named = columns.iter().zip(row).map(|(column, figure)| {
            let name = if column.is_empty() { "what" } else { column };
            (name.to_owned(), figure.json())
        });
        named.collect::<Map<_, _>>().into()
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    let mut report = REPORT.lock().unwrap_or_else(PoisonError::into_inner);
    report.0.push(json!({ "title": title, "rows": rows }));
}

/// Adds a figure that has a floor.
pub fn compare(row: [Figure; COMPARED.len()]) {
    let mut report = REPORT.lock().unwrap_or_else(PoisonError::into_inner);
    report.1.push(row);
}

/// Prints all figures that have a floor as one table, and writes everything that was measured to a file.
pub fn finish(machine: &str, others: f64, file: Option<&Path>) -> Outcome {
    let (tables, compared) = std::mem::take(&mut *REPORT.lock().unwrap_or_else(PoisonError::into_inner));
    if !compared.is_empty() {
        table::show("All figures beside their floors", COMPARED, compared);
    }
    if let Some(file) = file {
        let report = json!({ "machine": machine, "share of other programs": others, "tables": tables });
        fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}
