//! The command `rollcall migrate`.

use super::args::MigrateArgs;
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::{StartSettings, StorePlace};
use crate::net::open_files;

pub(super) fn run(arguments: &MigrateArgs) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(&arguments.settings.0)?)?;
    let _log = logging::start(settings.log_format, settings.log_level);
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let secured = |place: &StorePlace| place.clone().secured_by(&settings.cluster_security);
    let (from, to) = (secured(&arguments.from), secured(&arguments.to));
    let folder = settings.data_dir.clone();
    let entries = runtime.block_on(admin_socket::migrate((&from, &to), &folder, &serve::fixed(settings)))?;
    output::print(&format!(
        "copied {entries} records and index entries from {from} to {to}, and compared them"
    ))?;
    output::print(match to {
        StorePlace::Cluster(_) => "give each server the address with --store, and the same secret.key",
        StorePlace::Folder(_) => "put the servers' secret.key into the folder, and start one server without --store",
    })
}
