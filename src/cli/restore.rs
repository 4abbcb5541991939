//! The command `rollcall restore`.

use super::args::RestoreArgs;
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::StartSettings;
use crate::net::open_files;

pub(super) fn run(arguments: &RestoreArgs) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(&arguments.folder.0)?)?;
    let decryption = arguments.keys.decryption(&arguments.file)?;
    let _log = logging::start(settings.log_format, settings.log_level);
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let folder = settings.data_dir.clone();
    let place = match &settings.cluster {
        Some(address) => address.to_string(),
        None => folder.display().to_string(),
    };
    let done = admin_socket::restore(
        &folder,
        &serve::fixed(settings),
        &arguments.file,
        (arguments.replace, &decryption),
    )?;
    let summary = &done.restored.summary;
    output::print(&format!(
        "restored the backup of {} into {}: {} users, {} records and index entries",
        summary.taken_at, place, summary.users, summary.entries
    ))?;
    if let Some(aside) = &done.restored.aside {
        output::print(&format!(
            "the old store is in {}: remove it when you no longer need it",
            aside.display()
        ))?;
    }
    match &done.key_problem {
        None => Ok(()),
        Some(problem) => output::print(&format!("before a server can start: {problem}")),
    }
}
