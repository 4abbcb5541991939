//! What survives: killed processes, damaged files, old formats, power cuts.

mod compact;
mod damage;
#[cfg(target_os = "linux")]
mod forgetful;
mod formats;
mod kill;
mod large;
#[cfg(target_os = "linux")]
mod power_cut;
