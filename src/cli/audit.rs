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
    output::list(matches, &entries, &columns, row)
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
