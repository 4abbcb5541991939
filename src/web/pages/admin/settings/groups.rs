//! The groups of the settings, and the titles of some settings in the reader's language.

use crate::domain::SettingId;
use crate::web::words::Words;

/// A group of settings. It has its own heading and its own form on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum SettingGroup {
    SignIn,
    Registration,
    Profiles,
    Passwords,
    Presence,
    Limits,
    Server,
}

/// The group of the settings whose id begins with this text. The first matching text counts.
const BEGINNINGS: [(&str, SettingGroup); 26] = [
    ("Accounts_LoginExpiration", SettingGroup::SignIn),
    ("Accounts_TwoFactor", SettingGroup::SignIn),
    ("Block_Multiple_Failed_Logins", SettingGroup::SignIn),
    ("Login_", SettingGroup::SignIn),
    ("Accounts_Registration", SettingGroup::Registration),
    ("Accounts_ManuallyApprove", SettingGroup::Registration),
    ("Accounts_AllowedDomains", SettingGroup::Registration),
    ("Accounts_EmailVerification", SettingGroup::Registration),
    ("Accounts_BlockedUsername", SettingGroup::Registration),
    ("Accounts_SystemBlockedUsername", SettingGroup::Registration),
    ("UTF8_", SettingGroup::Registration),
    ("Accounts_Password", SettingGroup::Passwords),
    ("keep_session_on_password_change", SettingGroup::Passwords),
    ("Accounts_AllowInvisible", SettingGroup::Presence),
    ("Accounts_AllowUserStatus", SettingGroup::Presence),
    ("Presence_", SettingGroup::Presence),
    ("presence_", SettingGroup::Presence),
    ("default_status_type", SettingGroup::Presence),
    ("Accounts_", SettingGroup::Profiles),
    ("Team_Custom_Field", SettingGroup::Profiles),
    ("API_Enable_Rate_Limiter", SettingGroup::Limits),
    ("Rate_Limiter", SettingGroup::Limits),
    ("DDP_Rate_Limit", SettingGroup::Limits),
    ("Max_Connections", SettingGroup::Limits),
    ("API_Default_Count", SettingGroup::Limits),
    ("", SettingGroup::Server),
];

impl SettingGroup {
    pub(super) const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the group of a setting.
    pub(super) fn of(id: SettingId) -> Self {
        let mut found = BEGINNINGS.iter().filter(|(text, _)| id.as_str().starts_with(text));
        found.next().map_or(Self::Server, |(_, group)| *group)
    }

    /// Returns the name of the group in addresses and forms.
    pub(super) fn name(self) -> &'static str {
        self.into()
    }

    pub(super) fn title(self, words: Words) -> String {
        let title = match self {
            Self::SignIn => words.t("settings-sign-in"),
            Self::Registration => words.t("settings-registration"),
            Self::Profiles => words.t("settings-profiles"),
            Self::Passwords => words.t("settings-passwords"),
            Self::Presence => words.t("settings-presence"),
            Self::Limits => words.t("settings-limits"),
            Self::Server => words.t("settings-server"),
        };
        title.into_owned()
    }
}

/// Returns the title of a setting, if it has one. The other settings have only a description.
pub(super) fn title(words: Words, id: SettingId) -> Option<String> {
    let title = match id {
        SettingId::LoginExpiration => words.t("setting-login-expiration"),
        SettingId::TwoFactorEnabled => words.t("setting-two-factor"),
        SettingId::BlockByUserAttempts => words.t("setting-block-attempts"),
        SettingId::RegistrationForm => words.t("setting-registration"),
        SettingId::AllowedDomains => words.t("setting-domains"),
        SettingId::AllowInvisibleStatus => words.t("setting-invisible"),
        SettingId::PresenceRequiresConnection => words.t("setting-requires-connection"),
        SettingId::PresenceMaxConnections => words.t("setting-max-connections"),
        SettingId::PasswordMinLength => words.t("setting-password-least"),
        SettingId::SiteName => words.t("setting-site-name"),
        SettingId::SiteUrl => words.t("setting-site-url"),
        _ => return None,
    };
    Some(title.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_settings_and_every_beginning_is_of_a_setting() {
        for group in SettingGroup::ALL.iter().copied() {
            assert!(
                SettingId::ALL.iter().any(|id| SettingGroup::of(*id) == group),
                "{group:?}"
            );
            assert_eq!(group.name().parse(), Ok(group));
        }
        for (text, group) in BEGINNINGS {
            let mut of_it = SettingId::ALL.iter().filter(|id| id.as_str().starts_with(text));
            assert!(of_it.any(|id| SettingGroup::of(*id) == group), "{text}");
        }
    }
}
