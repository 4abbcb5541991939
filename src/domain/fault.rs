//! Everything that can go wrong with a request, in the words of the reference.
//!
//! A variant's text is the words, its fields are the details, and one match ([`Fault::class`]) gives
//! its kind and its wire code. Each face renders a fault in one place of its own.

mod class;
mod details;

pub use class::Kind;

use super::avatar::AVATAR_BYTES;
use super::page::SORT_FIELDS;
use super::password_policy::Violation;
use super::picture::MAX_SIDE_PIXELS;
use super::text::quoted;
use super::{CustomStatusId, Permission, Scope, SettingId, TwoFactorMethod, Username};

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No live token came with the request.
    #[error("You must be logged in to do this.")]
    NotLoggedIn,
    /// Unknown user or wrong password: one answer for both, so that neither can be told.
    #[error("Unauthorized")]
    WrongCredentials,
    /// The token to resume with is unknown, expired or ended.
    #[error("You've been logged out by the server. Please log in again")]
    ResumeRefused,
    /// The account is switched off.
    #[error("User is not activated")]
    UserNotActivated,
    /// The account has no role.
    #[error("User has no roles")]
    UserHasNoRoles,
    /// Too many logins from the address failed.
    #[error("Login has been temporarily blocked For IP")]
    AddressBlocked,
    /// Too many logins of the user failed.
    #[error("Login has been temporarily blocked For User")]
    UserBlocked,
    /// The user's address was never verified, and that is needed here.
    #[error("Invalid email {address}")]
    EmailUnverified {
        /// The address.
        address: String,
    },
    /// A login lacks the second factor.
    #[error("TOTP Required")]
    LoginCodeRequired,
    /// The second factor of a login is wrong.
    #[error("TOTP Invalid")]
    LoginCodeInvalid,
    /// The call needs a second factor.
    #[error("TOTP Required")]
    CodeRequired {
        /// The one that is asked for.
        method: TwoFactorMethod,
        /// All that would do.
        available: Vec<TwoFactorMethod>,
    },
    /// The second factor is wrong.
    #[error("TOTP Invalid")]
    CodeInvalid {
        /// The one that was asked for.
        method: TwoFactorMethod,
    },
    /// The call needs a fresh proof, and the user has nothing to give one with.
    #[error(
        "Your account has neither a password nor an authenticator app: ask an administrator for a password reset link"
    )]
    NothingToProveWith,
    /// The user has to choose a new password before anything else.
    #[error("You must choose a new password first: call users.updateOwnBasicInfo with currentPassword and newPassword")]
    PasswordChangeRequired,
    /// The user has to enable a second factor before anything else.
    #[error("Your role requires a second factor: enable it first with users.enableTotp and users.validateTotp")]
    TwoFactorRequired,
    /// There is no second factor on this server.
    #[error("Two-factor authentication is not enabled")]
    TwoFactorDisabled,
    /// The code for switching the second factor on or off, or for new backup codes, is wrong.
    #[error("Invalid two factor code")]
    TotpCodeInvalid,
    /// The second factor is on already, or was not begun.
    #[error("{reason}")]
    TotpState {
        /// Which of them.
        reason: &'static str,
    },
    /// The route needs a permission that the caller lacks.
    #[error("User does not have the permissions required for this action")]
    PermissionRequired,
    /// What the caller wants to act on carries a permission that the caller does not have.
    #[error("You cannot do this, because it concerns the permission {permission}, which you do not have")]
    BeyondAuthority {
        /// The first permission that the caller lacks.
        permission: Permission,
    },
    /// The endpoint itself refuses; the word really is this one.
    #[error("unauthorized")]
    NotPermitted,
    /// The token is narrowed to other scopes.
    #[error("This token lacks the scope {scope}")]
    ScopeMissing {
        /// What it would need.
        scope: Scope,
    },
    /// The token has scopes, and the call takes only tokens without.
    #[error("A token with scopes may not do this: use a login, or a token without scopes")]
    FullTokenNeeded,
    /// Too many calls.
    #[error(
        "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint again."
    )]
    TooManyRequests {
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// Too many logins of a user or an address: they wait already, or the rate is used up.
    #[error("too many logins of this user or from this address; wait {seconds} seconds and try again")]
    TooManyLogins {
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// The body of a login has none of the known forms.
    #[error("Unrecognized options for login request")]
    UnrecognizedLogin,
    /// The caller lacks the permission for custom statuses; Rocket.Chat gives no words here.
    #[error("")]
    CustomStatusNotAuthorized,
    /// A required field of a custom status is absent or blank.
    #[error("The field {field} is required")]
    CustomStatusFieldRequired {
        /// `Name` or `StatusType`.
        field: &'static str,
    },
    /// The name is too long or has a character that names may not have.
    #[error("{input} is not a valid name")]
    CustomStatusNameInvalid {
        /// The name as it came.
        input: String,
    },
    /// The status type is none of the four words.
    #[error("{input} is not a valid status type")]
    StatusTypeInvalid {
        /// The word as it came.
        input: String,
    },
    /// Another custom status has the name.
    #[error("The custom user status name is already in use")]
    CustomStatusNameTaken,
    /// The custom status to update does not exist.
    #[error("No custom user status found with the id of \"{id}\".")]
    CustomStatusNotFound {
        /// The id as it came.
        id: CustomStatusId,
    },
    /// The custom status to delete does not exist.
    #[error("Invalid user status")]
    CustomStatusToDeleteNotFound,
    /// A required field of a user is absent or blank.
    #[error("The field {field} is required")]
    UserFieldRequired {
        /// `Name`, `Username` or `Password`.
        field: &'static str,
    },
    /// The username has a character that usernames may not have, or is too long.
    #[error("{} is not a valid username", quoted(input))]
    UsernameInvalid {
        /// The username as it came.
        input: String,
    },
    /// Another user has the username or the address.
    #[error("{} is already in use :(", quoted(input))]
    UserFieldTaken {
        /// What is taken.
        input: String,
        /// `Username` or `Email`.
        field: &'static str,
    },
    /// The display name has a character that names may not have.
    #[error("Name contains invalid characters")]
    DisplayNameInvalid,
    /// The e-mail address is none.
    #[error("Enter a valid email")]
    EmailInvalid,
    /// The password is blank or too long.
    #[error("Enter a valid password")]
    PasswordInvalid,
    /// The password breaks rules of the policy.
    #[error("The password provided does not meet the server's password policy.")]
    PasswordPolicy {
        /// Which.
        broken: Vec<Violation>,
    },
    /// The new password is the one before.
    #[error("Entered password same as current password")]
    PasswordUnchanged,
    /// The new password was used before.
    #[error("Entered password has been previously used")]
    PasswordUsedBefore,
    /// The password that is to prove who one is is wrong.
    #[error("Invalid password")]
    PasswordWrong,
    /// The first name is none.
    #[error("First name must have atleast 2 characters. Numbers and special characters are not allowed.")]
    FirstNameInvalid,
    /// The last name is none.
    #[error("Last name must have atleast 1 characters. Numbers and special characters are not allowed.")]
    LastNameInvalid,
    /// The username is one that nobody may take.
    #[error("{} is blocked and can't be used!", quoted(input))]
    UsernameBlocked {
        /// The username as it came.
        input: String,
    },
    /// The bio is too long.
    #[error("Bio size exceeds 260 characters")]
    BioTooLong,
    /// The nickname is too long.
    #[error("Nickname size exceeds 120 characters")]
    NicknameTooLong,
    /// A custom field is not what the setting `Accounts_CustomFields` asks for.
    #[error("{reason}")]
    CustomFieldInvalid {
        /// What is wrong, in Rocket.Chat's words.
        reason: String,
    },
    /// The time after which a client calls its user away is too short.
    #[error("Invalid idleTimeLimit")]
    IdleTimeLimitInvalid,
    /// The caller may not do this to a user.
    #[error("{words}")]
    ActionNotAllowed {
        /// What is not allowed, in Rocket.Chat's words.
        words: &'static str,
        /// Its word for the action.
        action: &'static str,
    },
    /// The caller may not do this, or nobody may.
    #[error("{words}")]
    NotAllowed {
        /// What is not allowed, in Rocket.Chat's words.
        words: &'static str,
        /// The method that it names in the details.
        method: &'static str,
    },
    /// The caller may not make personal access tokens.
    #[error("Not Authorized")]
    PersonalTokenNotAuthorized {
        /// The method that Rocket.Chat names in the details.
        method: &'static str,
    },
    /// The caller has a token of this name already.
    #[error("A token with this name already exists")]
    PersonalTokenTaken,
    /// The caller has no token of this name.
    #[error("Token does not exist")]
    PersonalTokenNotFound,
    /// The caller may not make tokens for others, or the secret is wrong.
    #[error("Not authorized")]
    CreateTokenNotAuthorized,
    /// Neither a status nor words were sent.
    #[error("Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation")]
    StatusMissing,
    /// The end of a status is no moment.
    #[error("Invalid expiresAt date string")]
    StatusEndInvalid,
    /// The end of a status has passed.
    #[error("expiresAt must be a future date")]
    StatusExpired,
    /// The moment since which changes are asked for is none.
    #[error("The \"from\" query parameter must be a valid date.")]
    FromInvalid,
    /// The word for a status is none of the four.
    #[error("Valid status types include online, away, offline, and busy.")]
    StatusWordInvalid,
    /// A parameter of a method has a wrong type, or is missing; the words are Meteor's.
    #[error("Match failed")]
    MatchFailed {
        /// The place of the parameter, and its field: `params.0.name`.
        place: String,
        /// The type that it has to have.
        expected: &'static str,
    },
    /// A method that was called over HTTP failed.
    #[error("{message}")]
    MethodFailed {
        /// The whole answer to the call, as a text.
        message: String,
    },
    /// Invisible is switched off.
    #[error("Invisible status is disabled")]
    InvisibleDisabled,
    /// No target was named.
    #[error("The required \"userId\" or \"username\" param was not provided")]
    TargetMissing,
    /// The user whose preferences are to be set does not exist.
    #[error("The optional \"userId\" param provided does not match any users")]
    PreferencesOfUnknownUser,
    /// The target is nobody.
    #[error("The required \"userId\" or \"username\" param provided does not match any users")]
    TargetUnknown,
    /// The id is nobody's.
    #[error("Invalid user id")]
    UserIdInvalid,
    /// The identity cannot be saved: the username is invalid or taken.
    #[error("Could not save user identity")]
    IdentityNotSaved,
    /// Somebody who is logged in tries to register.
    #[error("Logged in users can not register again.")]
    AlreadyLoggedIn,
    /// The username of a registration is none.
    #[error("The username provided is not valid")]
    RegistrationUsernameInvalid,
    /// The username of a registration belongs to somebody.
    #[error("Username is already in use")]
    RegistrationUsernameTaken,
    /// The address of a registration belongs to somebody.
    #[error("Email already exists")]
    RegistrationEmailTaken,
    /// Nobody may register.
    #[error("User registration is disabled")]
    RegistrationDisabled,
    /// Only who knows the secret may register.
    #[error("User registration is only allowed via Secret URL")]
    RegistrationSecretNeeded,
    /// Addresses of this domain may not register.
    #[error("")]
    DomainNotAllowed,
    /// The link to set a password was used, is too old, or never was one.
    #[error("this link is not valid: it was used, is older than 24 hours, or a newer one was made; ask for another")]
    PasswordResetInvalid,
    /// Passwords of this server can't be reset.
    #[error("Password reset is not enabled")]
    PasswordResetOff,
    /// The file is a picture of a kind that this server does not take, or no picture.
    #[error("The file is not a PNG, JPEG or WebP picture")]
    FileTypeInvalid,
    /// The picture cannot be decoded, or has too many pixels.
    #[error("The picture is not a PNG, JPEG or WebP file of at most {MAX_SIDE_PIXELS} x {MAX_SIDE_PIXELS} pixels")]
    AvatarInvalid,
    /// The picture is too large.
    #[error("The picture is larger than {limit} bytes")]
    AvatarTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body with a picture is larger than the limit.
    #[error("the body is larger than {limit} bytes, and the picture in it may have {AVATAR_BYTES}")]
    UploadTooLarge {
        /// The limit of the body, in bytes.
        limit: usize,
    },
    /// A picture at an address of the web, which this server does not fetch.
    #[error("This server fetches nothing: send the picture itself, as a file or a data: URL")]
    AvatarUrlUnsupported,
    /// A role is none that there is.
    #[error("The field Roles consist invalid role id")]
    RoleInvalid,
    /// No role has the id or name.
    #[error("This role does not exist")]
    RoleNotFound,
    /// Another role has the name.
    #[error("Role name already exists")]
    RoleNameTaken,
    /// The name of a role is none.
    #[error(
        "The role name {} is not valid: 1 to 120 characters without '<' and '>'",
        quoted(input)
    )]
    RoleNameInvalid {
        /// The name as it came.
        input: String,
    },
    /// The role is built in.
    #[error("Cannot change or delete a protected role")]
    RoleProtected,
    /// Users have the role.
    #[error("Cannot delete role because it's in use")]
    RoleInUse,
    /// The user has the role already.
    #[error("User already in role")]
    UserAlreadyInRole,
    /// The user does not have the role.
    #[error("User is not in this role")]
    UserNotInRole,
    /// No user has the username from whom a role is to be taken.
    #[error("There is no user with this username")]
    RoleHolderUnknown,
    /// A field would limit a right to a room.
    #[error(
        "this server has no rooms, and without one the right would count on the whole server: send no {field} if you \
         want that"
    )]
    NoRooms {
        /// The field.
        field: &'static str,
    },
    /// Nobody would be left to administer the server.
    #[error("You need to have at least one admin")]
    AdministratorNeeded,
    /// No permission has the id.
    #[error("Invalid permission")]
    PermissionInvalid,
    /// A role in a grant does not exist.
    #[error("Invalid role")]
    GrantRoleInvalid,
    /// The list of grants is malformed.
    #[error("Invalid body params")]
    GrantsMalformed,
    /// The moment to list changes since is none.
    #[error("The \"updatedSince\" query parameter must be a valid date.")]
    UpdatedSinceInvalid,
    /// The setting `API_Enable_Shields` is off.
    #[error("This endpoint is disabled")]
    ShieldsDisabled,
    /// The badge is of something that this server does not have.
    #[error("This shield type is disabled")]
    ShieldTypeDisabled,
    /// A badge without an icon needs a name.
    #[error("Name cannot be empty when icon is hidden")]
    ShieldNameMissing,
    /// The setting does not exist, or is hidden; Rocket.Chat says nothing else.
    #[error("")]
    SettingNotFound,
    /// The value is none that the setting takes.
    #[error("{setting} {problem}")]
    SettingInvalid {
        /// Which setting.
        setting: SettingId,
        /// What it takes.
        problem: String,
    },
    /// The setting was given when the server was started.
    #[error("{setting} is fixed by the server's configuration ({source_name}): change it there and restart")]
    SettingFixed {
        /// Which setting.
        setting: SettingId,
        /// Where its value comes from.
        source_name: String,
    },
    /// No user has the name, address or id.
    #[error("User not found")]
    UserNotFound,
    /// No user has the name, address or id; the words of `users.info`.
    #[error("User not found.")]
    UserInfoNotFound,
    /// The change would leave nobody to administer the server.
    #[error("Leaving the app without an active admin is not allowed")]
    LastAdministrator,
    /// No live token has the label.
    #[error(
        "no live token has the label {}; list them with `rollcall token list`",
        quoted(label)
    )]
    TokenNotFound {
        /// The label as it came.
        label: String,
    },
    /// The setup link was used, or never was one.
    #[error("this setup link is not valid: it was used, or belongs to another server")]
    SetupLinkInvalid,
    /// A body, query or path does not have the form the endpoint documents.
    #[error("{}", quoted(reason))]
    InvalidParams {
        /// What is wrong, and where.
        reason: String,
        /// The field it is about, if it is about one.
        field: Option<String>,
    },
    /// The `sort` parameter is not an object whose values are 1 or -1.
    #[error("Invalid sort parameter provided: \"{}\"", quoted(raw))]
    InvalidSort {
        /// The parameter as it came.
        raw: String,
    },
    /// A body or a query has a field that the endpoint does not know.
    #[error("must NOT have additional properties")]
    UnknownField {
        /// The field.
        field: String,
        /// The known field that the caller most likely meant.
        nearest: Option<&'static str>,
    },
    /// The `fields` parameter is no projection, or asks for a field that the record does not have.
    #[error("Invalid fields parameter provided: \"{}\": {}", quoted(raw), quoted(reason))]
    InvalidFields {
        /// The parameter as it came.
        raw: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// The `query` parameter, or the conditions of a selector, ask for something that this server does not know.
    #[error("Invalid query parameter provided: \"{}\": {}", quoted(raw), quoted(reason))]
    InvalidQuery {
        /// The condition as it came.
        raw: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// The `sort` parameter names a field by which the list is not sorted.
    #[error("\"{}\" is not a field to sort by: use {}", quoted(field), known.join(", "))]
    SortFieldUnknown {
        /// The field as it came.
        field: String,
        /// The fields by which the list is sorted.
        known: &'static [&'static str],
    },
    /// The `sort` parameter names too many fields.
    #[error("sort by at most {} fields", SORT_FIELDS)]
    TooManySortFields,
    /// No endpoint has the name.
    #[error("API endpoint does not exist")]
    EndpointNotFound,
    /// The endpoint exists, but not for this method.
    #[error("this endpoint takes {allow}")]
    MethodNotAllowed {
        /// The methods it takes, for the `Allow` header.
        allow: String,
    },
    /// The body is larger than the limit.
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
    /// The body broke off or was wrongly framed.
    #[error("the body could not be read to its end")]
    BodyBroken,
    /// The request's target has no path: it names a host alone.
    #[error("the target of the request must be a path that begins with / or a URL that begins with http://")]
    TargetWithoutPath,
    /// The request has no `Host` header, or more than one.
    #[error("the request must have exactly one Host header")]
    HostHeaderInvalid,
    /// A browser asks whether pages of another origin may call, and none may.
    #[error("CORS not enabled. Set cors_origin to the origins whose pages may call this server")]
    CorsDisabled,
    /// The origin of a preflight is not among the configured ones.
    #[error("Invalid origin")]
    OriginRefused,
    /// More work of this kind waits than the server takes on.
    #[error("Service Unavailable")]
    Overloaded {
        /// When to try again, in seconds.
        retry_after: u32,
    },
    /// The store does not take writes; the cause is in the log under the incident's name.
    #[error("Service Unavailable: the store cannot be written (incident {incident})")]
    StoreUnavailable {
        /// Names the log line with the cause.
        incident: String,
    },
    /// A defect of this server; the cause is in the log under the incident's name.
    #[error("Internal server error (incident {incident})")]
    Internal {
        /// Names the log line with the cause.
        incident: String,
    },
}

