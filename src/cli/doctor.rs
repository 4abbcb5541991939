//! The command `rollcall doctor`.

use serde_json::json;

use super::args::Doctor;
use super::setting_flags::Folder;
use super::{Failure, ask, output};
use crate::admin_socket::{ClockEntry, Command, CommandAnswer, DiskEntry};

pub(super) fn run(arguments: &Doctor) -> Result<(), Failure> {
    let folder = &arguments.list.folder;
    let command = if arguments.clock_is_right {
        Command::ConfirmClock
    } else {
        Command::ReadClock
    };
    let CommandAnswer::Clock(clock) = ask(&folder.0, command)? else {
        return Err(unexpected());
    };
    let disk = read_disk(folder)?;
    if arguments.list.json {
        let mut printed = serde_json::to_value(&clock).map_err(|error| Failure::failed(error.to_string()))?;
        printed["disk"] = json!(disk);
        output::json(&printed)?;
    } else {
        print_clock(&clock)?;
        print_disk(&disk)?;
    }
    let problems: Vec<_> = [about_clock(&clock), disk.problem].into_iter().flatten().collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::failed(problems.join("\n")))
    }
}

fn unexpected() -> Failure {
    Failure::failed("the server answered something else")
}

fn read_disk(folder: &Folder) -> Result<DiskEntry, Failure> {
    match ask(&folder.0, Command::ReadDisk)? {
        CommandAnswer::Disk(disk) => Ok(disk),
        _ => Err(unexpected()),
    }
}

fn print_clock(clock: &ClockEntry) -> Result<(), Failure> {
    output::print(&format!("the clock of this machine: {}", clock.machine))?;
    if clock.used != clock.machine {
        output::print(&format!("the time that is used: {}", clock.used))?;
    }
    let last = clock.last_commit.as_deref().unwrap_or("unknown");
    output::print(&format!(
        "the last commit of the store with a clock without doubt: {last}"
    ))?;
    if clock.doubt.is_none() {
        output::print("the clock is not doubtful")?;
    }
    Ok(())
}

fn print_disk(disk: &DiskEntry) -> Result<(), Failure> {
    let free = disk
        .free_bytes
        .map_or_else(|| "an unknown number of".to_owned(), |free| free.to_string());
    output::print(&format!(
        "the disk: {free} bytes free, writes are refused below {}",
        disk.reserve_bytes
    ))?;
    output::print(&format!(
        "the store: {} bytes of files, {} bytes of records when it was opened; `rollcall compact` removes the rest",
        disk.file_bytes, disk.data_bytes
    ))
}

/// Returns what is wrong with the clock, and what to do.
fn about_clock(clock: &ClockEntry) -> Option<String> {
    let doubt = clock.doubt.as_ref()?;
    let erased = if clock.may_erase {
        "the server has run for a day, so expired data is erased"
    } else {
        "expired data is not erased until the server has run for a day"
    };
    Some(format!(
        "the clock is doubtful: {doubt}; {erased}; set the clock, or run `rollcall doctor --clock-is-right` if it is right"
    ))
}
