//! The configuration: the list of settings, the sources of their values, and their types.

mod cluster;
mod error;
mod examine;
mod load;
mod network;
mod recipients;
mod setting;
mod settings;
mod start_setting;
mod value;
mod values;
pub(crate) mod variables;

pub use cluster::{ClusterAddress, ClusterSecurity, StorePlace};
pub(crate) use error::ConfigError;
pub(crate) use examine::{Examined, examine};
pub(crate) use load::Config;
pub use network::TlsSource;
pub use recipients::Recipients;
pub use setting::SETTINGS;
pub(crate) use settings::{Administrator, CompactWaste, LogFormat, LogLevel, StartSettings};
pub use settings::{BackupPlan, CompactAtStart};
pub(crate) use start_setting::StartSetting;
pub(crate) use value::{Source, Value};
