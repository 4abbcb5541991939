//! The command `rollcall check`.

use std::path::Path;

use serde_json::json;

use super::args::Printed;
use super::{Failure, ask, output};
use crate::admin_socket::{self, Command, CommandAnswer, Finding};

pub(super) fn run(backup: Option<&Path>, list: &Printed) -> Result<(), Failure> {
    if let Some(backup) = backup {
        return check_backup(backup, list.json);
    }
    let CommandAnswer::Findings(findings) = ask(&list.folder.0, Command::Check)? else {
        return Err(Failure::failed("the server answered something else"));
    };
    if list.json {
        output::json(&findings)?;
    } else {
        for finding in &findings {
            output::print(&finding.to_string())?;
        }
        if findings.is_empty() {
            output::print("the store is sound")?;
        }
    }
    let damages = findings.iter().filter(|finding| matches!(finding, Finding::Store(_)));
    match damages.count() {
        0 if findings.is_empty() => Ok(()),
        0 => Err(Failure::failed(
            "the store is sound, but no server can start on it with this key file",
        )),
        count => Err(Failure::failed(format!(
            "the store is damaged in {count} places; keep a copy of the data folder, then put back your last backup"
        ))),
    }
}

fn check_backup(path: &Path, as_json: bool) -> Result<(), Failure> {
    let found = admin_socket::check_backup(path)?;
    if as_json {
        return output::json(&json!({
            "takenAt": found.taken_at,
            "version": found.rollcall,
            "users": found.users,
            "entries": found.entries,
            "bytes": found.file_bytes,
            "hasKey": found.has_key,
        }));
    }
    output::print(&format!(
        "the backup is sound: of {}, by rollcall {}, {} users, {} records and index entries, {} bytes, {} the key of second \
         factors",
        found.taken_at,
        found.rollcall,
        found.users,
        found.entries,
        found.file_bytes,
        if found.has_key { "with" } else { "without" }
    ))
}
