//! Settings that can change while the server runs: their names, types, limits and defaults.
//!
//! Names, defaults and meanings are Rocket.Chat's (`api.md` §1.7, §2, §3.4–§3.7, §4, §5). Settings that Rocket.Chat
//! does not have are marked as Rollcall's own.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decimal::DECIMAL_PLACES;
use super::username_rule::{DEFAULT_PATTERN, UsernameRule};
use super::{CustomFieldRules, Decimal, PublicUrl, RequestError, list_setting};

/// The value of a setting, of one of four types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SettingValue {
    /// A boolean: true or false.
    Flag(bool),
    /// A number without decimal places.
    Number(i64),
    /// A number with up to three decimal places.
    Decimal(Decimal),
    /// A text, also for choices and rules.
    Text(String),
}

/// The type of a setting, with its default and its limits.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Flag(bool),
    /// The default, the lowest and the highest number.
    Number(i64, i64, i64),
    /// The default, a whole number, and the highest number. Values are above 0 and may have decimal places.
    Decimal(i64, u32),
    Text(&'static str),
    /// The default, and all allowed words.
    Choice(&'static str, &'static [&'static str]),
    /// A rule for usernames, as a regular expression.
    UsernamePattern(&'static str),
    /// A URL of this server, or nothing.
    Url,
    /// Networks and addresses, with commas between.
    Networks,
    /// Domains of e-mail addresses, with commas between.
    Domains,
    /// `*` or origins of web pages, with commas between.
    Origins(&'static str),
    /// Contacts for reports about security, as URIs with commas between.
    Contacts,
    /// Roles of new users, with commas between.
    Roles(&'static str),
    /// A text that only callers who may change it may see.
    Secret,
    /// The rules of custom fields as JSON; empty by default.
    CustomFields,
}

impl Kind {
    /// Checks what a text means. The roles of a list are known to the store alone.
    fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::CustomFields => CustomFieldRules::parse(text).map(drop),
            Self::Networks => list_setting::networks(text).map(drop),
            Self::Domains => list_setting::check_domains(text),
            Self::Origins(_) => list_setting::check_origins(text),
            Self::Contacts => list_setting::check_contacts(text),
            Self::Roles(_) => list_setting::check_default_roles(text),
            _ => Ok(()),
        }
    }
}

/// The kind of value that a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// A switch: on or off.
    Flag,
    /// A whole number between two bounds.
    Number {
        /// The lowest allowed number.
        least: i64,
        /// The highest allowed number.
        most: i64,
    },
    /// A number above 0 that may have decimal places.
    Decimal {
        /// The highest allowed number.
        most: u32,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text of one line.
    Line,
    /// A text of several lines.
    Block,
    /// A text that a form sends but never shows.
    Secret,
}

struct Row {
    kind: Kind,
    public: bool,
    about: &'static str,
}

macro_rules! settings {
    ($($id:ident = $name:literal, $kind:expr, $public:expr, $about:literal;)*) => {
        /// A setting that can change while the server runs.
        #[derive(
            Debug,
            Clone,
            Copy,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            strum::Display,
            strum::EnumString,
            strum::IntoStaticStr,
            strum::VariantArray,
        )]
        #[strum(parse_err_ty = NotASetting, parse_err_fn = not_a_setting)]
        #[repr(u8)]
        pub enum SettingId {
            $(#[doc = $about] #[strum(serialize = $name)] $id,)*
        }

        const ROWS: &[Row] = &[$(Row { kind: $kind, public: $public, about: $about }),*];
    };
}

const PUBLIC: bool = true;
const PRIVATE: bool = false;
const MANY: i64 = 1_000_000_000;

settings! {
    LoginExpiration = "Accounts_LoginExpiration", Kind::Number(90, 1, 36_500), PUBLIC, "Days that a login lasts";
    RegistrationForm = "Accounts_RegistrationForm", Kind::Choice("Disabled", &["Public", "Disabled", "Secret URL"]), PUBLIC, "Who may register: all people, no one, or people who have the secret";
    RegistrationSecret = "Accounts_RegistrationForm_SecretURL", Kind::Secret, PRIVATE, "The secret for registrations, if `Accounts_RegistrationForm` is `Secret URL`";
    ManuallyApproveNewUsers = "Accounts_ManuallyApproveNewUsers", Kind::Flag(false), PUBLIC, "An administrator must activate each registered account";
    DefaultRoles = "Accounts_Registration_Users_Default_Roles", Kind::Roles("user"), PRIVATE, "Roles of new users, separated by commas";
    AllowedDomains = "Accounts_AllowedDomainsList", Kind::Domains, PUBLIC, "Domains of e-mail addresses that may register, separated by commas; empty allows all";
    EmailVerification = "Accounts_EmailVerification", Kind::Flag(false), PUBLIC, "Only users with a verified e-mail address may log in; administrators always may";
    BlockedUsernames = "Accounts_BlockedUsernameList", Kind::Text(""), PRIVATE, "Usernames that no user may have, separated by commas";
    SystemBlockedUsernames = "Accounts_SystemBlockedUsernameList", Kind::Text("admin,administrator,system,user"), PRIVATE, "Usernames that only the command line may give, separated by commas";
    UsernamePattern = "UTF8_User_Names_Validation", Kind::UsernamePattern(DEFAULT_PATTERN), PUBLIC, "Regular expression that every new username must match as a whole";
    AllowUserProfileChange = "Accounts_AllowUserProfileChange", Kind::Flag(true), PUBLIC, "Users may change their profile";
    AllowUsernameChange = "Accounts_AllowUsernameChange", Kind::Flag(true), PUBLIC, "Users may change their username";
    AllowRealNameChange = "Accounts_AllowRealNameChange", Kind::Flag(true), PUBLIC, "Users may change their name";
    AllowEmailChange = "Accounts_AllowEmailChange", Kind::Flag(true), PUBLIC, "Users may change their e-mail address";
    AllowPasswordChange = "Accounts_AllowPasswordChange", Kind::Flag(true), PUBLIC, "Users may change their password";
    CustomFields = "Accounts_CustomFields", Kind::CustomFields, PUBLIC, "Rules of the custom fields of users, as JSON: for each name its `type` (text or select), `required`, `public`, `minLength`, `maxLength` and `options`; empty allows any field";
    AllowUserAvatarChange = "Accounts_AllowUserAvatarChange", Kind::Flag(true), PUBLIC, "Users may change their picture";
    AvatarResize = "Accounts_AvatarResize", Kind::Flag(true), PUBLIC, "Crop pictures to a square and resize them";
    AvatarSize = "Accounts_AvatarSize", Kind::Number(256, 16, 512), PUBLIC, "Side of this square in pixels";
    AllowUserStatusMessageChange = "Accounts_AllowUserStatusMessageChange", Kind::Flag(true), PUBLIC, "Users may set the text of their status";
    AllowInvisibleStatus = "Accounts_AllowInvisibleStatusOption", Kind::Flag(true), PUBLIC, "Users may be invisible";
    AllowDeleteOwnAccount = "Accounts_AllowDeleteOwnAccount", Kind::Flag(false), PUBLIC, "Users may delete their own account";
    AllowPasswordReset = "Accounts_PasswordReset", Kind::Flag(true), PUBLIC, "A reset link may set a new password";
    KeepSessionOnPasswordChange = "keep_session_on_password_change", Kind::Flag(false), PUBLIC, "Users who change their own password stay logged in, and keep their personal access tokens; Rollcall's own";
    PasswordStrength = "Accounts_Password_Policy_Strength", Kind::Number(3, 0, 4), PUBLIC, "Minimum strength of a password by zxcvbn, 0 to 4; 0 turns off this rule and its lengths; Rollcall's own";
    PasswordStrengthMinLength = "Accounts_Password_Policy_Strength_MinLength", Kind::Number(8, 1, 256), PUBLIC, "Minimum characters of a password while its strength is checked; Rollcall's own";
    PasswordPolicyEnabled = "Accounts_Password_Policy_Enabled", Kind::Flag(false), PUBLIC, "Also apply the rules of `Accounts_Password_Policy_*` on lengths and characters";
    PasswordMinLength = "Accounts_Password_Policy_MinLength", Kind::Number(7, -1, 1024), PUBLIC, "Minimum characters of a password; -1 sets no limit";
    PasswordMaxLength = "Accounts_Password_Policy_MaxLength", Kind::Number(-1, -1, 1024), PUBLIC, "Maximum characters of a password; -1 sets no limit";
    PasswordForbidRepeating = "Accounts_Password_Policy_ForbidRepeatingCharacters", Kind::Flag(true), PUBLIC, "Forbid passwords that repeat one character too often in a row";
    PasswordRepeatingCount = "Accounts_Password_Policy_ForbidRepeatingCharactersCount", Kind::Number(3, 1, 1024), PUBLIC, "Maximum repetitions of one character in a row";
    PasswordLowercase = "Accounts_Password_Policy_AtLeastOneLowercase", Kind::Flag(true), PUBLIC, "A password needs a lower-case letter";
    PasswordUppercase = "Accounts_Password_Policy_AtLeastOneUppercase", Kind::Flag(true), PUBLIC, "A password needs an upper-case letter";
    PasswordNumber = "Accounts_Password_Policy_AtLeastOneNumber", Kind::Flag(true), PUBLIC, "A password needs a digit";
    PasswordSpecial = "Accounts_Password_Policy_AtLeastOneSpecialCharacter", Kind::Flag(true), PUBLIC, "A password needs a special character";
    PasswordHistoryEnabled = "Accounts_Password_History_Enabled", Kind::Flag(false), PUBLIC, "Users may not use an earlier password again";
    PasswordHistoryAmount = "Accounts_Password_History_Amount", Kind::Number(5, 1, 24), PUBLIC, "Number of earlier passwords that may not be used again";
    BlockFailedLogins = "Block_Multiple_Failed_Logins_Enabled", Kind::Flag(true), PRIVATE, "Block logins after many failures";
    BlockByUser = "Block_Multiple_Failed_Logins_By_User", Kind::Flag(true), PRIVATE, "Block the user after many failures";
    BlockByUserAttempts = "Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", Kind::Number(10, 1, MANY), PRIVATE, "Failed logins until a user is blocked";
    BlockByUserMinutes = "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes", Kind::Decimal(5, 1440), PRIVATE, "Minutes for which a user is blocked; may have decimal places";
    BlockByAddress = "Block_Multiple_Failed_Logins_By_Ip", Kind::Flag(true), PRIVATE, "Block the address after many failures";
    BlockByAddressAttempts = "Block_Multiple_Failed_Logins_Attempts_Until_Block_By_Ip", Kind::Number(50, 1, MANY), PRIVATE, "Failed logins until an address is blocked";
    BlockByAddressMinutes = "Block_Multiple_Failed_Logins_Time_To_Unblock_By_Ip_In_Minutes", Kind::Decimal(5, 1440), PRIVATE, "Minutes for which an address is blocked; may have decimal places";
    BlockAddressWhitelist = "Block_Multiple_Failed_Logins_Ip_Whitelist", Kind::Networks, PRIVATE, "Addresses and networks that are never blocked, separated by commas";
    VerificationsPerUser = "Login_Verifications_Per_User", Kind::Number(1, 1, 1000), PRIVATE, "Passwords and codes of one user that are verified at the same time; Rollcall's own";
    VerificationsPerAddress = "Login_Verifications_Per_Address", Kind::Number(2, 1, 1000), PRIVATE, "Passwords and codes from one address that are verified at the same time; Rollcall's own";
    WaitingPerUser = "Login_Verifications_Waiting_Per_User", Kind::Number(16, 0, 10_000), PRIVATE, "Passwords and codes of one user from one address that may wait for verification; Rollcall's own";
    WaitingPerAddress = "Login_Verifications_Waiting_Per_Address", Kind::Number(256, 0, 10_000), PRIVATE, "Passwords and codes from one address that may wait for verification; Rollcall's own";
    TwoFactorEnabled = "Accounts_TwoFactorAuthentication_Enabled", Kind::Flag(true), PUBLIC, "Users may have a second factor";
    TwoFactorByTotp = "Accounts_TwoFactorAuthentication_By_TOTP_Enabled", Kind::Flag(true), PUBLIC, "An authenticator app may be the second factor";
    TwoFactorMaxDelta = "Accounts_TwoFactorAuthentication_MaxDelta", Kind::Number(1, 0, 20), PUBLIC, "Codes before and after the present one that are valid too";
    TwoFactorPasswordFallback = "Accounts_TwoFactorAuthentication_Enforce_Password_Fallback", Kind::Flag(true), PUBLIC, "Users without a second factor must enter their password again instead";
    TwoFactorRememberFor = "Accounts_TwoFactorAuthentication_RememberFor", Kind::Number(1800, 0, 86_400), PUBLIC, "Seconds for which a checked second factor counts";
    RateLimiterEnabled = "API_Enable_Rate_Limiter", Kind::Flag(true), PRIVATE, "Limit the rate of API calls";
    RateLimiterCalls = "API_Enable_Rate_Limiter_Limit_Calls_Default", Kind::Number(600, 1, MANY), PRIVATE, "Calls of one endpoint by one user, for each `API_Enable_Rate_Limiter_Limit_Time_Default`";
    RateLimiterAnonymousCalls = "API_Enable_Rate_Limiter_Limit_Calls_Anonymous", Kind::Number(60, 1, MANY), PRIVATE, "Calls of one endpoint from one address without a login, in the same time; Rollcall's own";
    RateLimiterAnonymousAll = "API_Enable_Rate_Limiter_Limit_Calls_Anonymous_All", Kind::Number(6000, 1, MANY), PRIVATE, "Calls of all endpoints and pages from one address without a login, in the same time; Rollcall's own";
    RateLimiterTime = "API_Enable_Rate_Limiter_Limit_Time_Default", Kind::Number(60_000, 1_000, 86_400_000), PRIVATE, "Time for the rate of API calls, in milliseconds";
    RateLimiterRegister = "Rate_Limiter_Limit_RegisterUser", Kind::Number(1, 1, MANY), PRIVATE, "Registrations from one address per minute";
    RateLimiterLoginsPerUser = "Rate_Limiter_Limit_Logins_Per_User", Kind::Number(300, 1, MANY), PRIVATE, "Logins of one user with a password per minute; Rollcall's own";
    RateLimiterLoginsPerAddress = "Rate_Limiter_Limit_Logins_Per_Address", Kind::Number(1200, 1, MANY), PRIVATE, "Logins from one address with a password per minute; Rollcall's own";
    Shields = "API_Enable_Shields", Kind::Flag(true), PRIVATE, "Draw badges with the number of users online (`shield.svg`), also for callers without a login";
    MethodsPerAddressEnabled = "DDP_Rate_Limit_IP_Enabled", Kind::Flag(true), PRIVATE, "Limit the rate of method calls from one address";
    MethodsPerAddress = "DDP_Rate_Limit_IP_Requests_Allowed", Kind::Number(120_000, 1, MANY), PRIVATE, "Method calls from one address, for each `DDP_Rate_Limit_IP_Interval_Time`";
    MethodsPerAddressTime = "DDP_Rate_Limit_IP_Interval_Time", Kind::Number(60_000, 1_000, 86_400_000), PRIVATE, "Time for the rate of method calls from one address, in milliseconds";
    MethodsPerUserEnabled = "DDP_Rate_Limit_User_Enabled", Kind::Flag(true), PRIVATE, "Limit the rate of method calls by one user";
    MethodsPerUser = "DDP_Rate_Limit_User_Requests_Allowed", Kind::Number(1200, 1, MANY), PRIVATE, "Method calls by one user, for each `DDP_Rate_Limit_User_Interval_Time`";
    MethodsPerUserTime = "DDP_Rate_Limit_User_Interval_Time", Kind::Number(60_000, 1_000, 86_400_000), PRIVATE, "Time for the rate of method calls by one user, in milliseconds";
    MethodPerUserEnabled = "DDP_Rate_Limit_User_By_Method_Enabled", Kind::Flag(true), PRIVATE, "Limit the rate of calls of one method by one user";
    MethodPerUser = "DDP_Rate_Limit_User_By_Method_Requests_Allowed", Kind::Number(20, 1, MANY), PRIVATE, "Calls of one method by one user, for each `DDP_Rate_Limit_User_By_Method_Interval_Time`";
    MethodPerUserTime = "DDP_Rate_Limit_User_By_Method_Interval_Time", Kind::Number(10_000, 1_000, 86_400_000), PRIVATE, "Time for the rate of calls of one method by one user, in milliseconds";
    MethodsPerSocketEnabled = "DDP_Rate_Limit_Connection_Enabled", Kind::Flag(true), PRIVATE, "Limit the rate of method calls over one socket";
    MethodsPerSocket = "DDP_Rate_Limit_Connection_Requests_Allowed", Kind::Number(600, 1, MANY), PRIVATE, "Method calls over one socket, for each `DDP_Rate_Limit_Connection_Interval_Time`";
    MethodsPerSocketTime = "DDP_Rate_Limit_Connection_Interval_Time", Kind::Number(60_000, 1_000, 86_400_000), PRIVATE, "Time for the rate of method calls over one socket, in milliseconds";
    MethodPerSocketEnabled = "DDP_Rate_Limit_Connection_By_Method_Enabled", Kind::Flag(true), PRIVATE, "Limit the rate of calls of one method over one socket";
    MethodPerSocket = "DDP_Rate_Limit_Connection_By_Method_Requests_Allowed", Kind::Number(10, 1, MANY), PRIVATE, "Calls of one method over one socket, for each `DDP_Rate_Limit_Connection_By_Method_Interval_Time`";
    MethodPerSocketTime = "DDP_Rate_Limit_Connection_By_Method_Interval_Time", Kind::Number(10_000, 1_000, 86_400_000), PRIVATE, "Time for the rate of calls of one method over one socket, in milliseconds";
    ListsNeedViewOutsideRoom = "API_Apply_permission_view-outside-room_on_users-list", Kind::Flag(false), PRIVATE, "Users without the permission `view-outside-room` find only themselves in lists of users";
    DefaultCount = "API_Default_Count", Kind::Number(50, 1, 1_000_000), PRIVATE, "Items on a page if the caller gives no count";
    UpperCountLimit = "API_Upper_Count_Limit", Kind::Number(100, 1, 1_000_000), PRIVATE, "Maximum items on a page";
    AllowInfiniteCount = "API_Allow_Infinite_Count", Kind::Flag(true), PRIVATE, "A count of 0 returns all items";
    PresenceBroadcastDisabled = "Presence_broadcast_disabled", Kind::Flag(false), PUBLIC, "Do not send who is here to other users";
    PresenceRequiresConnection = "presence_requires_connection", Kind::Flag(false), PUBLIC, "Users without a live connection are offline, as in Rocket.Chat 8.6 and newer; Rollcall's own";
    PresenceMaxConnections = "Presence_Max_Connections", Kind::Number(1_000_000, 1, MANY), PRIVATE, "Maximum sockets at the same time, with or without a login; Rollcall's own";
    PresenceMaxConnectionsPerAddress = "Presence_Max_Connections_Per_Address", Kind::Number(1_000, 1, MANY), PRIVATE, "Maximum sockets at the same time from one address, or from one /64 network of IPv6; Rollcall's own";
    PresenceMaxAnonymousConnections = "Presence_Max_Anonymous_Connections", Kind::Number(0, 0, MANY), PRIVATE, "Maximum sockets without a login at the same time; the one that was idle for the longest time is closed for a new one; 0 allows a tenth of all sockets; Rollcall's own";
    PresenceMaxAnonymousConnectionsPerAddress = "Presence_Max_Anonymous_Connections_Per_Address", Kind::Number(100, 1, MANY), PRIVATE, "Maximum sockets without a login at the same time from one address, or from one /64 network of IPv6; Rollcall's own";
    MaxConnectionsPerAddress = "Max_Connections_Per_Address", Kind::Number(1000, 1, MANY), PRIVATE, "Maximum TCP connections at the same time from one address, or from one /64 network of IPv6, sockets included; those of trusted proxies do not count; Rollcall's own";
    EnableCors = "API_Enable_CORS", Kind::Flag(false), PRIVATE, "Web pages of other origins may call the API";
    CorsOrigin = "API_CORS_Origin", Kind::Origins("*"), PRIVATE, "Origins whose web pages may call the API: `*`, or a list separated by commas";
    SiteUrl = "Site_Url", Kind::Url, PUBLIC, "URL at which clients reach this server; empty uses the address at which it listens";
    SiteName = "Site_Name", Kind::Text("Rollcall"), PUBLIC, "Name of the server, on its pages and in authenticator apps";
    SecurityContact = "Security_Contact", Kind::Contacts, PUBLIC, "Where people report vulnerabilities of this server: addresses that begin with mailto:, tel: or https://, separated by commas; they are in `/.well-known/security.txt`; empty serves no such document; Rollcall's own";
    TeamField = "Team_Custom_Field", Kind::Text("team"), PUBLIC, "The custom field that has a user's team on the board; empty shows no teams; Rollcall's own";
    AuditRetentionDays = "Audit_Log_Retention_Days", Kind::Number(90, 1, 36_500), PRIVATE, "Days for which entries of the audit log are stored; Rollcall's own";
    DefaultStatusType = "default_status_type", Kind::Choice("", &["", "online", "busy", "away", "offline"]), PUBLIC, "Type of custom statuses that are created without one; empty refuses them; Rollcall's own";
}

/// The form of registration, as the setup page sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum RegistrationForm {
    /// Anyone who reaches the server may register.
    Public,
    /// Only administrators create users.
    Disabled,
}

impl RegistrationForm {
    /// Returns the value for [`SettingId::RegistrationForm`].
    #[must_use]
    pub(crate) fn value(self) -> SettingValue {
        let text = match self {
            Self::Public => "Public",
            Self::Disabled => "Disabled",
        };
        SettingValue::Text(text.to_owned())
    }
}

/// The maximum length of a setting's text, in bytes.
const TEXT_BYTES: usize = 8 * 1024;

impl SettingId {
    /// All settings, in the order of their declaration.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Returns the id in requests and responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Returns a description of the setting for people.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// Returns whether every caller may read it.
    #[must_use]
    pub fn is_public(self) -> bool {
        self.row().public
    }

    /// Returns Rocket.Chat's word for the type.
    #[must_use]
    pub fn type_word(self) -> &'static str {
        match self.row().kind {
            Kind::Flag(_) => "boolean",
            Kind::Number(..) | Kind::Decimal(..) => "int",
            Kind::Text(_)
            | Kind::UsernamePattern(_)
            | Kind::Url
            | Kind::Networks
            | Kind::Domains
            | Kind::Origins(_)
            | Kind::Contacts
            | Kind::Roles(_) => "string",
            Kind::Choice(..) => "select",
            Kind::Secret => "password",
            Kind::CustomFields => "code",
        }
    }

    /// Returns the kind of value that a form asks for.
    #[must_use]
    pub fn control(self) -> Control {
        match self.row().kind {
            Kind::Flag(_) => Control::Flag,
            Kind::Number(_, least, most) => Control::Number { least, most },
            Kind::Decimal(_, most) => Control::Decimal { most },
            Kind::Choice(_, choices) => Control::Choice(choices),
            Kind::Secret => Control::Secret,
            Kind::CustomFields => Control::Block,
            Kind::Text(_)
            | Kind::UsernamePattern(_)
            | Kind::Url
            | Kind::Networks
            | Kind::Domains
            | Kind::Origins(_)
            | Kind::Contacts
            | Kind::Roles(_) => Control::Line,
        }
    }

    /// Returns whether the value is secret: only callers who may change it see it, and it appears in no log.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self.row().kind, Kind::Secret)
    }

    /// Returns the value that is used until the setting is set.
    #[must_use]
    pub fn default(self) -> SettingValue {
        match self.row().kind {
            Kind::Flag(set) => SettingValue::Flag(set),
            Kind::Number(number, ..) | Kind::Decimal(number, _) => SettingValue::Number(number),
            Kind::Text(text)
            | Kind::Choice(text, _)
            | Kind::UsernamePattern(text)
            | Kind::Origins(text)
            | Kind::Roles(text) => SettingValue::Text(text.to_owned()),
            Kind::Secret | Kind::CustomFields | Kind::Url | Kind::Networks | Kind::Domains | Kind::Contacts => {
                SettingValue::Text(String::new())
            }
        }
    }

    /// Returns the error for a value that the setting does not accept. `problem` follows the name of the setting.
    #[must_use]
    pub fn invalid(self, problem: String) -> RequestError {
        RequestError::SettingInvalid {
            setting: self.as_str(),
            problem,
        }
    }

    /// Checks a value for this setting and returns it.
    ///
    /// # Errors
    /// Returns a message that names the allowed values.
    pub fn accept(self, value: SettingValue) -> Result<SettingValue, String> {
        match (self.row().kind, &value) {
            (Kind::Flag(_), SettingValue::Flag(_)) => Ok(value),
            (Kind::Flag(_), _) => Err("must be true or false".into()),
            (Kind::Number(_, least, most), SettingValue::Number(number)) if (least..=most).contains(number) => {
                Ok(value)
            }
            (Kind::Decimal(_, most), SettingValue::Number(number)) if (1..=i64::from(most)).contains(number) => {
                Ok(value)
            }
            (Kind::Decimal(_, most), SettingValue::Decimal(decimal))
                if (1..=most.saturating_mul(1000)).contains(&decimal.thousandths()) =>
            {
                Ok(decimal.whole().map_or(value, SettingValue::Number))
            }
            (Kind::Decimal(_, most), _) => Err(format!(
                "must be a number above 0, at most {most}, with at most {DECIMAL_PLACES} decimal places"
            )),
            (Kind::Number(_, least, most), _) => Err(format!("must be a whole number from {least} to {most}")),
            (Kind::Choice(_, choices), SettingValue::Text(text)) if choices.contains(&text.as_str()) => Ok(value),
            (Kind::Choice(_, choices), _) => Err(format!("must be one of {}", choices.join(", "))),
            (Kind::UsernamePattern(_), SettingValue::Text(text)) => UsernameRule::parse(text).map(|_| value),
            (Kind::UsernamePattern(_), _) => Err("must be a regular expression".into()),
            (Kind::Url, SettingValue::Text(text)) if text.len() <= TEXT_BYTES && !text.trim().is_empty() => {
                PublicUrl::parse(text).map(|url| SettingValue::Text(url.as_str().to_owned()))
            }
            (kind, SettingValue::Text(text)) if text.len() <= TEXT_BYTES => kind.check(text).map(|()| value),
            (_, _) => Err(format!("must be a text of at most {TEXT_BYTES} bytes")),
        }
    }

    /// Parses a value from a text, for flags, environment variables and files.
    ///
    /// # Errors
    /// The errors of [`Self::accept`].
    pub fn parse(self, text: &str) -> Result<SettingValue, String> {
        let value = match self.row().kind {
            Kind::Flag(_) => Some(flag(text)?),
            Kind::Number(..) => text.trim().parse().ok().map(SettingValue::Number),
            Kind::Decimal(..) => text.trim().parse().ok().map(SettingValue::Decimal),
            _ => None,
        };
        self.accept(value.unwrap_or_else(|| SettingValue::Text(text.to_owned())))
            .map_err(|problem| match self.row().kind {
                Kind::Number(..) if text.trim().parse::<i64>().is_err() => format!("{problem}, and is {}", kind(text)),
                Kind::Decimal(..) if text.trim().parse::<f64>().is_err() => format!("{problem}, and is {}", kind(text)),
                _ => problem,
            })
    }
}

