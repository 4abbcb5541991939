//! The command `rollcall compact`.

use super::setting_flags::Given;
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::StartSettings;
use crate::net::open_files;

pub(super) fn run(given: &Given) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(given)?)?;
    let _log = logging::start(settings.log_format, settings.log_level);
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let folder = settings.data_dir.clone();
    let done = runtime.block_on(admin_socket::compact(&folder, serve::fixed(settings)))?;
    output::print(&format!(
        "compacted the store: {} bytes before, {} bytes now, {} records and index entries",
        done.before_bytes, done.after_bytes, done.entries
    ))
}
