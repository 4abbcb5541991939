//! The command line, one file per command.

mod args;
mod audit;
mod backup;
mod backup_keys;
mod check;
mod compact;
mod complaint;
mod completions;
mod config;
mod doctor;
mod export;
mod failure;
mod health;
mod http_get;
mod import;
mod import_file;
mod import_report;
mod log_lines;
mod log_queue;
mod logging;
mod man;
mod migrate;
mod output;
mod password;
mod restore;
mod serve;
mod service_manager;
mod setting_flags;
mod status;
mod token;
mod transfer_args;
mod upgrade;
mod user;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;
use rustix::fs::Mode;
use tokio::runtime::Runtime;

use args::{Arguments, CommandArgs};
use setting_flags::Given;

use crate::admin_socket::{self, CommandAnswer};
use crate::app::Overrides;
use crate::config::{Config, ConfigError, StartSettings, variables};
use crate::net::open_files;

pub(crate) use failure::Failure;
pub use import_file::ImportFile;

/// Runs a command line.
///
/// # Errors
/// [`Failure`] with the sentence to print and the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    logging::log_panics();
    // New files are readable only by their owner: the store has password hashes, and the lock file has a process id.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(answer) => return failure::of_parser(&answer),
    };
    match arguments.command {
        None => serve::run(&arguments.settings.0),
        Some(CommandArgs::Serve(settings)) => serve::run(&settings.0),
        Some(CommandArgs::Config(arguments)) => config::run(&arguments),
        Some(CommandArgs::Check { backup, keys, list }) => check::run(backup.as_deref(), &keys, &list),
        Some(CommandArgs::Backup(arguments)) => backup::run(&arguments),
        Some(CommandArgs::Restore(arguments)) => restore::run(&arguments),
        Some(CommandArgs::Migrate(arguments)) => migrate::run(&arguments),
        Some(CommandArgs::Upgrade(folder)) => upgrade::run(&folder),
        Some(CommandArgs::Export(arguments)) => export::run(&arguments),
        Some(CommandArgs::Import(arguments)) => import::run(arguments),
        Some(CommandArgs::Compact(folder)) => compact::run(&folder.0),
        Some(CommandArgs::Health(arguments)) => health::run(&arguments),
        Some(CommandArgs::Doctor(arguments)) => doctor::run(&arguments),
        Some(CommandArgs::User(command)) => user::run(command),
        Some(CommandArgs::Token(command)) => token::run(command),
        Some(CommandArgs::Status(command)) => status::run(command),
        Some(CommandArgs::Audit(arguments)) => audit::run(arguments),
        Some(CommandArgs::Completions { shell }) => completions::run(shell),
        Some(CommandArgs::Man { folder }) => man::run(&folder),
    }
}

/// Loads the values of all settings, from these flags, the environment and the configuration file.
fn load(given: &Given) -> Result<Config, ConfigError> {
    variables::refuse_bytes(std::env::vars_os())?;
    let unknown = variables::unknown(std::env::vars_os())?;
    let flag = |name: &str| given.flags.get(name).cloned();
    let config = Config::load(given.file.as_deref(), &given.set, flag, |name| std::env::var(name).ok())?;
    Ok(config.with_unknown_variables(unknown))
}

/// Carries out a command on the data folder of these flags.
fn ask(given: &Given, command: admin_socket::Command) -> Result<CommandAnswer, Failure> {
    let settings = StartSettings::of(&load(given)?)?;
    let folder = settings.data_dir.clone();
    ask_with(&folder, serve::fixed(settings), command)
}

/// Carries out a command on a data folder, with this configuration.
fn ask_with(folder: &Path, fixed: Overrides, command: admin_socket::Command) -> Result<CommandAnswer, Failure> {
    let _log = logging::start_quietly();
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    Ok(runtime()?.block_on(admin_socket::run(folder, fixed, command))?)
}

/// Returns the process of the server that runs on a data folder, if one does.
fn server_process(folder: &Path, fixed: &Overrides) -> Option<i32> {
    let asked = admin_socket::server_process(folder, fixed.admin_socket.as_deref());
    runtime().ok()?.block_on(asked)
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))
}