impl Fault {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.class().0
    }

    /// The code that clients test.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        self.class().1
    }

    /// Whether it says that a password, a code or another secret was wrong, so that it counts as a failed login.
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
                | Self::RegistrationSecretNeeded
                | Self::CreateTokenNotAuthorized
        )
    }

    /// The words with the code behind them, as Rocket.Chat composes them (`api.md` §1.4).
    #[must_use]
    pub fn message(&self) -> String {
        match (self.to_string(), self.code()) {
            (words, None) => words,
            (words, Some(code)) if words.is_empty() => format!("[{code}]"),
            (words, Some(code)) => format!("{words} [{code}]"),
        }
    }

    /// A field that is not what the endpoint documents, in the words of the schema checker that
    /// clients know (`api.md` §1.4).
    pub fn invalid(reason: impl Into<String>, field: &str) -> Self {
        Self::InvalidParams {
            reason: reason.into(),
            field: Some(field.to_owned()),
        }
    }

    /// Returns the fault as the HTTP API answers it where a user is created or changed: a username that is taken or
    /// reserved can't be saved.
    #[must_use]
    pub fn of_identity(self) -> Self {
        match self {
            Self::UsernameBlocked { .. } | Self::UserFieldTaken { field: "Username", .. } => Self::IdentityNotSaved,
            other => other,
        }
    }

    /// A text that has more characters than its field takes.
    #[must_use]
    pub fn too_long(most_characters: usize, field: &str) -> Self {
        Self::invalid(format!("must NOT have more than {most_characters} characters"), field)
    }

    /// The username belongs to somebody else.
    #[must_use]
    pub fn username_taken(username: &Username) -> Self {
        Self::UserFieldTaken {
            input: username.to_string(),
            field: "Username",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_code_are_composed_as_clients_expect() {
        let taken = Fault::CustomStatusNameTaken.message();
        assert_eq!(
            taken,
            "The custom user status name is already in use [Custom_User_Status_Error_Name_Already_In_Use]"
        );
        assert_eq!(Fault::CustomStatusNotAuthorized.message(), "[not_authorized]");
        assert_eq!(Fault::NotLoggedIn.message(), "You must be logged in to do this.");
    }

    #[test]
    fn details_name_the_method_the_input_and_the_field() {
        let details = Fault::StatusTypeInvalid {
            input: "Offline".into(),
        }
        .details();
        let expected = json!({"method": "insertOrUpdateUserStatus", "input": "Offline", "field": "StatusType"});
        assert_eq!(details, Some(expected));
    }
}
