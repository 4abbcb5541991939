//! The list of start-up settings, from which the flags, environment variables, keys of the file, the help and
//! `rollcall config` are generated. A test compares it with the README's table. Settings of the running server are in
//! `domain::setting`; four settings here are short names of those.

use super::start_setting::StartSetting;
use crate::domain::SettingId;

/// Maximum hours between two scheduled backups.
const HOURS_OF_A_YEAR: u32 = 8760;

/// Maximum days, weeks or months for which backups are kept.
const MAX_KEPT: u32 = 1000;

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
        "Seconds that a connection waits for its next request",
    )
    .within(1, 3600),
    StartSetting::new(
        "header_seconds",
        "SECONDS",
        Some("30"),
        "Seconds for the head of a request after its first byte",
    )
    .within(1, 600),
    StartSetting::new(
        "data_dir",
        "FOLDER",
        Some("./data"),
        "The data folder; $STATE_DIRECTORY, if set, comes before the default",
    ),
    StartSetting::new(
        "store",
        "ADDRESS",
        None,
        "The store that several servers share, as etcd://NODE:PORT,NODE:PORT/NAME; unset is a store in the data folder",
    ),
    StartSetting::new(
        "store_ca",
        "FILE",
        None,
        "The certificate in PEM that has signed those of the store's nodes; unset speaks to them without TLS",
    ),
    StartSetting::new(
        "store_cert",
        "FILE",
        None,
        "The certificate in PEM that the server shows to the store's nodes",
    ),
    StartSetting::new("store_key", "FILE", None, "The key of this certificate in PEM"),
    StartSetting::new("store_user", "NAME", None, "The user by which the server logs in to the store's nodes"),
    StartSetting::new(
        "store_password",
        "PASSWORD",
        None,
        "The password of this user",
    )
    .quiet()
    .secret(),
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
        // sled itself leaves about ten percent in its files.
        "Percent of the store's files without data at which a start compacts them",
    )
    .within(10, 95),
    StartSetting::new(
        "stop_seconds",
        "SECONDS",
        Some("5"),
        "Seconds for requests in flight when the server stops",
    )
    .within(0, 600),
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
        "Hours between two of these backups",
    )
    .within(1, HOURS_OF_A_YEAR),
    StartSetting::new(
        "keep_daily",
        "DAYS",
        Some("7"),
        "Days of which the newest of these backups is kept",
    )
    .within(0, MAX_KEPT),
    StartSetting::new(
        "keep_weekly",
        "WEEKS",
        Some("4"),
        "Weeks of which the newest of these backups is kept",
    )
    .within(0, MAX_KEPT),
    StartSetting::new(
        "keep_monthly",
        "MONTHS",
        Some("6"),
        "Months of which the newest of these backups is kept",
    )
    .within(0, MAX_KEPT),
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
        "The token with which /metrics can be read where the server listens; unset needs a login",
    )
    .at_least(16)
    .quiet()
    .secret(),
    StartSetting::new(
        "token_lifetime_days",
        "DAYS",
        Some("90"),
        "Days that a login lasts",
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
