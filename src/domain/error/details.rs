//! The details of an error beside its text.

use serde_json::{Value, json};

use super::RequestError;
use crate::domain::Timestamp;
use crate::domain::avatar::AVATAR_BYTES;
use crate::domain::text::quoted;

impl RequestError {
    /// Returns the details for clients, as JSON. `called` is the method that was called, or that Rocket.Chat has behind
    /// the endpoint that was called.
    #[must_use]
    pub fn details(&self, called: &str) -> Option<Value> {
        let details = match self {
            Self::CustomStatusFieldRequired { field } => json!({"method": called, "field": field}),
            Self::CustomStatusNameInvalid { input } => {
                json!({"method": called, "input": input, "field": "Name"})
            }
            Self::StatusTypeInvalid { input } => {
                json!({"method": called, "input": input, "field": "StatusType"})
            }
            Self::CustomStatusNameTaken
            | Self::CustomStatusToDeleteNotFound
            | Self::NotAllowed { .. }
            | Self::PersonalTokenNotAuthorized
            | Self::InvisibleDisabled
            | Self::AdministratorNeeded => json!({"method": called}),
            Self::UserFieldRequired { field } | Self::UserFieldTaken { field, .. } => {
                json!({"method": called, "field": field})
            }
            Self::UsernameInvalid { input } => {
                json!({"method": called, "input": quoted(input), "field": "Username"})
            }
            Self::RoleInvalid => json!({"method": called, "action": "Assign_role"}),
            Self::LastAdministrator => json!({"method": called, "action": "Remove_last_admin"}),
            Self::ActionNotAllowed { action, .. } => json!({"method": called, "action": action}),
            // Rocket.Chat names these functions behind all methods.
            Self::CustomFieldInvalid { .. } => json!({"method": "registerUser"}),
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
            Self::SettingInvalid { setting, .. } | Self::SettingFixed { setting, .. } => {
                json!({"setting": setting})
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
