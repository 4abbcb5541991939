//! The configuration: the list of settings, the sources of their values, and their types.

mod load;
mod setting;
mod settings;
pub mod variables;

pub use load::{Config, ConfigError, Fixed, Source, Value, refuse_bytes};
pub use setting::{SETTINGS, Setting};
pub use settings::{Administrator, CompactAtStart, LogFormat, LogLevel, Secret, Settings};
