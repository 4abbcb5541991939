//! What survives: killed processes, damaged files, old formats, power cuts.

mod damage;
mod formats;
mod kill;
