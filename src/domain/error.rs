//! All errors of requests, with Rocket.Chat's texts where it has one.
//!
//! The text of a variant is its message, and [`RequestError::class`] gives its kind and its wire code. Each interface turns an
//! error into a response in one place.

mod class;
mod details;
mod kind;

pub use kind::ErrorKind;

use super::avatar::AVATAR_BYTES;
use super::page::SORT_FIELDS;
use super::password_violation::PasswordViolation;
use super::picture::MAX_SIDE_PIXELS;
use super::text::quoted;
use super::{CustomStatusId, Permission, Scope, TwoFactorMethod};

/// The reason why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The request has no live token.
    #[error("You must be logged in to do this.")]
    NotLoggedIn,
    /// The user is unknown or the password is wrong. Both have the same error, so that a caller can't
    /// find out usernames.
    #[error("Unauthorized")]
    WrongCredentials,
    /// The token to resume with is unknown, expired or removed.
    #[error("You've been logged out by the server. Please log in again")]
    ResumeRefused,
    /// The account is deactivated.
    #[error("User is not activated")]
    UserNotActivated,
    /// The account has no role.
    #[error("User has no roles")]
    UserHasNoRoles,
    /// Too many logins from the address failed, so that it is blocked for a while.
    #[error("Login has been temporarily blocked For IP")]
    AddressBlocked,
    /// Too many logins of the user failed, so that the user is blocked for a while.
    #[error("Login has been temporarily blocked For User")]
    UserBlocked,
    /// The user's e-mail address is not verified, and the server requires that.
    #[error("Invalid email {address}")]
    EmailUnverified {
        /// The user's e-mail address.
        address: String,
    },
    /// A login without the required second factor.
    #[error("TOTP Required")]
    LoginCodeRequired,
    /// A login with a wrong second factor.
    #[error("TOTP Invalid")]
    LoginCodeInvalid,
    /// A call without the required second factor.
    #[error("TOTP Required")]
    CodeRequired {
        /// The method that the server asks for.
        method: TwoFactorMethod,
        /// All methods that the server would accept.
        available: Vec<TwoFactorMethod>,
    },
    /// A call with a wrong second factor.
    #[error("TOTP Invalid")]
    CodeInvalid {
        /// The method that the server asked for.
        method: TwoFactorMethod,
    },
    /// The call requires a password or a code, and the user has neither a password nor an authenticator app.
    #[error(
        "Your account has neither a password nor an authenticator app: ask an administrator for a password reset link"
    )]
    NothingToProveWith,
    /// The user has to choose a new password before any other call.
    #[error("You must choose a new password first: call users.updateOwnBasicInfo with currentPassword and newPassword")]
    PasswordChangeRequired,
    /// The user has to enable a second factor before any other call.
    #[error("Your role requires a second factor: enable it first with users.enableTotp and users.validateTotp")]
    TwoFactorRequired,
    /// Two-factor authentication is off on this server.
    #[error("Two-factor authentication is not enabled")]
    TwoFactorDisabled,
    /// The code is wrong for enabling or disabling the second factor, or for new backup codes.
    #[error("Invalid two factor code")]
    TotpCodeInvalid,
    /// The second factor is in the wrong state for the call: already enabled, not enabled, or enrolment not started.
    #[error("{reason}")]
    TotpState {
        /// The state that is wrong, in words.
        reason: &'static str,
    },
    /// The caller lacks a permission that the route requires.
    #[error("User does not have the permissions required for this action")]
    PermissionRequired,
    /// The target of the call carries a permission that the caller does not have.
    #[error("You cannot do this, because it concerns the permission {permission}, which you do not have")]
    BeyondAuthority {
        /// The first permission that the caller lacks.
        permission: Permission,
    },
    /// The endpoint refuses the call; the text is Rocket.Chat's, in lower case.
    #[error("unauthorized")]
    NotPermitted,
    /// The token has scopes, and not the required one.
    #[error("This token lacks the scope {scope}")]
    ScopeMissing {
        /// The required scope of the call.
        scope: Scope,
    },
    /// The token has scopes, and the call accepts only tokens without scopes.
    #[error("A token with scopes may not do this: use a login, or a token without scopes")]
    FullTokenNeeded,
    /// The caller exceeded the rate limit.
    #[error(
        "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint again."
    )]
    TooManyRequests {
        /// The time to wait, in seconds.
        seconds: u64,
    },
    /// Too many logins of a user or from an address: the queue is full, or the rate limit is exceeded.
    #[error("too many logins of this user or from this address; wait {seconds} seconds and try again")]
    TooManyLogins {
        /// The time to wait, in seconds.
        seconds: u64,
    },
    /// The body of a login has none of the known forms.
    #[error("Unrecognized options for login request")]
    UnrecognizedLogin,
    /// The caller lacks the permission to manage custom statuses; Rocket.Chat sends no text here.
    #[error("")]
    CustomStatusNotAuthorized,
    /// A required field of a custom status is missing or blank.
    #[error("The field {field} is required")]
    CustomStatusFieldRequired {
        /// The field: `Name` or `StatusType`.
        field: &'static str,
    },
    /// The name of a custom status is too long or has a forbidden character.
    #[error("{input} is not a valid name")]
    CustomStatusNameInvalid {
        /// The name as received.
        input: String,
    },
    /// The status type is not one of the four allowed words.
    #[error("{input} is not a valid status type")]
    StatusTypeInvalid {
        /// The word as received.
        input: String,
    },
    /// Another custom status already has the name.
    #[error("The custom user status name is already in use")]
    CustomStatusNameTaken,
    /// The custom status to update does not exist.
    #[error("No custom user status found with the id of \"{id}\".")]
    CustomStatusNotFound {
        /// The id as received.
        id: CustomStatusId,
    },
    /// The custom status to delete does not exist.
    #[error("Invalid user status")]
    CustomStatusToDeleteNotFound,
    /// A required field of a user is missing or blank.
    #[error("The field {field} is required")]
    UserFieldRequired {
        /// `Name`, `Username` or `Password`.
        field: &'static str,
    },
    /// The username has a forbidden character or is too long.
    #[error("{} is not a valid username", quoted(input))]
    UsernameInvalid {
        /// The username as received.
        input: String,
    },
    /// Another user already has the username or the e-mail address.
    #[error("{} is already in use :(", quoted(input))]
    UserFieldTaken {
        /// The username or address that is in use.
        input: String,
        /// The field: `Username` or `Email`.
        field: &'static str,
    },
    /// The display name has a forbidden character.
    #[error("Name contains invalid characters")]
    DisplayNameInvalid,
    /// The text is not an e-mail address.
    #[error("Enter a valid email")]
    EmailInvalid,
    /// The password is blank or too long.
    #[error("Enter a valid password")]
    PasswordInvalid,
    /// The password violates the password policy.
    #[error("The password provided does not meet the server's password policy.")]
    PasswordPolicy {
        /// All violated rules, each with code and message.
        broken: Vec<PasswordViolation>,
    },
    /// The new password equals the current one.
    #[error("Entered password same as current password")]
    PasswordUnchanged,
    /// The new password equals an earlier one in the user's password history.
    #[error("Entered password has been previously used")]
    PasswordUsedBefore,
    /// The password that should prove the caller's identity is wrong.
    #[error("Invalid password")]
    PasswordWrong,
    /// The first name is not valid.
    #[error("First name must have atleast 2 characters. Numbers and special characters are not allowed.")]
    FirstNameInvalid,
    /// The last name is not valid.
    #[error("Last name must have atleast 1 characters. Numbers and special characters are not allowed.")]
    LastNameInvalid,
    /// The username is on a list of blocked usernames.
    #[error("{} is blocked and can't be used!", quoted(input))]
    UsernameBlocked {
        /// The username as received.
        input: String,
    },
    /// The bio has more than 260 characters.
    #[error("Bio size exceeds 260 characters")]
    BioTooLong,
    /// The nickname has more than 120 characters.
    #[error("Nickname size exceeds 120 characters")]
    NicknameTooLong,
    /// A custom field violates a rule of the setting `Accounts_CustomFields`.
    #[error("{reason}")]
    CustomFieldInvalid {
        /// The violated rule, in Rocket.Chat's words.
        reason: String,
    },
    /// The preference `idleTimeLimit` is too short or not a whole number.
    #[error("Invalid idleTimeLimit")]
    IdleTimeLimitInvalid,
    /// The caller may not perform this action on the user.
    #[error("{words}")]
    ActionNotAllowed {
        /// The forbidden action, in Rocket.Chat's words.
        words: &'static str,
        /// Rocket.Chat's identifier for the action.
        action: &'static str,
    },
    /// The caller may not do this, or the settings forbid it to all callers.
    #[error("{words}")]
    NotAllowed {
        /// The forbidden action, in Rocket.Chat's words.
        words: &'static str,
    },
    /// The caller may not create personal access tokens.
    #[error("Not Authorized")]
    PersonalTokenNotAuthorized,
    /// The caller already has a token with this name.
    #[error("A token with this name already exists")]
    PersonalTokenTaken,
    /// The caller has no token with this name.
    #[error("Token does not exist")]
    PersonalTokenNotFound,
    /// The caller may not create tokens for others, or the secret is wrong.
    #[error("Not authorized")]
    CreateTokenNotAuthorized,
    /// The request has neither a status nor a text.
    #[error("Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation")]
    StatusMissing,
    /// The end of a status is not a valid date.
    #[error("Invalid expiresAt date string")]
    StatusEndInvalid,
    /// The end of a status is in the past.
    #[error("expiresAt must be a future date")]
    StatusExpired,
    /// The parameter `from` is not a valid date.
    #[error("The \"from\" query parameter must be a valid date.")]
    FromInvalid,
    /// The status is not one of the four allowed words.
    #[error("Valid status types include online, away, offline, and busy.")]
    StatusWordInvalid,
    /// A parameter of a method is missing or has a wrong type; the text is Meteor's.
    #[error("Match failed")]
    MatchFailed {
        /// The path of the parameter or its field, for example `params.0.name`.
        place: String,
        /// The type that the parameter must have.
        expected: &'static str,
    },
    /// A method that was called over HTTP failed.
    #[error("{message}")]
    MethodFailed {
        /// The whole response to the call, as JSON text.
        message: String,
    },
    /// A setting forbids the invisible status.
    #[error("Invisible status is disabled")]
    InvisibleDisabled,
    /// The request names no target user.
    #[error("The required \"userId\" or \"username\" param was not provided")]
    TargetMissing,
    /// The user whose preferences should change does not exist.
    #[error("The optional \"userId\" param provided does not match any users")]
    PreferencesOfUnknownUser,
    /// The target user does not exist.
    #[error("The required \"userId\" or \"username\" param provided does not match any users")]
    TargetUnknown,
    /// No user has this id.
    #[error("Invalid user id")]
    UserIdInvalid,
    /// The identity can't be saved: the username is invalid, blocked or in use.
    #[error("Could not save user identity")]
    IdentityNotSaved,
    /// A logged-in user tries to register.
    #[error("Logged in users can not register again.")]
    AlreadyLoggedIn,
    /// The username of a registration is not valid.
    #[error("The username provided is not valid")]
    RegistrationUsernameInvalid,
    /// Another user already has the username of a registration.
    #[error("Username is already in use")]
    RegistrationUsernameTaken,
    /// Another user already has the e-mail address of a registration.
    #[error("Email already exists")]
    RegistrationEmailTaken,
    /// Registration is off on this server.
    #[error("User registration is disabled")]
    RegistrationDisabled,
    /// The registration requires a secret, and it is missing or wrong.
    #[error("User registration is only allowed via Secret URL")]
    RegistrationSecretNeeded,
    /// Users with an address of this domain may not register.
    #[error("")]
    DomainNotAllowed,
    /// The link to set a password is unknown, expired, or already used.
    #[error("this link is not valid: it was used, is older than 24 hours, or a newer one was made; ask for another")]
    PasswordResetInvalid,
    /// A setting forbids reset links.
    #[error("Password reset is not enabled")]
    PasswordResetOff,
    /// The file is not a picture of a supported format.
    #[error("The file is not a PNG, JPEG or WebP picture")]
    FileTypeInvalid,
    /// The picture can't be decoded, or has too many pixels.
    #[error("The picture is not a PNG, JPEG or WebP file of at most {MAX_SIDE_PIXELS} x {MAX_SIDE_PIXELS} pixels")]
    AvatarInvalid,
    /// The avatar file is too large.
    #[error("The picture is larger than {limit} bytes")]
    AvatarTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body with a picture exceeds the limit.
    #[error("the body is larger than {limit} bytes, and the picture in it may have {AVATAR_BYTES}")]
    UploadTooLarge {
        /// The limit of the body, in bytes.
        limit: usize,
    },
    /// The avatar is a URL of another server; this server makes no outgoing requests.
    #[error("This server fetches nothing: send the picture itself, as a file or a data: URL")]
    AvatarUrlUnsupported,
    /// A role of the user does not exist.
    #[error("The field Roles consist invalid role id")]
    RoleInvalid,
    /// No role has this id or name.
    #[error("This role does not exist")]
    RoleNotFound,
    /// Another role already has the name.
    #[error("Role name already exists")]
    RoleNameTaken,
    /// The name of a role is not valid.
    #[error(
        "The role name {} is not valid: 1 to 120 characters without '<' and '>'",
        quoted(input)
    )]
    RoleNameInvalid {
        /// The name as received.
        input: String,
    },
    /// The role is built in, so that it can't be changed or deleted.
    #[error("Cannot change or delete a protected role")]
    RoleProtected,
    /// The role can't be deleted, because users have it.
    #[error("Cannot delete role because it's in use")]
    RoleInUse,
    /// The user already has the role.
    #[error("User already in role")]
    UserAlreadyInRole,
    /// The user does not have the role.
    #[error("User is not in this role")]
    UserNotInRole,
    /// No user has the username whose role should be removed.
    #[error("There is no user with this username")]
    RoleHolderUnknown,
    /// A field would limit a role to a room, and this server has no rooms.
    #[error(
        "this server has no rooms, and without one the right would count on the whole server: send no {field} if you \
         want that"
    )]
    NoRooms {
        /// The name of the field.
        field: &'static str,
    },
    /// The removed role would leave the server without an administrator.
    #[error("You need to have at least one admin")]
    AdministratorNeeded,
    /// No permission has this id.
    #[error("Invalid permission")]
    PermissionInvalid,
    /// A role in a grant does not exist.
    #[error("Invalid role")]
    GrantRoleInvalid,
    /// The list of grants is malformed.
    #[error("Invalid body params")]
    GrantsMalformed,
    /// The parameter `updatedSince` is not a valid date.
    #[error("The \"updatedSince\" query parameter must be a valid date.")]
    UpdatedSinceInvalid,
    /// The setting `API_Enable_Shields` is off.
    #[error("This endpoint is disabled")]
    ShieldsDisabled,
    /// The requested badge type does not exist on this server.
    #[error("This shield type is disabled")]
    ShieldTypeDisabled,
    /// A badge without an icon must have a name.
    #[error("Name cannot be empty when icon is hidden")]
    ShieldNameMissing,
    /// The setting does not exist or is hidden; Rocket.Chat sends no text here.
    #[error("")]
    SettingNotFound,
    /// The setting does not accept the value.
    #[error("{setting} {problem}")]
    SettingInvalid {
        /// The name of the setting to change.
        setting: &'static str,
        /// The allowed values, in words that follow the name of the setting.
        problem: String,
    },
    /// The setting is fixed by the configuration at the start of the server.
    #[error("{setting} is fixed by the server's configuration ({source_name}): change it there and restart")]
    SettingFixed {
        /// The name of the setting to change.
        setting: &'static str,
        /// The source of the fixed value.
        source_name: String,
    },
    /// No user has the name, address or id.
    #[error("User not found")]
    UserNotFound,
    /// No user has the name, address or id; with the text of `users.info`.
    #[error("User not found.")]
    UserInfoNotFound,
    /// The change would leave the server without an active administrator.
    #[error("Leaving the app without an active admin is not allowed")]
    LastAdministrator,
    /// No live token has this label.
    #[error("no live token has the label {}", quoted(label))]
    TokenNotFound {
        /// The label as received.
        label: String,
    },
    /// The setup link is unknown or already used.
    #[error("this setup link is not valid: it was used, or belongs to another server")]
    SetupLinkInvalid,
    /// The invitation is unknown, used up, revoked or expired, or its creator may no longer invite.
    #[error("this invitation is not valid: it was used up or revoked, or has ended; ask for another")]
    InvitationInvalid,
    /// No invitation has the label.
    #[error("no invitation has the id {}", quoted(label))]
    InvitationNotFound {
        /// The label that was looked for.
        label: String,
    },
    /// The board is unknown or revoked, or its creator may no longer manage boards.
    #[error("this link to a board is not valid: it was revoked; ask an administrator for another")]
    BoardInvalid,
    /// No board has the label.
    #[error("no board has the id {}", quoted(label))]
    BoardNotFound {
        /// The label that was looked for.
        label: String,
    },
    /// The store has no room for another invitation or board.
    #[error("there are {most} {what} already, the most that this server keeps; revoke one first")]
    TooManyLinks {
        /// The plural of the kind of link.
        what: &'static str,
        /// The maximum number.
        most: u16,
    },
    /// A body, query or path does not have the documented form.
    #[error("{}", quoted(reason))]
    InvalidParams {
        /// A description of the problem.
        reason: String,
        /// The name of the field, if the problem concerns one field.
        field: Option<String>,
    },
    /// The `sort` parameter is not an object whose values are 1 or -1.
    #[error("Invalid sort parameter provided: \"{}\"", quoted(raw))]
    InvalidSort {
        /// The parameter as received.
        raw: String,
    },
    /// A body or a query has an unknown field.
    #[error("must NOT have additional properties")]
    UnknownField {
        /// The name of the unknown field.
        field: String,
        /// The known field with the most similar name.
        nearest: Option<&'static str>,
    },
    /// The `fields` parameter is not a projection, or names a field that the record does not have.
    #[error("Invalid fields parameter provided: \"{}\": {}", quoted(raw), quoted(reason))]
    InvalidFields {
        /// The parameter as received.
        raw: String,
        /// A description of the problem and of what is allowed.
        reason: String,
    },
    /// The `query` parameter, or the conditions of a selector, are malformed or not supported.
    #[error("Invalid query parameter provided: \"{}\": {}", quoted(raw), quoted(reason))]
    InvalidQuery {
        /// The condition as received.
        raw: String,
        /// A description of the problem and of what is allowed.
        reason: String,
    },
    /// The `sort` parameter names a field that the list can't be sorted by.
    #[error("\"{}\" is not a field to sort by: use {}", quoted(field), known.join(", "))]
    SortFieldUnknown {
        /// The field as received.
        field: String,
        /// The fields that the list can be sorted by.
        known: &'static [&'static str],
    },
    /// The `sort` parameter names too many fields.
    #[error("sort by at most {} fields", SORT_FIELDS)]
    TooManySortFields,
    /// No endpoint has this path.
    #[error("API endpoint does not exist")]
    EndpointNotFound,
    /// The endpoint exists, but not for this HTTP method.
    #[error("this endpoint takes {allow}")]
    MethodNotAllowed {
        /// The allowed HTTP methods, for the `Allow` header.
        allow: String,
    },
    /// The body exceeds the limit.
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {seconds} seconds")]
    BodyTooSlow {
        /// The time allowed, in seconds.
        seconds: u64,
    },
    /// The body ended too early or has a wrong framing.
    #[error("the body could not be read to its end")]
    BodyBroken,
    /// The request target has no path, for example a host alone.
    #[error("the target of the request must be a path that begins with / or a URL that begins with http://")]
    TargetWithoutPath,
    /// The request has no `Host` header, or more than one.
    #[error("the request must have exactly one Host header")]
    HostHeaderInvalid,
    /// A browser sends a preflight request, and no other origin is allowed.
    #[error("CORS not enabled. Pages of other origins may not call this server")]
    CorsDisabled,
    /// The origin of a preflight request is not configured.
    #[error("Invalid origin")]
    OriginRefused,
    /// A queue of the server is full.
    #[error("Service Unavailable")]
    Overloaded {
        /// The time to wait before a retry, in seconds.
        retry_after: u32,
    },
    /// Another backup is being made.
    #[error("Service Unavailable: a backup is being made; try again when it has ended")]
    BackupRunning,
    /// The store does not accept writes; the log has the cause with the incident's id.
    #[error("Service Unavailable: the store cannot be written (incident {incident})")]
    StoreUnavailable {
        /// The id of the incident in the log.
        incident: String,
    },
    /// The disk has too little free space for the change. The log says so once.
    #[error(
        "the disk of this server has too little free space: nothing was changed; try again when an administrator has freed some"
    )]
    StoreFull,
    /// The disk is mounted read-only. The log says so once.
    #[error(
        "the disk of this server is mounted read-only: nothing was changed; try again when an administrator has mounted it \
         for writing"
    )]
    StoreReadOnly,
    /// A defect of this server; the log has the cause with the incident's id.
    #[error("Internal server error (incident {incident})")]
    Internal {
        /// The id of the incident in the log.
        incident: String,
    },
}

