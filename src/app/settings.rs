//! The current settings: first the values that were fixed at the start, then those in the store, then the defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::auth::TokenSecret;
use crate::config::{BackupPlan, ClusterAddress, CompactAtStart, CompactWaste};
use crate::domain::page::PageRule;
use crate::domain::password_policy::STRONG_PASSWORD_CHARACTERS;
use crate::domain::picture::PictureRule;
use crate::domain::{
    CustomFieldRules, LockoutRule, PasswordPolicy, PublicUrl, SettingId, SettingValue, StatusType, list_setting,
};
use crate::store::Snapshot;
use crate::store::backup::{Encryption, UpgradeBackups};

/// The configuration from the start of the server, which can't change while it runs.
#[derive(Default, Clone)]
pub struct Overrides {
    /// The fixed settings, each with the source of its value.
    pub settings: BTreeMap<SettingId, (SettingValue, String)>,
    /// The URL where the server listens. Clients use it if `Site_Url` is empty.
    pub address_url: String,
    /// The secret that `users.createToken` requires; `None` refuses all calls.
    pub create_tokens_secret: Option<TokenSecret>,
    /// The proxies whose headers about the client's address are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The file with the key for secrets, if it is not in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// The path of the administration socket, if it is not in the data folder.
    pub admin_socket: Option<PathBuf>,
    /// Free bytes of the disk below which the server is not ready and the store refuses changes.
    pub disk_reserve_bytes: u64,
    /// The store that several servers share; `None` if the store is in the data folder.
    pub cluster: Option<ClusterAddress>,
    /// The rule for compacting the store at the start.
    pub compact_at_start: CompactAtStart,
    /// The waste at which a start compacts the store.
    pub compact_waste: CompactWaste,
    /// The plan of scheduled backups; `None` if the server makes no backups.
    pub backups: Option<BackupPlan>,
    /// The encryption of backups, unless the command line names another one.
    pub backup_encryption: Encryption,
    /// The rule for the backup that is made before the store of an older version is upgraded.
    pub upgrade: UpgradeBackups,
    /// The token with which the metrics can be read on the main address; `None` requires a login.
    pub metrics_token: Option<TokenSecret>,
    /// A request that takes at least this time is logged as slow. With zero, no request is.
    pub slow_request: Duration,
}

impl Overrides {
    /// Returns whether the headers of requests from this address about their client are trusted.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }
}

impl fmt::Debug for Overrides {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Overrides({} settings)", self.settings.len())
    }
}

/// The settings at one point in time.
pub struct Settings {
    snapshot: Arc<Snapshot>,
    fixed: Arc<Overrides>,
    /// Values that are to be set.
    wanted: BTreeMap<SettingId, SettingValue>,
}

impl Settings {
    pub(super) const fn new(snapshot: Arc<Snapshot>, fixed: Arc<Overrides>) -> Self {
        Self {
            snapshot,
            fixed,
            wanted: BTreeMap::new(),
        }
    }

    /// Returns the settings as they would be with these values.
    pub(super) fn with(self, wanted: BTreeMap<SettingId, SettingValue>) -> Self {
        Self { wanted, ..self }
    }

    /// Returns the current value, if it is fixed or stored.
    fn set(&self, id: SettingId) -> Option<&SettingValue> {
        let fixed = self.fixed.settings.get(&id).map(|(value, _)| value);
        fixed
            .or_else(|| self.wanted.get(&id))
            .or_else(|| self.snapshot.setting(id).map(|setting| &setting.value))
    }

    /// Returns the current value, or the default.
    #[must_use]
    pub fn value(&self, id: SettingId) -> SettingValue {
        self.set(id).cloned().unwrap_or_else(|| id.default())
    }

    /// Returns whether a boolean setting is on; false for other types.
    #[must_use]
    pub fn flag(&self, id: SettingId) -> bool {
        match self.set(id) {
            Some(value) => *value == SettingValue::Flag(true),
            None => id.default() == SettingValue::Flag(true),
        }
    }

    /// Returns a number; 0 for other types and for negative values.
    #[must_use]
    pub fn number(&self, id: SettingId) -> u32 {
        match self.value(id) {
            SettingValue::Number(number) => u32::try_from(number).unwrap_or_default(),
            SettingValue::Flag(_) | SettingValue::Decimal(_) | SettingValue::Text(_) => 0,
        }
    }

    /// Returns a setting in minutes as milliseconds; 0 for other types.
    fn minutes_in_millis(&self, id: SettingId) -> i64 {
        match self.value(id) {
            SettingValue::Number(minutes) => minutes.saturating_mul(60_000),
            // A thousandth of a minute is 60 milliseconds.
            SettingValue::Decimal(minutes) => i64::from(minutes.thousandths()) * 60,
            SettingValue::Flag(_) | SettingValue::Text(_) => 0,
        }
    }

    /// Returns a text; empty for other types.
    #[must_use]
    pub fn text(&self, id: SettingId) -> String {
        match self.value(id) {
            SettingValue::Text(text) => text,
            SettingValue::Flag(_) | SettingValue::Number(_) | SettingValue::Decimal(_) => String::new(),
        }
    }

