//! The measurements, as a table.

use std::time::Duration;

use crate::epoch::Checked;
use crate::gaps::WriteFigures;

/// The figures of one fault.
pub struct ReportRow {
    pub fault: String,
    pub writes: WriteFigures,
    pub checked: Checked,
    /// The longest time for which a server showed an older message than another one had acknowledged.
    pub disagreement: Duration,
    /// The number of times that servers ended and were started again.
    pub restarts: usize,
}

/// The heading of the table.
const HEADING: &str = "| fault | acknowledged writes | unknown outcomes | objects checked | longest time without a write | \
                       at one server | longest disagreement | restarts of servers |\n|---|---|---|---|---|---|---|---|";

/// Prints a table of these rows.
pub fn print(rows: &[ReportRow]) {
    println!("{HEADING}");
    for row in rows {
        println!("{}", line(row));
    }
}

/// Returns a row of the table.
pub fn line(row: &ReportRow) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        row.fault,
        row.writes.acknowledged,
        row.checked.unknown,
        row.checked.objects,
        seconds(row.writes.longest_gap),
        seconds(row.writes.longest_gap_at_one),
        seconds(row.disagreement),
        row.restarts
    )
}

fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}
