//! The settings in force: those that were fixed at the start, else those in the store, else the
//! defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;

use crate::config::CompactAtStart;
use crate::domain::page::PageRule;
use crate::domain::password_policy::STRONG_PASSWORD_CHARACTERS;
use crate::domain::picture::PictureRule;
use crate::domain::{CustomFieldRules, LockoutRule, PasswordPolicy, PublicUrl, SettingId, SettingValue, StatusType};
use crate::store::Snapshot;

/// What was given when the server was started, and can't be changed while it runs.
#[derive(Default, Clone)]
pub struct Fixed {
    /// Settings, each with where its value comes from.
    pub settings: BTreeMap<SettingId, (SettingValue, String)>,
    /// Where the server listens, as a URL: where clients reach it unless a setting says otherwise.
    pub address_url: String,
    /// What `users.createToken` asks for; none refuses all.
    pub create_tokens_secret: Option<String>,
    /// Proxies whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The file with the key that seals secrets, if it is not the one in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// Whether the start of a server compacts the store.
    pub compact_at_start: CompactAtStart,
}

impl fmt::Debug for Fixed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Fixed({} settings)", self.settings.len())
    }
}

/// The settings at one moment.
pub struct Settings {
    snapshot: Arc<Snapshot>,
    fixed: Arc<Fixed>,
}

impl Settings {
    pub(super) const fn new(snapshot: Arc<Snapshot>, fixed: Arc<Fixed>) -> Self {
        Self { snapshot, fixed }
    }

    /// The value in force, if it is not the default.
    fn set(&self, id: SettingId) -> Option<&SettingValue> {
        let fixed = self.fixed.settings.get(&id).map(|(value, _)| value);
        fixed.or_else(|| self.snapshot.setting(id).map(|setting| &setting.value))
    }

    /// The value in force.
    #[must_use]
    pub fn value(&self, id: SettingId) -> SettingValue {
        self.set(id).cloned().unwrap_or_else(|| id.default())
    }

    /// Whether a yes-or-no setting is on; no for one of another type.
    #[must_use]
    pub fn flag(&self, id: SettingId) -> bool {
        self.value(id) == SettingValue::Flag(true)
    }

    /// A number; 0 for a setting of another type or a value below.
    #[must_use]
    pub fn number(&self, id: SettingId) -> u32 {
        match self.value(id) {
            SettingValue::Number(number) => u32::try_from(number).unwrap_or_default(),
            SettingValue::Flag(_) | SettingValue::Decimal(_) | SettingValue::Text(_) => 0,
        }
    }

    /// Returns a number of minutes in milliseconds; 0 for a setting of another type.
    fn minutes_in_millis(&self, id: SettingId) -> i64 {
        match self.value(id) {
            SettingValue::Number(minutes) => minutes.saturating_mul(60_000),
            // A thousandth of a minute has 60 milliseconds.
            SettingValue::Decimal(minutes) => i64::from(minutes.thousandths()) * 60,
            SettingValue::Flag(_) | SettingValue::Text(_) => 0,
        }
    }

    /// A text; empty for a setting of another type.
    #[must_use]
    pub fn text(&self, id: SettingId) -> String {
        match self.value(id) {
            SettingValue::Text(text) => text,
            SettingValue::Flag(_) | SettingValue::Number(_) | SettingValue::Decimal(_) => String::new(),
        }
    }

    /// The items of a list with commas.
    #[must_use]
    pub fn list(&self, id: SettingId) -> Vec<String> {
        let text = self.text(id);
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    /// Where clients reach this server, without a slash at the end.
    #[must_use]
    pub fn site_url(&self) -> String {
        let set = self.text(SettingId::SiteUrl);
        let url = if set.is_empty() { &self.fixed.address_url } else { &set };
        url.trim_end_matches('/').to_owned()
    }

    /// Returns the path that clients have before the paths of this server, as `Site_Url` has it: empty, or with a
    /// slash at its beginning and none at its end.
    #[must_use]
    pub fn public_path(&self) -> String {
        let url = PublicUrl::parse(&self.text(SettingId::SiteUrl));
        url.map(|url| url.path().to_owned()).unwrap_or_default()
    }

    /// How large pages are.
    #[must_use]
    pub fn pages(&self) -> PageRule {
        PageRule {
            default_count: self.number(SettingId::DefaultCount) as usize,
            upper_limit: self.number(SettingId::UpperCountLimit) as usize,
            unlimited: self.flag(SettingId::AllowInfiniteCount),
        }
    }

    /// What a custom status created without a type gets; none refuses it.
    #[must_use]
    pub fn default_status_type(&self) -> Option<StatusType> {
        self.text(SettingId::DefaultStatusType).parse().ok()
    }

    /// What passwords have to be like.
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

    /// Rollcall's own rules on passwords, which are on by default.
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

    /// Returns the rules of custom fields. A text that is no rules was refused when it was set.
    #[must_use]
    pub fn custom_fields(&self) -> CustomFieldRules {
        match self.set(SettingId::CustomFields) {
            Some(SettingValue::Text(text)) => CustomFieldRules::parse(text).unwrap_or_default(),
            _ => CustomFieldRules::default(),
        }
    }

    /// The shape and size in which uploaded pictures are stored.
    #[must_use]
    pub fn pictures(&self) -> PictureRule {
        let resize = self.flag(SettingId::AvatarResize);
        PictureRule {
            square: resize.then(|| self.number(SettingId::AvatarSize)),
        }
    }

    /// How many earlier passwords may not come again.
    #[must_use]
    pub fn password_history(&self) -> usize {
        if self.flag(SettingId::PasswordHistoryEnabled) {
            self.number(SettingId::PasswordHistoryAmount) as usize
        } else {
            0
        }
    }

    /// When failed logins block a user, if they do.
    #[must_use]
    pub fn user_lockout(&self) -> Option<LockoutRule> {
        let on = self.flag(SettingId::BlockFailedLogins) && self.flag(SettingId::BlockByUser);
        on.then(|| LockoutRule {
            attempts: self.number(SettingId::BlockByUserAttempts),
            millis: self.minutes_in_millis(SettingId::BlockByUserMinutes),
            fades: false,
        })
    }

    /// When failed logins block addresses, if they do. Listed addresses are never blocked.
    #[must_use]
    pub fn address_lockout(&self) -> Option<LockoutRule> {
        let on = self.flag(SettingId::BlockFailedLogins) && self.flag(SettingId::BlockByAddress);
        on.then(|| LockoutRule {
            attempts: self.number(SettingId::BlockByAddressAttempts),
            millis: self.minutes_in_millis(SettingId::BlockByAddressMinutes),
            fades: true,
        })
    }

    /// Whether this address is listed as one that is never blocked.
    #[must_use]
    pub fn is_never_blocked(&self, address: IpAddr) -> bool {
        let list = self.list(SettingId::BlockAddressWhitelist);
        list.iter()
            .any(|item| network(item).is_some_and(|network| network.contains(&address)))
    }
}

/// A network, or an address as the network of itself alone.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    let alone = || text.parse().ok().map(IpAddr::into);
    text.parse().ok().or_else(alone)
}
