//! The configuration: the list of settings, the sources of their values, and their types.

mod error;
mod examine;
mod load;
mod network;
mod recipients;
mod setting;
mod settings;
mod value;
mod values;
pub mod variables;

pub use error::ConfigError;
pub use examine::{Examined, examine};
pub use load::{Config, FixedValue};
pub use network::{NetworkSettings, TlsSource};
pub use recipients::Recipients;
pub use setting::{SETTINGS, StartSetting};
pub use settings::{
    Administrator, BackupPlan, CompactAtStart, CompactWaste, LogFormat, LogLevel, Secret, StartSettings,
};
pub use value::{Source, Value};
