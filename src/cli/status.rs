//! `rollcall status`.

use clap::ArgMatches;

use super::{Failure, ask, output, password};
use crate::local::{Answer, Command, StatusEntry};

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Failure::usage("name what to do with custom statuses"));
    };
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    match name {
        "list" => show(matches, ask(matches, Command::ListStatuses)?),
        "create" => {
            let command = Command::CreateStatus {
                name: text("name"),
                status_type: text("type"),
            };
            show(matches, ask(matches, command)?)
        }
        _ => {
            let status = text("status");
            password::confirm(matches, &format!("delete the custom status {status}"))?;
            ask(matches, Command::DeleteStatus { status: status.clone() })?;
            output::print(&format!("{status} is deleted"))
        }
    }
}

fn show(matches: &ArgMatches, answer: Answer) -> Result<(), Failure> {
    let statuses = match answer {
        Answer::Status(status) if matches.get_flag("json") => return output::json(&status),
        Answer::Status(status) => vec![status],
        Answer::Statuses(statuses) => statuses,
        _ => return Err(Failure::failed("the server answered something else")),
    };
    output::list(matches, &statuses, &["NAME", "TYPE", "UPDATED", "ID"], row)
}

fn row(status: &StatusEntry) -> Vec<String> {
    vec![
        status.name.clone(),
        status.status_type.clone(),
        status.updated_at.clone(),
        status.id.clone(),
    ]
}
