//! The list of start-up settings, from which the flags, environment variables, keys of the file, the help and
//! `rollcall config` are generated. A test compares it with the README's table. Settings of the running server are in
//! `domain::setting`; four settings here are short names of those.

use crate::domain::SettingId;

/// A setting of the process.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "the columns of a table")]
pub struct StartSetting {
    /// The key in the configuration file. The flag has `-` instead of `_`.
    pub name: &'static str,
    /// The form of a value, for the help.
    pub value: &'static str,
    /// The help text, one sentence without a full stop.
    pub help: &'static str,
    /// The default value; `None` if the setting has none.
    pub default: Option<&'static str>,
    /// True if the setting has a flag. Secrets have none, because other users can read command lines.
    pub flag: bool,
    /// True if the value is never displayed.
    pub secret: bool,
    /// True if the value can also be set with the name of a file that contains it.
    pub from_file: bool,
    /// True if the flag may be given without a value, which means `true`.
    pub switch: bool,
    /// True if the value is a list: the flag may be repeated, and the file may have an array.
    pub list: bool,
    /// The settings of the running server for which this is a short name, each with the value to set, if that is not
    /// this setting's own value.
    pub short_for: &'static [(SettingId, Option<&'static str>)],
}

impl StartSetting {
    const fn new(name: &'static str, value: &'static str, default: Option<&'static str>, help: &'static str) -> Self {
        Self {
            name,
            value,
            help,
            default,
            flag: true,
            secret: false,
            from_file: false,
            switch: false,
            list: false,
            short_for: &[],
        }
    }

    /// Makes the setting a short name of settings of the running server.
    const fn short_for(mut self, ids: &'static [(SettingId, Option<&'static str>)]) -> Self {
        self.short_for = ids;
        self
    }

    /// Removes the flag, and allows the value to be read from a file.
    const fn quiet(mut self) -> Self {
        self.flag = false;
        self.from_file = true;
        self
    }

    const fn switch(mut self) -> Self {
        self.switch = true;
        self
    }

    const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Returns the name of the environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("ROLLCALL_{}", self.name.to_uppercase())
    }

    /// Returns the name of the environment variable for a file with the value, if there is one.
    #[must_use]
    pub fn file_variable(&self) -> Option<String> {
        self.from_file.then(|| format!("{}_FILE", self.variable()))
    }

    /// Returns the name of the flag without the dashes, if there is one.
    #[must_use]
    pub fn flag_name(&self) -> Option<String> {
        self.flag.then(|| self.name.replace('_', "-"))
    }
}

