//! The actions of the audit log in words.

use crate::domain::AuditAction;
use crate::web::words::Words;

/// Returns an action in words.
pub(super) fn of(words: Words, action: AuditAction) -> String {
    let text = match action {
        AuditAction::Login => words.t("audit-login"),
        AuditAction::LoginFailed => words.t("audit-login-failed"),
        AuditAction::LoginBlocked => words.t("audit-login-blocked"),
        AuditAction::Logout => words.t("audit-logout"),
        AuditAction::UserCreated => words.t("audit-user-created"),
        AuditAction::UserRegistered => words.t("audit-user-registered"),
        AuditAction::UserUpdated => words.t("audit-user-updated"),
        AuditAction::UserDeleted => words.t("audit-user-deleted"),
        AuditAction::UserActivated => words.t("audit-user-activated"),
        AuditAction::UserDeactivated => words.t("audit-user-deactivated"),
        AuditAction::UserUnlocked => words.t("audit-user-unlocked"),
        AuditAction::PasswordChanged => words.t("audit-password-changed"),
        AuditAction::PasswordForgotten => words.t("audit-password-forgotten"),
        AuditAction::PasswordResetLink => words.t("audit-password-reset-link"),
        AuditAction::TokensEnded => words.t("audit-tokens-ended"),
        AuditAction::TokenCreated => words.t("audit-token-created"),
        AuditAction::PersonalTokenCreated => words.t("audit-personal-token-created"),
        AuditAction::PersonalTokenRemoved => words.t("audit-personal-token-removed"),
        AuditAction::TwoFactorEnabled => words.t("audit-two-factor-enabled"),
        AuditAction::TwoFactorDisabled => words.t("audit-two-factor-disabled"),
        AuditAction::BackupCodesMade => words.t("audit-backup-codes-made"),
        AuditAction::AvatarChanged => words.t("audit-avatar-changed"),
        AuditAction::RoleCreated => words.t("audit-role-created"),
        AuditAction::RoleUpdated => words.t("audit-role-updated"),
        AuditAction::RoleDeleted => words.t("audit-role-deleted"),
        AuditAction::RoleGiven => words.t("audit-role-given"),
        AuditAction::RoleTaken => words.t("audit-role-taken"),
        AuditAction::PermissionChanged => words.t("audit-permission-changed"),
        AuditAction::SettingChanged => words.t("audit-setting-changed"),
        AuditAction::InvitationCreated => words.t("audit-invitation-created"),
        AuditAction::InvitationRevoked => words.t("audit-invitation-revoked"),
        AuditAction::BoardCreated => words.t("audit-board-created"),
        AuditAction::BoardRevoked => words.t("audit-board-revoked"),
        AuditAction::ClockConfirmed => words.t("audit-clock-confirmed"),
        AuditAction::BackupMade => words.t("audit-backup-made"),
        AuditAction::ExportMade => words.t("audit-export-made"),
        AuditAction::CustomStatusCreated => words.t("audit-custom-status-created"),
        AuditAction::CustomStatusUpdated => words.t("audit-custom-status-updated"),
        AuditAction::CustomStatusDeleted => words.t("audit-custom-status-deleted"),
    };
    text.into_owned()
}
