//! The settings of the process, parsed and typed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use super::cluster::{ClusterAddress, ClusterSecurity};
use super::network::NetworkSettings;
use super::recipients::Recipients;
use super::values::StartValues;
use super::{Config, ConfigError};
use crate::domain::{ListenAddress, Retention, SettingId, SettingValue, list_setting};

/// All settings with their types.
#[derive(Debug)]
pub(crate) struct StartSettings {
    /// The addresses to listen on, and the limits of connections.
    pub network: NetworkSettings,
    /// The path of the data folder.
    pub data_dir: PathBuf,
    /// The store that several servers share; `None` if the store is in the data folder.
    pub cluster: Option<ClusterAddress>,
    /// The certificates and the user for a cluster, also if the store is in a data folder.
    pub cluster_security: ClusterSecurity,
    /// The path of the administration socket, if it is not in the data folder.
    pub admin_socket: Option<PathBuf>,
    /// The time for requests in flight when the server stops.
    pub stop_time: Duration,
    /// Free bytes of the disk below which the server is not ready and the store refuses changes.
    pub disk_reserve_bytes: u64,
    /// The format of log lines.
    pub log_format: LogFormat,
    /// The level of the least important log lines to write.
    pub log_level: LogLevel,
    /// A request that takes at least this time is logged as slow. With zero, no request is.
    pub slow_request: Duration,
    /// The addresses that have only the metrics; may be empty.
    pub metrics_listen: Vec<ListenAddress>,
    /// The token with which the metrics can be read on the main address.
    pub metrics_token: Option<SecretString>,
    /// Settings that cannot be changed while the server runs, with the sources of their values.
    pub fixed: BTreeMap<SettingId, (SettingValue, String)>,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The secret that `users.createToken` requires.
    pub create_tokens_secret: Option<SecretString>,
    /// The first administrator to create.
    pub administrator: Option<Administrator>,
    /// The file with the key that encrypts secrets, if it is not in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// The rule for compacting the store at the start.
    pub compact_at_start: CompactAtStart,
    /// The waste at which a start compacts the store.
    pub compact_waste: CompactWaste,
    /// The plan of scheduled backups; `None` if the server makes no backups.
    pub backups: Option<BackupPlan>,
    /// The recipients to which backups are encrypted; may be empty.
    pub backup_recipients: Recipients,
    /// `true` if the store of an older version is upgraded without a backup.
    pub upgrade_without_backup: bool,
}

/// The plan of scheduled backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlan {
    /// The path of the folder with the backups.
    pub folder: PathBuf,
    /// Hours between two backups.
    pub every_hours: u32,
    /// The rule of which old backups are kept.
    pub keep: Retention,
}

/// The first administrator, as texts.
#[derive(Debug)]
pub(crate) struct Administrator {
    /// The username to log in with.
    pub username: String,
    /// The password in plain text.
    pub password: SecretString,
    /// The e-mail address.
    pub email: Option<String>,
    /// The name that others see.
    pub name: Option<String>,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A line of text for people.
    Text,
    /// A JSON object per line, for programs.
    Json,
    /// A line of text without the time, after the priority that systemd's journal reads (`<4>`).
    Journald,
}

/// The importance of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum LogLevel {
    /// An operation failed.
    Error,
    /// Something may need attention.
    Warn,
    /// Normal events, such as requests.
    Info,
    /// Details of normal events.
    Debug,
    /// All events, including those of dependencies.
    Trace,
}

/// The rule for compacting the store at the start of a server.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum CompactAtStart {
    /// Compact if something was deleted and the last compaction was at least a day ago, or if the files are much
    /// larger than the data in them.
    #[default]
    Auto,
    /// Never compact, except if an older version left unencrypted secrets in the files.
    Never,
    /// Compact at every start.
    Always,
}

/// The percentage of the store's files that has no data and at which a start compacts the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactWaste(u32);

impl CompactWaste {
    /// Returns the percentage.
    #[must_use]
    pub const fn percent(self) -> u32 {
        self.0
    }
}

impl Default for CompactWaste {
    fn default() -> Self {
        Self(75)
    }
}

impl StartSettings {
    /// Parses the values of a configuration.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that its setting does not allow.
    pub(crate) fn of(config: &Config) -> Result<Self, ConfigError> {
        let from = StartValues::of(config);
        Ok(Self {
            network: NetworkSettings::of(&from)?,
            data_dir: from.parse("data_dir", |text| Ok(PathBuf::from(text)))?,
            cluster: ClusterAddress::of(&from)?,
            cluster_security: ClusterSecurity::of(&from)?,
            admin_socket: from.text("admin_socket").map(PathBuf::from),
            stop_time: Duration::from_secs(from.number("stop_seconds")?.into()),
            disk_reserve_bytes: from.parse("disk_reserve_mib", |text| {
                let mib = text.parse::<u32>();
                let mib = mib.map_err(|_| "is not a whole number of MiB".to_owned())?;
                Ok(u64::from(mib) * 1024 * 1024)
            })?,
            log_format: from.word("log_format")?,
            log_level: from.word("log_level")?,
            slow_request: Duration::from_millis(from.number("slow_request_millis")?.into()),
            metrics_listen: from
                .optional("metrics_listen", ListenAddress::parse_list)?
                .unwrap_or_default(),
            metrics_token: from.long_secret("metrics_token")?,
            fixed: config
                .fixed()
                .map(|(id, fixed)| (*id, (fixed.value.clone(), fixed.source.to_string())))
                .collect(),
            trusted_proxies: from
                .optional("trusted_proxies", list_setting::networks)?
                .unwrap_or_default(),
            create_tokens_secret: from.text("create_tokens_secret").map(SecretString::from),
            administrator: from.administrator()?,
            secret_key_file: from.text("secret_key_file").map(PathBuf::from),
            compact_at_start: from.word("compact_at_start")?,
            compact_waste: from.number("compact_waste_percent").map(CompactWaste)?,
            backups: from.backups()?,
            backup_recipients: from
                .optional("backup_recipients", Recipients::parse_list)?
                .unwrap_or_default(),
            upgrade_without_backup: from.flag("upgrade_without_backup")?,
        })
    }
}

impl StartValues<'_> {
    fn backups(&self) -> Result<Option<BackupPlan>, ConfigError> {
        let every_hours = self.number("backup_every")?;
        let keep = Retention {
            daily: self.number("keep_daily")?,
            weekly: self.number("keep_weekly")?,
            monthly: self.number("keep_monthly")?,
        };
        let plan = |folder| BackupPlan {
            folder: PathBuf::from(folder),
            every_hours,
            keep,
        };
        Ok(self.text("backup_dir").map(plan))
    }

    fn administrator(&self) -> Result<Option<Administrator>, ConfigError> {
        let (email, name) = (self.text("admin_email"), self.text("admin_name"));
        let incomplete = |given| {
            Err(ConfigError::Incomplete {
                given,
                missing: "admin_username",
            })
        };
        match self.pair("admin_username", "admin_password")? {
            Some((username, password)) => Ok(Some(Administrator {
                username,
                password: password.into(),
                email,
                name,
            })),
            None if email.is_some() => incomplete("admin_email"),
            None if name.is_some() => incomplete("admin_name"),
            None => Ok(None),
        }
    }
}
