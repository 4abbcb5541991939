//! The command `rollcall upgrade`.

use super::setting_flags::Folder;
use super::{Failure, load, logging, output};
use crate::config::StartSettings;
use crate::store::Store;

pub(super) fn run(folder: &Folder) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(&folder.0)?)?;
    let _log = logging::start(settings.log_format, settings.log_level);
    let Some(address) = &settings.cluster else {
        return Err(Failure::failed(
            "this is for a store in a cluster, which --store names: one in a data folder is upgraded when a server starts",
        ));
    };
    let [before, after] = Store::raise_format(address).map_err(|error| Failure::failed(error.to_string()))?;
    output::print(&if before == after {
        format!("the store {address} has format {after} already, the newest one of this rollcall")
    } else {
        format!(
            "raised the format of the store {address} from {before} to {after}: older versions cannot use it any more"
        )
    })
}
