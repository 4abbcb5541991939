//! `rollcall check`.

use clap::ArgMatches;

use super::{Failure, ask, output};
use crate::local::{Answer, Command};

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Answer::Problems(problems) = ask(matches, Command::Check)? else {
        return Err(Failure::failed("the server answered something else"));
    };
    if matches.get_flag("json") {
        output::json(&problems)?;
    } else {
        for problem in &problems {
            output::print(&problem.to_string())?;
        }
        if problems.is_empty() {
            output::print("the store is sound")?;
        }
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(Failure::failed(format!(
            "the store is damaged in {count} places; keep a copy of the data folder, then put back your last backup"
        ))),
    }
}
