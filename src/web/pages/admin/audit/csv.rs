//! The audit log as a CSV file for spreadsheets.

use ::csv::Writer;

use super::Asked;
use crate::domain::{AuditEntry, AuditParty};
use crate::ops::audit::{self, Bounds};
use crate::ops::calls::CallRate;
use crate::ops::incident;
use crate::web::administration::Section;
use crate::web::reply::{self, PageOutcome};
use crate::web::visit::Visit;

/// The limits of a file.
const FILE: Bounds = Bounds {
    entries: 10_000,
    read: 100_000,
};

/// The characters at which a spreadsheet begins a formula, and those that it skips before a formula.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

const HEAD: [&str; 10] = [
    "time",
    "actor kind",
    "actor",
    "actor id",
    "address",
    "action",
    "target kind",
    "target",
    "target id",
    "detail",
];

pub(super) async fn send(visit: Visit) -> PageOutcome {
    Section::Audit.admit(&visit)?;
    visit.count("GET audit.list", CallRate::Default)?;
    let asked = Asked::of(&visit);
    let found = audit::part(&visit.app, &visit.actor()?, asked.filter(&visit), None, FILE).await?;
    let cut = found.next.is_some().then(|| {
        let count = found.entries.len();
        visit.words.say("audit-csv-cut", &[("count", count.into())])
    });
    let file = file(&found.entries, cut).map_err(incident::internal)?;
    let name = format!("audit-{}.csv", visit.reader().local(visit.app.clock.now()).date());
    reply::download("text/csv; charset=utf-8", &name, file)
}

fn file(entries: &[AuditEntry], cut: Option<String>) -> Result<Vec<u8>, ::csv::Error> {
    let mut file = Writer::from_writer(Vec::new());
    file.write_record(HEAD)?;
    for entry in entries {
        file.write_record(cells(entry).map(|cell| inert(&cell)))?;
    }
    if let Some(words) = cut {
        let mut row: [String; HEAD.len()] = Default::default();
        row[0] = inert(&words);
        file.write_record(row)?;
    }
    file.into_inner().map_err(|error| error.into_error().into())
}

fn cells(entry: &AuditEntry) -> [String; HEAD.len()] {
    let none = AuditParty::new("", "", "");
    let (actor, target) = (&entry.actor, entry.target.as_ref().unwrap_or(&none));
    [
        entry.at.to_string(),
        actor.kind.clone(),
        actor.name.clone(),
        actor.id.clone(),
        entry.address.map(|address| address.to_string()).unwrap_or_default(),
        entry.action.to_string(),
        target.kind.clone(),
        target.name.clone(),
        target.id.clone(),
        entry.detail.clone(),
    ]
}

/// Returns a cell that no spreadsheet reads as a formula (OWASP, CSV injection).
fn inert(cell: &str) -> String {
    let begins = cell.trim_start_matches(' ').starts_with(FORMULA);
    if begins { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1"] {
            assert!(inert(formula).starts_with('\''), "{formula:?}");
        }
        for text in ["", "ada", "a=b", "2026-11-27T13:00:00.000Z", "10.0.0.1"] {
            assert_eq!(inert(text), text);
        }
    }
}
