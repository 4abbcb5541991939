//! The command `rollcall doctor`.

mod cluster;
mod diagnosis;
mod disk;
mod files;
mod surroundings;

use serde::Serialize;

use super::args::Doctor;
use super::setting_flags::Given;
use super::{Failure, ask, ask_with, output, serve, server_process};
use crate::admin_socket::has_store;
use crate::admin_socket::{ClockEntry, Command, CommandAnswer, DiskEntry, SurroundingsEntry};
use crate::app::Overrides;
use crate::config::{Examined, StartSettings, examine};
use crate::domain::SettingId;
use diagnosis::{Diagnosis, DiagnosisState};

/// The result as JSON: the fields of the clock, if there is a store, and all checks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printout {
    #[serde(flatten)]
    clock: Option<ClockEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disk: Option<DiskEntry>,
    checks: Vec<Diagnosis>,
}

pub(super) fn run(arguments: &Doctor) -> Result<(), Failure> {
    if arguments.clock_is_right {
        return confirm_clock(arguments);
    }
    let examined = examined(&arguments.settings.0)?;
    let mut checks = settings(&examined);
    let (mut clock, mut disk) = (None, None);
    match StartSettings::of(&examined.config) {
        Ok(settings) => checks.extend(surroundings_of(settings, &mut clock, &mut disk)),
        Err(error) => checks.push(Diagnosis::explained("settings", error.to_string())),
    }
    let problems = checks.iter().filter(|check| check.state == DiagnosisState::Problem);
    let problems = problems.count();
    if arguments.json {
        output::json(&Printout { clock, disk, checks })?;
    } else {
        for check in &checks {
            output::print(&check.to_string())?;
        }
    }
    match problems {
        0 => Ok(()),
        1 => Err(Failure::failed("1 problem: see above what to do")),
        count => Err(Failure::failed(format!("{count} problems: see above what to do"))),
    }
}

fn confirm_clock(arguments: &Doctor) -> Result<(), Failure> {
    let answer = ask(&arguments.settings.0, Command::ConfirmClock)?;
    let CommandAnswer::Clock(clock) = answer else {
        return Err(Failure::failed("the server answered something else"));
    };
    let check = clock_check(&clock);
    if arguments.json {
        output::json(&clock)?;
    } else {
        output::print(&check.to_string())?;
    }
    if check.state == DiagnosisState::Problem {
        return Err(Failure::failed("the clock is still doubtful"));
    }
    Ok(())
}

/// Reads the configuration of these flags, the environment and the file, with all problems.
fn examined(given: &Given) -> Result<Examined, Failure> {
    let variables: Vec<_> = std::env::vars_os().collect();
    let flag = |name: &str| given.flags.get(name).cloned();
    let examined = examine(given.file.as_deref(), &given.set, flag, &variables);
    examined.map_err(Failure::from)
}

fn settings(examined: &Examined) -> Vec<Diagnosis> {
    let mut checks: Vec<_> = examined
        .problems
        .iter()
        .map(|problem| Diagnosis::explained("settings", problem.to_string()))
        .collect();
    if checks.is_empty() {
        checks.push(Diagnosis::ok("settings", "every setting has an allowed value"));
    }
    let unknown = examined.config.unknown_variables().iter().map(|variable| {
        let found = format!("{variable} is no variable of this server, and is ignored");
        Diagnosis::warning(
            "variables",
            found,
            "remove it, or see `rollcall config --all` for the names",
        )
    });
    checks.extend(unknown);
    checks
}

