//! The command `rollcall status`.

use super::args::Status;
use super::{Failure, ask, output, password};
use crate::admin_socket::{Command, CommandAnswer, StatusEntry};

pub(super) fn run(command: Status) -> Result<(), Failure> {
    match command {
        Status::List(list) => show(list.json, ask(&list.folder.0, Command::ListStatuses)?),
        Status::Create {
            name,
            status_type,
            list,
        } => {
            let command = Command::CreateStatus { name, status_type };
            show(list.json, ask(&list.folder.0, command)?)
        }
        Status::Delete { status, folder, yes } => {
            password::confirm(yes, &format!("delete the custom status {status}"))?;
            ask(&folder.0, Command::DeleteStatus { status: status.clone() })?;
            output::print(&format!("{status} is deleted"))
        }
    }
}

fn show(as_json: bool, answer: CommandAnswer) -> Result<(), Failure> {
    let statuses = match answer {
        CommandAnswer::Status(status) if as_json => return output::json(&status),
        CommandAnswer::Status(status) => vec![status],
        CommandAnswer::Statuses(statuses) => statuses,
        _ => return Err(Failure::failed("the server answered something else")),
    };
    output::list(as_json, &statuses, &["NAME", "TYPE", "UPDATED", "ID"], row)
}

fn row(status: &StatusEntry) -> Vec<String> {
    vec![
        status.name.clone(),
        status.status_type.clone(),
        status.updated_at.clone(),
        status.id.clone(),
    ]
}
