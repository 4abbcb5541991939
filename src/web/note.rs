//! The messages that a page shows about the action before it.

use super::words::Words;

macro_rules! notes {
    ($($note:ident = $name:literal, $key:literal;)*) => {
        /// A message about the action before a page. The query of the page contains its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Note { $($note),* }

        impl Note {
            /// Returns the name of the message in a query.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$note => $name),* }
            }

            /// Returns the message with this name.
            pub(crate) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$note),)*
                    _ => None,
                }
            }

            /// Returns the text of the message.
            pub(crate) fn words(self, words: Words) -> String {
                match self { $(Self::$note => words.t($key)),* }.into_owned()
            }
        }
    };
}

// The name in the query, and the key of the text.
notes! {
    SignedOut = "signed-out", "note-signed-out";
    Ended = "ended", "note-ended";
    PasswordSet = "password-set", "note-password-set";
    ProfileSaved = "saved", "note-saved";
    Registered = "registered", "note-registered";
    AwaitsApproval = "awaits-approval", "note-awaits-approval";
    StatusSet = "status-set", "note-status-set";
    StatusCleared = "status-cleared", "note-status-cleared";
    SessionEnded = "session-ended", "note-session-ended";
    SessionsEnded = "sessions-ended", "note-sessions-ended";
    TokenEnded = "token-ended", "note-token-ended";
    TwoStepOff = "two-step-off", "note-two-step-off";
    WallRevoked = "wall-revoked", "note-wall-revoked";
    InvitationRevoked = "invitation-revoked", "note-invitation-revoked";
    CustomStatusSaved = "custom-status-saved", "note-custom-status-saved";
    CustomStatusDeleted = "custom-status-deleted", "note-custom-status-deleted";
    PermissionsSaved = "permissions-saved", "note-permissions-saved";
    RoleSaved = "role-saved", "note-role-saved";
    RoleDeleted = "role-deleted", "note-role-deleted";
    SettingsSaved = "settings-saved", "note-settings-saved";
    UserCreated = "user-created", "note-user-created";
    UserSaved = "user-saved", "note-user-saved";
    UserPasswordSet = "user-password-set", "note-user-password-set";
    UserActivated = "user-activated", "note-user-activated";
    UserDeactivated = "user-deactivated", "note-user-deactivated";
    UserUnlocked = "user-unlocked", "note-user-unlocked";
    UserSignedOut = "user-signed-out", "note-user-signed-out";
    UserDeleted = "user-deleted", "note-user-deleted";
}
