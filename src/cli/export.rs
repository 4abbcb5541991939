//! The command `rollcall export`.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::transfer_args::ExportArgs;
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::StartSettings;
use crate::net::open_files;

pub(super) fn run(arguments: &ExportArgs) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(&arguments.folder.0)?)?;
    let (file, with_secrets) = (&arguments.file, arguments.with_secrets);
    let is_stdout = file == Path::new("-");
    if is_stdout && with_secrets && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal, which would show the secrets: name a file, or pipe the export into a program",
        ));
    }
    let _log = logging::start_quietly();
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let folder = settings.data_dir.clone();
    let fixed = serve::fixed(settings);
    if is_stdout {
        runtime.block_on(admin_socket::export(&folder, fixed, with_secrets, io::stdout()))?;
        return Ok(());
    }
    let lines = runtime.block_on(admin_socket::export_to(&folder, fixed, with_secrets, file))?;
    output::print(&format!("wrote {}: {lines} lines", file.display()))?;
    output::print(if with_secrets {
        "it has password hashes, tokens and second factors: keep it as safe as the store"
    } else {
        "it has no secrets: users need new passwords after an import; --with-secrets includes them"
    })
}