/// Checks all that the settings name.
fn surroundings_of(
    settings: StartSettings,
    clock: &mut Option<ClockEntry>,
    disk: &mut Option<DiskEntry>,
) -> Vec<Diagnosis> {
    let folder = settings.data_dir.clone();
    let (format, reserve) = (settings.log_format, settings.disk_reserve_bytes);
    let has_proxies = !settings.trusted_proxies.is_empty();
    let fixed = serve::fixed(settings);
    let server = server_process(&folder, &fixed);
    let mut checks = files::check(&files::Paths {
        folder: &folder,
        key: fixed.secret_key_file.as_deref(),
        socket: fixed.admin_socket.as_deref(),
        server,
    });
    checks.extend(disk::check(&folder, reserve));
    checks.extend(fixed.cluster.iter().flat_map(cluster::check));
    let ask = |command| ask_with(&folder, fixed.clone(), command);
    if has_store(&folder, &fixed) || server.is_some() {
        checks.push(clock_of(ask(Command::ReadClock), clock));
        checks.push(room_of(ask(Command::ReadDisk), disk));
        checks.push(store_of(ask(Command::Check)));
    } else {
        let found = format!("there is no store in {} yet", folder.display());
        checks.push(Diagnosis::skipped("store", found));
    }
    let entry = match server.map(|_| ask(Command::ReadSurroundings)) {
        Some(Ok(CommandAnswer::Surroundings(entry))) => entry,
        // Without a server, the settings of this command are all that is known.
        _ => of_settings(&fixed),
    };
    checks.push(surroundings::proxy(&entry, has_proxies));
    checks.push(surroundings::address(&entry));
    checks.push(surroundings::certificate(&entry));
    checks.push(surroundings::log_format(
        format,
        server.and_then(surroundings::has_journal),
    ));
    checks
}

fn of_settings(fixed: &Overrides) -> SurroundingsEntry {
    let url = fixed.settings.get(&SettingId::SiteUrl);
    SurroundingsEntry {
        public_url: url.map(|(url, _)| url.to_string()).filter(|url| !url.is_empty()),
        forwarded_by_trusted: 0,
        forwarded_by_others: 0,
        certificate: None,
    }
}

/// Returns whether the store takes changes, and its size.
fn room_of(answer: Result<CommandAnswer, Failure>, disk: &mut Option<DiskEntry>) -> Diagnosis {
    const CHECK: &str = "writes";
    match answer {
        Ok(CommandAnswer::Disk(entry)) => {
            let check = if let Some(problem) = &entry.problem {
                Diagnosis::explained(CHECK, problem.clone())
            } else {
                let (files, data) = (entry.file_bytes, entry.data_bytes);
                let found = format!("changes are made; {files} bytes of files, {data} bytes of records at the opening");
                Diagnosis::ok(CHECK, found)
            };
            *disk = Some(entry);
            check
        }
        Ok(_) => Diagnosis::explained(CHECK, "the server answered something else"),
        Err(failure) => Diagnosis::explained(CHECK, failure.sentence()),
    }
}

fn clock_of(answer: Result<CommandAnswer, Failure>, clock: &mut Option<ClockEntry>) -> Diagnosis {
    match answer {
        Ok(CommandAnswer::Clock(entry)) => {
            let check = clock_check(&entry);
            *clock = Some(entry);
            check
        }
        Ok(_) => Diagnosis::explained("clock", "the server answered something else"),
        Err(failure) => Diagnosis::explained("clock", failure.sentence()),
    }
}

fn clock_check(clock: &ClockEntry) -> Diagnosis {
    let last = clock.last_commit.as_deref().unwrap_or("unknown");
    let Some(doubt) = &clock.doubt else {
        let found = format!(
            "the clock is not doubtful; it says {}, and the last commit with such a clock is of {last}",
            clock.machine
        );
        return Diagnosis::ok("clock", found);
    };
    let erased = if clock.may_erase {
        "the server has run for a day, so expired data is erased"
    } else {
        "expired data is not erased until the server has run for a day"
    };
    Diagnosis::problem(
        "clock",
        format!("the clock is doubtful: {doubt}; {erased}"),
        "set the clock, or run `rollcall doctor --clock-is-right` if it is right",
    )
}

fn store_of(answer: Result<CommandAnswer, Failure>) -> Diagnosis {
    match answer {
        Ok(CommandAnswer::Findings(findings)) if findings.is_empty() => Diagnosis::ok("store", "the store is sound"),
        Ok(CommandAnswer::Findings(findings)) => {
            let first = findings.first().map(ToString::to_string).unwrap_or_default();
            let found = format!("{} findings, the first: {first}", findings.len());
            Diagnosis::problem("store", found, "run `rollcall check` for all, and see there what to do")
        }
        Ok(_) => Diagnosis::explained("store", "the server answered something else"),
        Err(failure) => Diagnosis::explained("store", failure.sentence()),
    }
}
