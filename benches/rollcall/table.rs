//! The format of printed figures.

use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::measure::Measured;
use crate::print;

/// Prints a table with a title. The first column has text, the others have figures.
pub fn table<const COLUMNS: usize>(title: &str, columns: [&str; COLUMNS], rows: Vec<[String; COLUMNS]>) {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns)
        .add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    print(&format!("\n{title}\n{table}"));
}

/// A row of a table of rates.
pub struct Rate {
    pub what: String,
    pub at_once: usize,
    pub measured: Measured,
    /// The floor to compare with, and its name.
    pub floor: Option<(Measured, &'static str)>,
}

/// Prints a table of operations per second.
pub fn rates(title: &str, rows: &[Rate]) {
    let columns = [
        "",
        "at once",
        "a second",
        "p50",
        "p99",
        "CPU",
        "driver's",
        "of its floor",
    ];
    let row = |rate: &Rate| {
        [
            rate.what.clone(),
            rate.at_once.to_string(),
            grouped(rate.measured.per_second()),
            time(rate.measured.latency(0.5)),
            time(rate.measured.latency(0.99)),
            time(rate.measured.processor_per_call()),
            rate.measured.driver_per_call().map_or_else(String::new, time),
            rate.floor.as_ref().map_or_else(String::new, |(floor, name)| {
                let share = rate.measured.per_second() / floor.per_second();
                let cost = rate
                    .measured
                    .processor_per_call()
                    .div_duration_f64(floor.processor_per_call());
                format!("{:.0} % of {name} at {cost:.1} × its CPU", share * 100.0)
            }),
        ]
    };
    table(title, columns, rows.iter().map(row).collect());
}

/// Formats a time with at most three digits.
pub fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..100.0 => format!("{micros:.1} µs"),
        ..1000.0 => format!("{micros:.0} µs"),
        ..10_000.0 => format!("{:.2} ms", micros / 1e3),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..10_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

/// Formats bytes in units of 1,000,000.
#[allow(clippy::cast_precision_loss)]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Formats bytes in units of 1024.
#[allow(clippy::cast_precision_loss)]
pub fn kibibytes(bytes: u64) -> String {
    format!("{:.1} KiB", bytes as f64 / 1024.0)
}

/// Formats a count with separated thousands.
#[allow(clippy::cast_precision_loss)]
pub fn count(number: u64) -> String {
    grouped(number as f64)
}

/// Formats a whole number with separated thousands.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
