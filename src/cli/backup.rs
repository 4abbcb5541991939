//! The command `rollcall backup`.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::args::BackupArgs;
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::StartSettings;
use crate::net::open_files;

pub(super) fn run(arguments: &BackupArgs) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(&arguments.folder.0)?)?;
    let is_stdout = arguments.file == Path::new("-");
    if is_stdout && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal: name a file, or pipe the backup into a program",
        ));
    }
    let encryption = arguments.keys.encryption(&settings.backup_recipients)?;
    let choices = (arguments.with_key, &encryption);
    let _log = logging::start_quietly();
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let folder = settings.data_dir.clone();
    let fixed = serve::fixed(settings);
    if is_stdout {
        runtime.block_on(admin_socket::backup(&folder, fixed, choices, io::stdout()))?;
        return Ok(());
    }
    let made = runtime.block_on(admin_socket::backup_to(&folder, fixed, choices, &arguments.file))?;
    output::print(&format!(
        "wrote {}: {} bytes, {} users, {} records and index entries, {}",
        arguments.file.display(),
        made.file_bytes,
        made.summary.users,
        made.summary.entries,
        if made.is_encrypted {
            "encrypted"
        } else {
            "not encrypted"
        }
    ))?;
    if made.summary.has_key {
        output::print("it has the key that seals second factors: keep it as safe as the key")
    } else {
        output::print("it does not have the key that seals second factors: keep secret.key, elsewhere")
    }
}