impl RequestError {
    /// Returns the kind of the error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.class().0
    }

    /// Returns the code that clients test.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        self.class().1
    }

    /// Returns whether the disk has no room for the change, so that a later attempt may succeed.
    #[must_use]
    pub const fn is_of_disk(&self) -> bool {
        matches!(self, Self::StoreFull | Self::StoreReadOnly)
    }

    /// Returns whether a password, a code or another secret was wrong, so that the error counts as a failed login.
    #[must_use]
    pub const fn is_wrong_guess(&self) -> bool {
        matches!(
            self,
            Self::WrongCredentials
                | Self::LoginCodeInvalid
                | Self::CodeInvalid { .. }
                | Self::TotpCodeInvalid
                | Self::PasswordWrong
                | Self::PasswordResetInvalid
                | Self::SetupLinkInvalid
                | Self::InvitationInvalid
                | Self::RegistrationSecretNeeded
                | Self::CreateTokenNotAuthorized
        )
    }

    /// Returns the text followed by the code in brackets, as Rocket.Chat does (`api.md` §1.4).
    #[must_use]
    pub fn message(&self) -> String {
        self.message_with("")
    }

    /// Returns the same with advice behind the words: what a client of one interface can do.
    #[must_use]
    pub fn message_with(&self, advice: &str) -> String {
        match (format!("{self}{advice}"), self.code()) {
            (words, None) => words,
            (words, Some(code)) if words.is_empty() => format!("[{code}]"),
            (words, Some(code)) => format!("{words} [{code}]"),
        }
    }

    /// Creates the error for an invalid field, in the words of the schema checker that clients know (`api.md` §1.4).
    pub fn invalid(reason: impl Into<String>, field: &str) -> Self {
        Self::InvalidParams {
            reason: reason.into(),
            field: Some(field.to_owned()),
        }
    }

    /// Converts the error for endpoints of the HTTP API that create or change a user: a username that is in use or
    /// blocked becomes [`RequestError::IdentityNotSaved`].
    #[must_use]
    pub fn of_identity(self) -> Self {
        match self {
            Self::UsernameBlocked { .. } | Self::UserFieldTaken { field: "Username", .. } => Self::IdentityNotSaved,
            other => other,
        }
    }

    /// Creates the error for a text that has more than `most_characters` characters.
    #[must_use]
    pub fn too_long(most_characters: usize, field: &str) -> Self {
        Self::invalid(format!("must NOT have more than {most_characters} characters"), field)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_code_are_composed_as_clients_expect() {
        let taken = RequestError::CustomStatusNameTaken.message();
        assert_eq!(
            taken,
            "The custom user status name is already in use [Custom_User_Status_Error_Name_Already_In_Use]"
        );
        assert_eq!(RequestError::CustomStatusNotAuthorized.message(), "[not_authorized]");
        assert_eq!(RequestError::NotLoggedIn.message(), "You must be logged in to do this.");
    }

    #[test]
    fn details_name_the_method_the_input_and_the_field() {
        let details = RequestError::StatusTypeInvalid {
            input: "Offline".into(),
        }
        .details("insertOrUpdateUserStatus");
        let expected = json!({"method": "insertOrUpdateUserStatus", "input": "Offline", "field": "StatusType"});
        assert_eq!(details, Some(expected));
    }
}