/// All start-up settings, in the order of the help.
pub const SETTINGS: &[StartSetting] = &[
    StartSetting::new(
        "listen",
        "ADDRESS",
        Some("127.0.0.1:3000"),
        "Where to listen: HOST:PORT, :PORT for all networks, PORT for this machine, unix:PATH?mode=660; several with commas",
    )
    .list(),
    StartSetting::new(
        "tls_cert",
        "FILE",
        None,
        "The certificate for TLS in PEM, with those of its issuers after it; unset listens without TLS",
    ),
    StartSetting::new(
        "tls_key",
        "FILE",
        None,
        "The key of this certificate in PEM: PKCS#8, PKCS#1 or SEC1 without a passphrase",
    ),
    StartSetting::new(
        "tls_self_signed",
        "true|false",
        Some("false"),
        "TLS with a certificate that the server makes in the data folder, and whose fingerprint it prints",
    )
    .switch(),
    StartSetting::new(
        "redirect_http",
        "ADDRESS",
        None,
        "Where to listen without TLS only to send browsers to https",
    )
    .list(),
    StartSetting::new(
        "keep_alive_seconds",
        "SECONDS",
        Some("75"),
        "Seconds that a connection waits for its next request, 1 to 3600",
    ),
    StartSetting::new(
        "header_seconds",
        "SECONDS",
        Some("30"),
        "Seconds for the head of a request after its first byte, 1 to 600",
    ),
    StartSetting::new(
        "data_dir",
        "FOLDER",
        Some("./data"),
        "The data folder; $STATE_DIRECTORY, if set, comes before the default",
    ),
    StartSetting::new(
        "admin_socket",
        "PATH",
        None,
        "The administration socket; unset is admin.sock in $RUNTIME_DIRECTORY, or else in the data folder",
    ),
    StartSetting::new(
        "secret_key_file",
        "FILE",
        None,
        "The file with the key that seals second factors; unset is secret.key in the data folder",
    ),
    StartSetting::new(
        "compact_at_start",
        "auto|never|always",
        Some("auto"),
        "Whether a start rewrites the store without deleted data; auto is at most once a day",
    ),
    StartSetting::new(
        "compact_waste_percent",
        "PERCENT",
        Some("75"),
        "Percent of the store's files without data at which a start compacts them, 10 to 95",
    ),
    StartSetting::new(
        "stop_seconds",
        "SECONDS",
        Some("5"),
        "Seconds for requests in flight when the server stops, 0 to 600",
    ),
    StartSetting::new(
        "disk_reserve_mib",
        "MIB",
        Some("64"),
        "Free MiB of the disk with the data folder below which writes are refused and /readyz answers 503; 0 reserves no space",
    ),
    StartSetting::new(
        "backup_dir",
        "FOLDER",
        None,
        "Where a running server makes backups by itself; unset makes none",
    ),
    StartSetting::new(
        "backup_every",
        "HOURS",
        Some("24"),
        "Hours between two of these backups, 1 to 8760",
    ),
    StartSetting::new(
        "keep_daily",
        "DAYS",
        Some("7"),
        "Days of which the newest of these backups is kept, 0 to 1000",
    ),
    StartSetting::new(
        "keep_weekly",
        "WEEKS",
        Some("4"),
        "Weeks of which the newest of these backups is kept, 0 to 1000",
    ),
    StartSetting::new(
        "keep_monthly",
        "MONTHS",
        Some("6"),
        "Months of which the newest of these backups is kept, 0 to 1000",
    ),
    StartSetting::new(
        "backup_recipients",
        "RECIPIENTS",
        None,
        "The recipients of age (age1…, with commas) to which all backups are encrypted; unset encrypts none",
    )
    .list(),
    StartSetting::new(
        "upgrade_without_backup",
        "true|false",
        Some("false"),
        "Whether the store of an older version is upgraded although it cannot be backed up before; true makes no such backup",
    )
    .switch(),
    StartSetting::new(
        "public_url",
        "URL",
        None,
        "Where clients reach this server, if not where it listens",
    )
    .short_for(&[(SettingId::SiteUrl, None)]),
    StartSetting::new(
        "log_format",
        "text|json|journald",
        Some("text"),
        "How log lines on standard error look",
    ),
    StartSetting::new(
        "log_level",
        "error|warn|info|debug|trace",
        Some("info"),
        "The least important log lines to write",
    ),
    StartSetting::new(
        "slow_request_millis",
        "MILLISECONDS",
        Some("1000"),
        "Milliseconds from which on a request is also logged as slow, at warn; 0 logs none",
    ),
    StartSetting::new(
        "metrics_listen",
        "ADDRESS",
        None,
        "Addresses with only /metrics, without a login, in the forms of listen; unset is /metrics where the server listens",
    )
    .list(),
    StartSetting::new(
        "metrics_token",
        "TOKEN",
        None,
        "The token with which /metrics can be read where the server listens, at least 16 characters; unset needs a login",
    )
    .quiet()
    .secret(),
    StartSetting::new(
        "token_lifetime_days",
        "DAYS",
        Some("90"),
        "Days that a login lasts, 1 to 36500",
    )
    .short_for(&[(SettingId::LoginExpiration, None)]),
    StartSetting::new(
        "default_status_type",
        "online|busy|away|offline",
        None,
        "The type of custom statuses created without one; unset refuses them",
    )
    .short_for(&[(SettingId::DefaultStatusType, None)]),
    StartSetting::new(
        "cors_origin",
        "ORIGINS",
        None,
        "Origins whose pages may call the API: * or a list with commas; unset allows none",
    )
    .short_for(&[(SettingId::CorsOrigin, None), (SettingId::EnableCors, Some("true"))]),
    StartSetting::new(
        "trusted_proxies",
        "NETWORKS",
        None,
        "Proxies whose X-Forwarded-For is believed: addresses or networks, with commas",
    ),
    StartSetting::new(
        "create_tokens_secret",
        "SECRET",
        None,
        "What users.createToken asks for; unset refuses all",
    )
    .quiet()
    .secret(),
    StartSetting::new(
        "admin_username",
        "NAME",
        None,
        "The first administrator's username; ignored once a user exists",
    )
    .quiet(),
    StartSetting::new(
        "admin_password",
        "PASSWORD",
        None,
        "The first administrator's password; ignored once a user exists",
    )
    .quiet()
    .secret(),
    StartSetting::new(
        "admin_email",
        "ADDRESS",
        None,
        "The first administrator's e-mail address; ignored once a user exists",
    )
    .quiet(),
    StartSetting::new(
        "admin_name",
        "NAME",
        None,
        "The first administrator's display name; ignored once a user exists",
    )
    .quiet(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_one_name_in_three_spellings() {
        let setting = &SETTINGS[7];
        assert_eq!(setting.flag_name().as_deref(), Some("data-dir"));
        assert_eq!(setting.variable(), "ROLLCALL_DATA_DIR");
        assert_eq!(setting.file_variable(), None);
    }

    #[test]
    fn no_secret_has_a_flag() {
        assert!(
            SETTINGS
                .iter()
                .all(|setting| !setting.secret || setting.flag_name().is_none())
        );
    }
}
