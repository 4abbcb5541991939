//! Settings: what there is to set, where a value may come from, and what it means.

mod load;
mod setting;
mod settings;
pub mod variables;

pub use load::{Config, ConfigError, Fixed, Source, Value, refuse_bytes};
pub use setting::{SETTINGS, Setting};
pub use settings::{Administrator, CompactAtStart, LogFormat, LogLevel, Secret, Settings};
