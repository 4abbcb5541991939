//! The command `rollcall audit`.

use super::{Failure, args, ask, output};
use crate::admin_socket::{AuditLine, AuditQuestion, Command, CommandAnswer};
use crate::domain::AuditParty;

pub(super) fn run(arguments: args::Audit) -> Result<(), Failure> {
    let command = Command::ReadAudit(AuditQuestion {
        actor: arguments.actor,
        target: arguments.target,
        action: arguments.action,
        from: arguments.from,
        until: arguments.until,
        count: arguments.count,
    });
    let CommandAnswer::Audit(entries) = ask(&arguments.folder.0, command)? else {
        return Err(Failure::failed("the server answered something else"));
    };
    let columns = ["WHEN", "WHO", "FROM", "WHAT", "TO", "DETAIL"];
    if arguments.csv {
        return output::csv(&entries, &columns, cells);
    }
    output::list(arguments.json, &entries, &columns, row)
}

/// Returns the cells of an entry for CSV. An absent value is empty.
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
