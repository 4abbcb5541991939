//! What survives: killed processes, damaged files, old formats, power cuts.

mod compact;
mod damage;
#[cfg(target_os = "linux")]
mod disk_errors;
#[cfg(target_os = "linux")]
mod forgetful;
mod formats;
#[cfg(target_os = "linux")]
mod full_disk;
mod kill;
mod large;
mod ledger;
mod load;
#[cfg(target_os = "linux")]
mod power_cut;
mod random;
mod room;
mod writer;