    /// Returns the items of a list that is separated by commas.
    #[must_use]
    pub fn list(&self, id: SettingId) -> Vec<String> {
        list_setting::items(&self.text(id)).map(str::to_owned).collect()
    }

    /// Returns the URL of this server for clients, without a slash at the end.
    pub(super) fn site_url(&self) -> String {
        let set = self.text(SettingId::SiteUrl);
        let url = if set.is_empty() { &self.fixed.address_url } else { &set };
        url.trim_end_matches('/').to_owned()
    }

    /// Returns the path of `Site_Url`, which clients put before the paths of this server: empty, or `/` and a path
    /// without a slash at its end.
    pub(super) fn public_path(&self) -> String {
        let url = PublicUrl::restore(&self.text(SettingId::SiteUrl));
        url.map(|url| url.path().to_owned()).unwrap_or_default()
    }

    /// Returns the limits for pages of lists.
    #[must_use]
    pub fn pages(&self) -> PageRule {
        PageRule {
            default_count: self.number(SettingId::DefaultCount) as usize,
            upper_limit: self.number(SettingId::UpperCountLimit) as usize,
            unlimited: self.flag(SettingId::AllowInfiniteCount),
        }
    }

    /// Returns the type of custom statuses that are created without one; `None` refuses them.
    #[must_use]
    pub fn default_status_type(&self) -> Option<StatusType> {
        self.text(SettingId::DefaultStatusType).parse().ok()
    }

    /// Returns the current password policy.
    #[must_use]
    pub fn password_policy(&self) -> PasswordPolicy {
        let own = self.strength_policy();
        if !self.flag(SettingId::PasswordPolicyEnabled) {
            return own;
        }
        let bound = |id| Some(self.number(id)).filter(|bound| *bound > 0);
        PasswordPolicy {
            min_length: bound(SettingId::PasswordMinLength).max(own.min_length),
            max_length: bound(SettingId::PasswordMaxLength)
                .into_iter()
                .chain(own.max_length)
                .min(),
            repeating: bound(SettingId::PasswordRepeatingCount)
                .filter(|_| self.flag(SettingId::PasswordForbidRepeating)),
            lowercase: self.flag(SettingId::PasswordLowercase),
            uppercase: self.flag(SettingId::PasswordUppercase),
            number: self.flag(SettingId::PasswordNumber),
            special: self.flag(SettingId::PasswordSpecial),
            ..own
        }
    }

    /// Returns the rules that only Rollcall has: strength and its lengths. They are on by default.
    fn strength_policy(&self) -> PasswordPolicy {
        match u8::try_from(self.number(SettingId::PasswordStrength)) {
            Ok(min_score @ 1..) => PasswordPolicy {
                min_score,
                min_length: Some(self.number(SettingId::PasswordStrengthMinLength)),
                max_length: Some(STRONG_PASSWORD_CHARACTERS),
                ..PasswordPolicy::default()
            },
            _ => PasswordPolicy::default(),
        }
    }

    /// Returns the rules of custom fields. A text that is not valid was already refused when it was set.
    #[must_use]
    pub fn custom_fields(&self) -> CustomFieldRules {
        match self.set(SettingId::CustomFields) {
            Some(SettingValue::Text(text)) => CustomFieldRules::parse(text).unwrap_or_default(),
            _ => CustomFieldRules::default(),
        }
    }

    /// Returns the shape and size in which uploaded pictures are stored.
    #[must_use]
    pub fn pictures(&self) -> PictureRule {
        let resize = self.flag(SettingId::AvatarResize);
        PictureRule {
            square: resize.then(|| self.number(SettingId::AvatarSize)),
        }
    }

    /// Returns the number of earlier passwords that may not be used again.
    #[must_use]
    pub fn password_history(&self) -> usize {
        if self.flag(SettingId::PasswordHistoryEnabled) {
            self.number(SettingId::PasswordHistoryAmount) as usize
        } else {
            0
        }
    }

    /// Returns the rule for blocking users after failed logins, if it is on.
    #[must_use]
    pub fn user_lockout(&self) -> Option<LockoutRule> {
        let on = self.flag(SettingId::BlockFailedLogins) && self.flag(SettingId::BlockByUser);
        on.then(|| LockoutRule {
            attempts: self.number(SettingId::BlockByUserAttempts),
            millis: self.minutes_in_millis(SettingId::BlockByUserMinutes),
            fades: false,
        })
    }

    /// Returns the rule for blocking addresses, if it is on. Addresses in the whitelist are never blocked.
    #[must_use]
    pub fn address_lockout(&self) -> Option<LockoutRule> {
        let on = self.flag(SettingId::BlockFailedLogins) && self.flag(SettingId::BlockByAddress);
        on.then(|| LockoutRule {
            attempts: self.number(SettingId::BlockByAddressAttempts),
            millis: self.minutes_in_millis(SettingId::BlockByAddressMinutes),
            fades: true,
        })
    }

    /// Returns whether the address is in the whitelist.
    #[must_use]
    pub fn is_never_blocked(&self, address: IpAddr) -> bool {
        let list = self.list(SettingId::BlockAddressWhitelist);
        let networks = list.iter().filter_map(|item| list_setting::networks(item).ok());
        networks.flatten().any(|network| network.contains(&address))
    }
}
