//! The details of an error beside its text.

use serde_json::{Value, json};

use super::Fault;
use crate::domain::Timestamp;
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::text::quoted;

/// The method that Rocket.Chat names in the details of custom status errors.
const STATUS_METHOD: &str = "insertOrUpdateUserStatus";

/// The method that Rocket.Chat names in the details of user errors.
const USER_METHOD: &str = "insertOrUpdateUser";

impl Fault {
    /// Returns the error as a sentence for a person at the command line, with every violated rule and with advice.
    #[must_use]
    pub fn explained(&self) -> String {
        match self {
            Self::PasswordPolicy { broken } => {
                let rules: Vec<_> = broken.iter().map(|rule| rule.message.as_str()).collect();
                format!(
                    "{self} {} Choose a longer password of several uncommon words, or change the rules: the settings \
                     Accounts_Password_Policy_*",
                    rules.join(" ")
                )
            }
            other => other.to_string(),
        }
    }

    /// Returns the details for clients, as JSON.
    #[must_use]
    pub fn details(&self) -> Option<Value> {
        let details = match self {
            Self::CustomStatusFieldRequired { field } => json!({"method": STATUS_METHOD, "field": field}),
            Self::CustomStatusNameInvalid { input } => {
                json!({"method": STATUS_METHOD, "input": input, "field": "Name"})
            }
            Self::StatusTypeInvalid { input } => {
                json!({"method": STATUS_METHOD, "input": input, "field": "StatusType"})
            }
            Self::CustomStatusNameTaken => json!({"method": STATUS_METHOD}),
            Self::CustomStatusToDeleteNotFound => json!({"method": "deleteCustomUserStatus"}),
            Self::UserFieldRequired { field } | Self::UserFieldTaken { field, .. } => {
                json!({"method": USER_METHOD, "field": field})
            }
            Self::UsernameInvalid { input } => {
                json!({"method": USER_METHOD, "input": quoted(input), "field": "Username"})
            }
            Self::RoleInvalid => json!({"method": USER_METHOD, "action": "Assign_role"}),
            Self::LastAdministrator => json!({"method": "removeUserFromRole", "action": "Remove_last_admin"}),
            Self::ActionNotAllowed { action, .. } => json!({"method": USER_METHOD, "action": action}),
            Self::NotAllowed { method, .. } | Self::PersonalTokenNotAuthorized { method } => json!({"method": method}),
            Self::CustomFieldInvalid { .. } => json!({"method": "registerUser"}),
            Self::InvisibleDisabled => json!({"method": "users.setStatus"}),
            Self::LoginCodeRequired => json!({"method": "totp", "codeGenerated": false, "availableMethods": ["totp"]}),
            Self::LoginCodeInvalid => json!({"method": "totp"}),
            Self::CodeRequired { method, available } => {
                json!({"method": method, "codeGenerated": false, "availableMethods": available})
            }
            Self::CodeInvalid { method } => json!({"method": method}),
            Self::BeyondAuthority { permission } => json!({"permission": permission.as_str()}),
            Self::ScopeMissing { scope } => json!({"scope": scope}),
            Self::PasswordPolicy { broken } => json!(broken),
            Self::UsernameBlocked { input } => json!({"method": "checkUsernameAvailability", "field": quoted(input)}),
            Self::AdministratorNeeded => json!({"method": "authorization:removeUserFromRole"}),
            Self::SettingInvalid { setting, .. } | Self::SettingFixed { setting, .. } => {
                json!({"setting": setting.as_str()})
            }
            Self::MatchFailed { place, expected } => json!({"field": place, "expected": expected}),
            Self::StatusEndInvalid => json!({"field": "expiresAt", "expected": Timestamp::FORM}),
            Self::FromInvalid => json!({"field": "from", "expected": Timestamp::FORM}),
            Self::UpdatedSinceInvalid => json!({"field": "updatedSince", "expected": Timestamp::FORM}),
            Self::AvatarTooLarge { .. } | Self::UploadTooLarge { .. } => {
                json!({"field": "image", "limit": AVATAR_BYTES})
            }
            Self::ShieldsDisabled | Self::ShieldTypeDisabled => json!({"route": "/api/v1/shield.svg"}),
            Self::NoRooms { field } => json!({"field": field}),
            Self::InvalidParams { field, .. } => json!({"field": quoted(field.as_ref()?)}),
            Self::UnknownField { field, nearest: None } => json!({"field": quoted(field)}),
            Self::UnknownField {
                field,
                nearest: Some(nearest),
            } => json!({"field": quoted(field), "nearest": nearest}),
            Self::InvalidFields { .. }
            | Self::InvalidQuery { .. }
            | Self::InvalidSort { .. }
            | Self::SortFieldUnknown { .. }
            | Self::TooManySortFields => {
                json!({"helperMethod": "parseJsonQuery"})
            }
            _ => return None,
        };
        Some(details)
    }
}
