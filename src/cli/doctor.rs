//! The command `rollcall doctor`.

use super::args::Doctor;
use super::{Failure, ask, output};
use crate::admin_socket::{Command, CommandAnswer};

pub(super) fn run(arguments: &Doctor) -> Result<(), Failure> {
    let command = if arguments.clock_is_right {
        Command::ConfirmClock
    } else {
        Command::ReadClock
    };
    let CommandAnswer::Clock(clock) = ask(&arguments.list.folder.0, command)? else {
        return Err(Failure::failed("the server answered something else"));
    };
    if arguments.list.json {
        output::json(&clock)?;
    } else {
        output::print(&format!("the clock of this machine: {}", clock.machine))?;
        if clock.used != clock.machine {
            output::print(&format!("the time that is used: {}", clock.used))?;
        }
        let last = clock.last_commit.as_deref().unwrap_or("unknown");
        output::print(&format!(
            "the last commit of the store with a clock without doubt: {last}"
        ))?;
    }
    let Some(doubt) = clock.doubt else {
        return if arguments.list.json {
            Ok(())
        } else {
            output::print("the clock is not doubtful")
        };
    };
    let erased = if clock.may_erase {
        "the server has run for a day, so expired data is erased"
    } else {
        "expired data is not erased until the server has run for a day"
    };
    Err(Failure::failed(format!(
        "the clock is doubtful: {doubt}; {erased}; set the clock, or run `rollcall doctor --clock-is-right` if it is right"
    )))
}
