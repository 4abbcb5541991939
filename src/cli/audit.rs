//! `rollcall audit`.

use clap::ArgMatches;

use super::{Failure, ask, output};
use crate::domain::AuditParty;
use crate::local::{Answer, AuditLine, AuditQuestion, Command};

/// Entries that are printed unless told otherwise.
const COUNT: usize = 50;

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let command = Command::ReadAudit(AuditQuestion {
        actor: text("actor"),
        target: text("target"),
        action: text("action"),
        from: text("from"),
        until: text("until"),
        count: matches.get_one("count").copied().unwrap_or(COUNT),
    });
    let Answer::Audit(entries) = ask(matches, command)? else {
        return Err(Failure::failed("the server answered something else"));
    };
    let columns = ["WHEN", "WHO", "FROM", "WHAT", "TO", "DETAIL"];
    if matches.get_flag("csv") {
        return output::csv(&entries, &columns, cells);
    }
    output::list(matches, &entries, &columns, row)
}

/// The cells of an entry for programs: what is absent is empty.
fn cells(entry: &AuditLine) -> Vec<String> {
    vec![
        entry.at.clone(),
        name(&entry.actor),
        entry.address.clone().unwrap_or_default(),
        entry.action.clone(),
        entry.target.as_ref().map(name).unwrap_or_default(),
        entry.detail.clone(),
    ]
}

fn row(entry: &AuditLine) -> Vec<String> {
    vec![
        entry.at.clone(),
        name(&entry.actor),
        output::or_dash(entry.address.as_ref()),
        entry.action.clone(),
        entry.target.as_ref().map_or_else(|| "-".to_owned(), name),
        entry.detail.clone(),
    ]
}

fn name(party: &AuditParty) -> String {
    if party.name.is_empty() {
        party.kind.clone()
    } else {
        party.name.clone()
    }
}
