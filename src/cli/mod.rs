//! The command line: a file for each command.

mod args;
mod audit;
mod check;
mod compact;
mod completions;
mod config;
mod failure;
mod logging;
mod output;
mod password;
mod serve;
mod status;
mod token;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ArgMatches;
use rustix::fs::Mode;

use crate::config::{Config, ConfigError, SETTINGS, Settings, refuse_bytes, variables};
use crate::local::{self, Answer, Command};

pub use failure::Failure;

/// Runs what a command line asks for.
///
/// # Errors
/// [`Failure`] has the sentence to print and the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    logging::log_panics();
    // New files are for their owner alone: the store has password hashes, the lock file names a process.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let matches = match args::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(answer) => return failure::of_parser(&answer),
    };
    match matches.subcommand() {
        None => serve::run(&matches),
        Some(("serve", matches)) => serve::run(matches),
        Some(("config", matches)) => config::run(matches),
        Some(("check", matches)) => check::run(matches),
        Some(("compact", matches)) => compact::run(matches),
        Some(("user", matches)) => user::run(matches),
        Some(("token", matches)) => token::run(matches),
        Some(("status", matches)) => status::run(matches),
        Some(("audit", matches)) => audit::run(matches),
        Some(("completions", matches)) => completions::run(matches),
        Some((other, _)) => Err(Failure::usage(format!("there is no command {other}"))),
    }
}

/// The values of all settings, from these flags and the environment.
fn load(matches: &ArgMatches) -> Result<Config, ConfigError> {
    let known = |name: &str| {
        SETTINGS
            .iter()
            .any(|setting| setting.flag_name().as_deref() == Some(name))
    };
    let flag = |name: &str| {
        let given = known(name).then(|| matches.try_get_one::<String>(name).ok().flatten());
        given.flatten().cloned()
    };
    refuse_bytes(std::env::vars_os())?;
    variables::unknown(std::env::vars_os())?;
    let file = matches.get_one::<PathBuf>("config");
    let set = matches.try_get_many::<String>("set").ok().flatten();
    let set: Vec<_> = set.unwrap_or_default().cloned().collect();
    Config::load(file.map(PathBuf::as_path), &set, flag, |name| std::env::var(name).ok())
}

/// Carries out a command on the data folder that these flags name.
fn ask(matches: &ArgMatches, command: Command) -> Result<Answer, Failure> {
    let settings = Settings::of(&load(matches)?)?;
    logging::start_quietly();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(local::run(&settings.data_dir.clone(), serve::fixed(settings), command))?)
}