/// Parses a boolean in the spellings that are usual for environment variables, in any case.
fn flag(text: &str) -> Result<SettingValue, String> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(SettingValue::Flag(true)),
        "false" | "0" | "no" | "off" => Ok(SettingValue::Flag(false)),
        _ => Err(format!(
            "must be true, 1, yes or on, or false, 0, no or off, and is {}",
            kind(text)
        )),
    }
}

/// Describes a text without quoting it, because it may be a secret that was given to the wrong setting.
fn kind(text: &str) -> &'static str {
    match text.trim() {
        "" => "empty",
        text if text.parse::<i64>().is_ok() => "a whole number",
        text if text.parse::<f64>().is_ok() => "a number",
        _ => "a text",
    }
}

/// The error for a text that names no setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no setting of this server")]
pub struct NotASetting;

const fn not_a_setting(_: &str) -> NotASetting {
    NotASetting
}

impl fmt::Display for SettingValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(set) => write!(out, "{set}"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Decimal(number) => write!(out, "{number}"),
            Self::Text(text) => out.write_str(text),
        }
    }
}

/// A setting with a stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The id of the setting.
    pub id: SettingId,
    /// The value that was set.
    pub value: SettingValue,
    /// The time of the last change.
    pub updated_at: super::Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_takes_its_own_default_and_has_a_name_of_its_own() {
        for id in SettingId::ALL {
            assert_eq!(id.accept(id.default()), Ok(id.default()), "{id}");
            assert_eq!(id.as_str().parse(), Ok(*id));
            assert_eq!(id.parse(&id.default().to_string()), Ok(id.default()), "{id}");
        }
    }

    #[test]
    fn a_value_of_another_type_or_beyond_the_bounds_is_refused_with_what_is_taken() {
        let refused = SettingId::LoginExpiration.accept(SettingValue::Number(0));
        assert_eq!(refused, Err("must be a whole number from 1 to 36500".into()));
        let refused = SettingId::RegistrationForm.accept(SettingValue::Text("public".into()));
        assert_eq!(refused, Err("must be one of Public, Disabled, Secret URL".into()));
        let minutes = SettingId::BlockByUserMinutes;
        let refused = Err("must be a number above 0, at most 1440, with at most 3 decimal places".to_owned());
        assert_eq!(minutes.parse("0"), refused);
        assert_eq!(minutes.parse("1440.001"), refused);
        assert_eq!(minutes.accept(SettingValue::Flag(true)), refused);
        let fraction = SettingValue::Decimal(Decimal::from_thousandths(500));
        assert_eq!(minutes.parse("0.5"), Ok(fraction));
        assert_eq!(minutes.parse("5.0"), Ok(SettingValue::Number(5)));
        assert!(SettingId::EnableCors.accept(SettingValue::Text("true".into())).is_err());
    }
}
