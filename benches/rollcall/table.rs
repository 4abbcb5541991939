//! The format of printed figures.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::figure::Figure;
pub use crate::figure::{count, grouped, kibibytes, megabytes, share, time, times};
use crate::measure::Measured;
use crate::{print, report};

/// Prints a table with a title, and adds it to the report. The first column has text, the others have figures.
pub fn table<const COLUMNS: usize>(title: &str, columns: [&str; COLUMNS], rows: Vec<[Figure; COLUMNS]>) {
    report::add(title, &columns, &rows);
    show(title, columns, rows);
}

/// Prints a table with a title.
pub fn show<const COLUMNS: usize>(title: &str, columns: [&str; COLUMNS], rows: Vec<[Figure; COLUMNS]>) {
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

impl Rate {
    /// Returns the rate as a share of that of the floor, and the processor time as a multiple of that of the floor.
    fn beside_floor(&self) -> Option<[Figure; 2]> {
        let (floor, _) = self.floor.as_ref()?;
        let processor = |measured: &Measured| measured.processor_per_call();
        Some([
            share(self.measured.per_second() / floor.per_second()),
            times(processor(&self.measured).div_duration_f64(processor(floor))),
        ])
    }
}

/// Adds a rate that has a floor to the table of all of them.
pub fn compare(rate: &Rate) {
    if let (Some([of_rate, of_processor]), Some((_, floor))) = (rate.beside_floor(), &rate.floor) {
        report::compare([
            rate.what.clone().into(),
            count(rate.at_once as u64),
            time(rate.measured.latency(0.5)),
            time(rate.measured.processor_per_call()),
            (*floor).into(),
            of_rate,
            of_processor,
        ]);
    }
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
        "floor",
        "of its rate",
        "its CPU",
    ];
    let row = |rate: &Rate| {
        let [of_rate, of_processor] = rate.beside_floor().unwrap_or([Figure::none(), Figure::none()]);
        [
            rate.what.clone().into(),
            count(rate.at_once as u64),
            grouped(rate.measured.per_second()),
            time(rate.measured.latency(0.5)),
            time(rate.measured.latency(0.99)),
            time(rate.measured.processor_per_call()),
            rate.measured.driver_per_call().map_or_else(Figure::none, time),
            rate.floor
                .as_ref()
                .map_or_else(Figure::none, |(_, name)| (*name).into()),
            of_rate,
            of_processor,
        ]
    };
    table(title, columns, rows.iter().map(row).collect());
    rows.iter().for_each(compare);
}
