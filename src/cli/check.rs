//! The command `rollcall check`.

use std::path::Path;

use serde_json::json;

use super::args::Printed;
use super::backup_keys::DecryptionArgs;
use super::{Failure, ask, output};
use crate::admin_socket::{self, Command, CommandAnswer, Finding};

pub(super) fn run(backup: Option<&Path>, keys: &DecryptionArgs, list: &Printed) -> Result<(), Failure> {
    if let Some(backup) = backup {
        return check_backup(backup, keys, list.json);
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

fn check_backup(path: &Path, keys: &DecryptionArgs, as_json: bool) -> Result<(), Failure> {
    let found = admin_socket::check_backup(path, &keys.decryption(path)?)?;
    let summary = &found.summary;
    if as_json {
        return output::json(&json!({
            "takenAt": summary.taken_at,
            "version": summary.rollcall,
            "users": summary.users,
            "entries": summary.entries,
            "bytes": found.file_bytes,
            "hasKey": summary.has_key,
            "encrypted": found.is_encrypted,
        }));
    }
    output::print(&format!(
        "the backup is sound: of {}, by rollcall {}, {} users, {} records and index entries, {} bytes, {}, {} the key of \
         second factors",
        summary.taken_at,
        summary.rollcall,
        summary.users,
        summary.entries,
        found.file_bytes,
        if found.is_encrypted {
            "encrypted"
        } else {
            "not encrypted"
        },
        if summary.has_key { "with" } else { "without" }
    ))
}
