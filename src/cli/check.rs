//! The command `rollcall check`.

use super::args::Printed;
use super::{Failure, ask, output};
use crate::local::{Answer, Command, Finding};

pub(super) fn run(list: &Printed) -> Result<(), Failure> {
    let Answer::Findings(findings) = ask(&list.folder.0, Command::Check)? else {
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
