//! The kind of each error, and the code that clients test.

use super::{ErrorKind, RequestError};

impl RequestError {
    /// Returns the kind, and the code that clients test; some of Rocket.Chat's errors have no code.
    #[must_use]
    #[allow(clippy::too_many_lines, reason = "one line for each fault, all in one place")]
    pub const fn class(&self) -> (ErrorKind, Option<&'static str>) {
        use ErrorKind::{
            Forbidden, Full, Internal, Invalid, LoginRefused, MethodNotAllowed, NotFound, Timeout, TooLarge,
            TooManyRequests, Unauthenticated, Unavailable,
        };
        match self {
            Self::NotLoggedIn => (Unauthenticated, None),
            Self::WrongCredentials => (LoginRefused, Some("Unauthorized")),
            Self::ResumeRefused => (LoginRefused, Some("403")),
            Self::UserNotActivated => (LoginRefused, Some("error-user-is-not-activated")),
            Self::UserHasNoRoles => (LoginRefused, Some("error-user-has-no-roles")),
            Self::AddressBlocked => (LoginRefused, Some("error-login-blocked-for-ip")),
            Self::UserBlocked => (LoginRefused, Some("error-login-blocked-for-user")),
            Self::EmailUnverified { .. } => (LoginRefused, Some("error-invalid-email")),
            Self::LoginCodeRequired => (LoginRefused, Some("totp-required")),
            Self::LoginCodeInvalid => (LoginRefused, Some("totp-invalid")),
            Self::CodeRequired { .. } => (Invalid, Some("totp-required")),
            Self::CodeInvalid { .. } => (Invalid, Some("totp-invalid")),
            Self::TwoFactorDisabled => (Invalid, Some("error-two-factor-not-enabled")),
            Self::TotpCodeInvalid => (Invalid, Some("invalid-totp")),
            Self::TotpState { .. } => (Invalid, Some("error-invalid-totp-state")),
            Self::PermissionRequired => (Forbidden, Some("error-unauthorized")),
            Self::BeyondAuthority { .. } => (Forbidden, Some("error-action-not-allowed")),
            Self::NothingToProveWith => (Forbidden, Some("error-no-proof-possible")),
            Self::PasswordChangeRequired => (Forbidden, Some("error-password-change-required")),
            Self::TwoFactorRequired => (Forbidden, Some("error-two-factor-required")),
            Self::NotPermitted => (Forbidden, None),
            Self::ScopeMissing { .. } => (Forbidden, Some("error-missing-scope")),
            Self::FullTokenNeeded => (Forbidden, Some("error-full-token-needed")),
            Self::TooManyLogins { .. } | Self::TooManyRequests { .. } => {
                (TooManyRequests, Some("error-too-many-requests"))
            }
            Self::PasswordPolicy { .. } => (Invalid, Some("error-password-policy-not-met")),
            Self::PasswordUnchanged => (Invalid, Some("error-password-same-as-current")),
            Self::PasswordUsedBefore => (Invalid, Some("error-password-in-history")),
            Self::FirstNameInvalid => (Invalid, Some("error-invalid-first-name")),
            Self::LastNameInvalid => (Invalid, Some("error-invalid-last-name")),
            Self::UsernameBlocked { .. } => (Invalid, Some("error-blocked-username")),
            Self::BioTooLong => (Invalid, Some("error-bio-size-exceeded")),
            Self::NicknameTooLong => (Invalid, Some("error-nickname-size-exceeded")),
            Self::CustomFieldInvalid { .. } => (Invalid, Some("error-user-registration-custom-field")),
            Self::IdleTimeLimitInvalid => (Invalid, Some("invalid-idle-time-limit-value")),
            Self::NotAllowed { .. } => (Invalid, Some("error-not-allowed")),
            Self::PersonalTokenNotAuthorized => (Invalid, Some("not-authorized")),
            Self::PersonalTokenTaken => (Invalid, Some("error-token-already-exists")),
            Self::PersonalTokenNotFound => (Invalid, Some("error-token-does-not-exists")),
            Self::CreateTokenNotAuthorized => (Invalid, Some("error-not-authorized")),
            Self::InvisibleDisabled => (Invalid, Some("error-status-not-allowed")),
            Self::StatusWordInvalid => (Invalid, Some("error-invalid-status")),
            Self::StatusEndInvalid | Self::StatusExpired => (Invalid, Some("error-invalid-date")),
            Self::FromInvalid => (Invalid, Some("error-from-param-invalid")),
            Self::TargetMissing => (Invalid, Some("error-user-param-not-provided")),
            Self::TargetUnknown | Self::PreferencesOfUnknownUser | Self::RoleHolderUnknown => {
                (Invalid, Some("error-invalid-user"))
            }
            Self::UserIdInvalid => (Invalid, Some("error-invalid-user-id")),
            Self::IdentityNotSaved => (Invalid, Some("error-could-not-save-identity")),
            Self::RegistrationEmailTaken => (Invalid, Some("403")),
            Self::RegistrationDisabled => (Invalid, Some("error-user-registration-disabled")),
            Self::RegistrationSecretNeeded => (Invalid, Some("error-user-registration-secret")),
            Self::DomainNotAllowed => (Invalid, Some("error-invalid-domain")),
            Self::PasswordResetInvalid => (Forbidden, Some("error-reset-link-invalid")),
            Self::FileTypeInvalid => (Invalid, Some("error-invalid-file-type")),
            Self::AvatarInvalid | Self::AvatarUrlUnsupported => (Invalid, Some("error-avatar-invalid")),
            Self::AvatarTooLarge { .. } => (Invalid, Some("error-avatar-too-large")),
            Self::ShieldsDisabled => (Invalid, Some("error-endpoint-disabled")),
            Self::ShieldTypeDisabled => (Invalid, Some("error-shield-disabled")),
            Self::RoleNotFound => (Invalid, Some("error-invalid-roleId")),
            Self::RoleNameTaken => (Invalid, Some("error-duplicate-role-names-not-allowed")),
            Self::RoleNameInvalid { .. } => (Invalid, Some("error-invalid-role-name")),
            Self::RoleProtected => (Invalid, Some("error-role-protected")),
            Self::RoleInUse => (Invalid, Some("error-role-in-use")),
            Self::UserAlreadyInRole => (Invalid, Some("error-user-already-in-role")),
            Self::UserNotInRole => (Invalid, Some("error-user-not-in-role")),
            Self::AdministratorNeeded => (Invalid, Some("error-admin-required")),
            Self::PermissionInvalid => (Invalid, Some("error-invalid-permission")),
            Self::GrantRoleInvalid => (Invalid, Some("error-invalid-role")),
            Self::GrantsMalformed => (Invalid, Some("error-invalid-body-params")),
            Self::UpdatedSinceInvalid => (Invalid, Some("error-roomId-param-invalid")),
            Self::SettingInvalid { .. } => (Invalid, Some("error-invalid-setting-value")),
            Self::SettingFixed { .. } => (Invalid, Some("error-setting-fixed")),
            Self::UnrecognizedLogin | Self::MatchFailed { .. } => (Invalid, Some("400")),
            Self::CustomStatusNotAuthorized => (Invalid, Some("not_authorized")),
            Self::CustomStatusFieldRequired { .. } | Self::UserFieldRequired { .. } => {
                (Invalid, Some("error-the-field-is-required"))
            }
            Self::CustomStatusNameInvalid { .. } | Self::StatusTypeInvalid { .. } | Self::UsernameInvalid { .. } => {
                (Invalid, Some("error-input-is-not-a-valid-field"))
            }
            Self::CustomStatusNameTaken => (Invalid, Some("Custom_User_Status_Error_Name_Already_In_Use")),
            Self::CustomStatusNotFound { .. }
            | Self::DisplayNameInvalid
            | Self::AlreadyLoggedIn
            | Self::RegistrationUsernameInvalid
            | Self::RegistrationUsernameTaken
            | Self::UserInfoNotFound
            | Self::StatusMissing
            | Self::ShieldNameMissing
            | Self::MethodFailed { .. }
            | Self::PasswordResetOff
            | Self::SettingNotFound => (Invalid, None),
            Self::CustomStatusToDeleteNotFound => (Invalid, Some("Custom_User_Status_Error_Invalid_User_Status")),
            Self::UserFieldTaken { .. } => (Invalid, Some("error-field-unavailable")),
            Self::EmailInvalid => (Invalid, Some("error-invalid-email")),
            Self::PasswordInvalid | Self::PasswordWrong => (Invalid, Some("error-invalid-password")),
            Self::RoleInvalid | Self::LastAdministrator | Self::ActionNotAllowed { .. } => {
                (Invalid, Some("error-action-not-allowed"))
            }
            Self::UserNotFound => (Invalid, Some("error-user-not-found")),
            Self::TokenNotFound { .. } => (Invalid, Some("error-token-not-found")),
            Self::SetupLinkInvalid => (Forbidden, Some("error-setup-link-invalid")),
            Self::InvitationInvalid => (Forbidden, Some("error-invitation-invalid")),
            Self::InvitationNotFound { .. } => (Invalid, Some("error-invitation-not-found")),
            Self::BoardInvalid => (Forbidden, Some("error-board-invalid")),
            Self::BoardNotFound { .. } => (Invalid, Some("error-board-not-found")),
            Self::TooManyLinks { .. } => (Invalid, Some("error-too-many-links")),
            Self::InvalidParams { .. } | Self::UnknownField { .. } | Self::NoRooms { .. } => {
                (Invalid, Some("invalid-params"))
            }
            Self::InvalidSort { .. } | Self::SortFieldUnknown { .. } | Self::TooManySortFields => {
                (Invalid, Some("error-invalid-sort"))
            }
            Self::InvalidFields { .. } => (Invalid, Some("error-invalid-fields")),
            Self::InvalidQuery { .. } => (Invalid, Some("error-invalid-query")),
            Self::EndpointNotFound => (NotFound, Some("error-endpoint-not-found")),
            Self::MethodNotAllowed { .. } => (MethodNotAllowed, Some("error-method-not-allowed")),
            Self::BodyTooLarge { .. } => (TooLarge, Some("error-body-too-large")),
            Self::UploadTooLarge { .. } => (TooLarge, Some("error-avatar-too-large")),
            Self::BodyTooSlow { .. } => (Timeout, Some("error-body-too-slow")),
            Self::BodyBroken => (Invalid, Some("error-body-broken")),
            Self::TargetWithoutPath => (Invalid, Some("error-invalid-target")),
            Self::HostHeaderInvalid => (Invalid, Some("error-invalid-host")),
            Self::CorsDisabled => (MethodNotAllowed, Some("error-cors-disabled")),
            Self::OriginRefused => (Forbidden, Some("error-origin-refused")),
            Self::Overloaded { .. } => (Unavailable, Some("error-overloaded")),
            Self::BackupRunning => (Unavailable, Some("error-backup-running")),
            Self::StoreUnavailable { .. } => (Unavailable, Some("error-store-unavailable")),
            Self::StoreFull => (Full, Some("error-store-full")),
            Self::StoreReadOnly => (Unavailable, Some("error-store-read-only")),
            Self::Internal { .. } => (Internal, Some("error-internal")),
        }
    }
}
