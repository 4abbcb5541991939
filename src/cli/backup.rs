//! The command `rollcall backup`.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::setting_flags::Given;
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::StartSettings;
use crate::net::open_files;

pub(super) fn run(file: &Path, with_key: bool, given: &Given) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(given)?)?;
    let is_stdout = file == Path::new("-");
    if is_stdout && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal: name a file, or pipe the backup into a program",
        ));
    }
    let _log = logging::start_quietly();
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let folder = settings.data_dir.clone();
    let fixed = serve::fixed(settings);
    if is_stdout {
        runtime.block_on(admin_socket::backup(&folder, fixed, with_key, io::stdout()))?;
        return Ok(());
    }
    let made = runtime.block_on(admin_socket::backup_to(&folder, fixed, with_key, file))?;
    output::print(&format!(
        "wrote {}: {} bytes, {} users, {} records and index entries",
        file.display(),
        made.file_bytes,
        made.users,
        made.entries
    ))?;
    if made.has_key {
        output::print("it has the key that seals second factors: keep it as safe as the key")
    } else {
        output::print("it does not have the key that seals second factors: keep secret.key, elsewhere")
    }
}
