//! All errors of requests, one row each, with Rocket.Chat's texts where it has one.
//!
//! A row is: meaning, variant, kind, the code that clients test (or `none`), the text, and the details for clients, if there
//! are any. In the details, `called` is the method that was called. Each interface turns an error into a response in one
//! place.

mod kind;
mod table;

use serde_json::{Value, json};

use table::errors;

pub(crate) use kind::ErrorKind;

use super::avatar::AVATAR_BYTES;
use super::page::SORT_FIELDS;
use super::password_violation::PasswordViolation;
use super::picture::MAX_SIDE_PIXELS;
use super::role::ROLE_CHARACTERS;
use super::text::quoted;
use super::{CustomStatusId, Permission, Scope, Timestamp, TwoFactorMethod};

errors! {
    called,
    /// The request has no live token.
    NotLoggedIn => Unauthenticated, none, ["You must be logged in to do this."];
    /// The user is unknown or the password is wrong. Both have the same error, so that a caller can't
    /// find out usernames.
    WrongCredentials => LoginRefused, "Unauthorized", ["Unauthorized"];
    /// The token to resume with is unknown, expired or removed.
    ResumeRefused => LoginRefused, "403", ["You've been logged out by the server. Please log in again"];
    /// The account is deactivated.
    UserNotActivated => LoginRefused, "error-user-is-not-activated", ["User is not activated"];
    /// The account has no role.
    UserHasNoRoles => LoginRefused, "error-user-has-no-roles", ["User has no roles"];
    /// Too many logins from the address failed, so that it is blocked for a while.
    AddressBlocked => LoginRefused, "error-login-blocked-for-ip", ["Login has been temporarily blocked For IP"];
    /// Too many logins of the user failed, so that the user is blocked for a while.
    UserBlocked => LoginRefused, "error-login-blocked-for-user", ["Login has been temporarily blocked For User"];
    /// The user's e-mail address is not verified, and the server requires that.
    EmailUnverified {
        /// The user's e-mail address.
        address: String,
    } => LoginRefused, "error-invalid-email", ["Invalid email {address}"];
    /// A login without the required second factor.
    LoginCodeRequired => LoginRefused, "totp-required",
        ["TOTP Required"],
        json!({"method": "totp", "codeGenerated": false, "availableMethods": ["totp"]});
    /// A login with a wrong second factor.
    LoginCodeInvalid => LoginRefused, "totp-invalid", ["TOTP Invalid"], json!({"method": "totp"});
    /// A call without the required second factor.
    CodeRequired {
        /// The method that the server asks for.
        method: TwoFactorMethod,
        /// All methods that the server would accept.
        available: Vec<TwoFactorMethod>,
    } => Invalid, "totp-required",
        ["TOTP Required"],
        json!({"method": method, "codeGenerated": false, "availableMethods": available});
    /// A call with a wrong second factor.
    CodeInvalid {
        /// The method that the server asked for.
        method: TwoFactorMethod,
    } => Invalid, "totp-invalid", ["TOTP Invalid"], json!({"method": method});
    /// The call requires a password or a code, and the user has neither a password nor an authenticator app.
    NothingToProveWith => Forbidden, "error-no-proof-possible",
        ["Your account has neither a password nor an authenticator app: ask an administrator for a password reset \
         link"];
    /// The user has to choose a new password before any other call.
    PasswordChangeRequired => Forbidden, "error-password-change-required",
        ["You must choose a new password first: call users.updateOwnBasicInfo with currentPassword and newPassword"];
    /// The user has to enable a second factor before any other call.
    TwoFactorRequired => Forbidden, "error-two-factor-required",
        ["Your role requires a second factor: enable it first with users.enableTotp and users.validateTotp"];
    /// Two-factor authentication is off on this server.
    TwoFactorDisabled => Invalid, "error-two-factor-not-enabled", ["Two-factor authentication is not enabled"];
    /// The code is wrong for enabling or disabling the second factor, or for new backup codes.
    TotpCodeInvalid => Invalid, "invalid-totp", ["Invalid two factor code"];
    /// The second factor is in the wrong state for the call: already enabled, not enabled, or enrolment not started.
    TotpState {
        /// The state that is wrong, in words.
        reason: &'static str,
    } => Invalid, "error-invalid-totp-state", ["{reason}"];
    /// The caller lacks a permission that the route requires.
    PermissionRequired => Forbidden, "error-unauthorized",
        ["User does not have the permissions required for this action"];
    /// The target of the call carries a permission that the caller does not have.
    BeyondAuthority {
        /// The first permission that the caller lacks.
        permission: Permission,
    } => Forbidden, "error-action-not-allowed",
        ["You cannot do this, because it concerns the permission {permission}, which you do not have"],
        json!({"permission": permission.as_str()});
    /// The endpoint refuses the call; the text is Rocket.Chat's, in lower case.
    NotPermitted => Forbidden, none, ["unauthorized"];
    /// The token has scopes, and not the required one.
    ScopeMissing {
        /// The required scope of the call.
        scope: Scope,
    } => Forbidden, "error-missing-scope", ["This token lacks the scope {scope}"], json!({"scope": scope});
    /// The token has scopes, and the call accepts only tokens without scopes.
    FullTokenNeeded => Forbidden, "error-full-token-needed",
        ["A token with scopes may not do this: use a login, or a token without scopes"];
    /// The caller exceeded the rate limit.
    TooManyRequests {
        /// The time to wait, in seconds.
        seconds: u64,
    } => TooManyRequests, "error-too-many-requests",
        ["Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint \
         again."];
    /// Too many logins of a user or from an address: the queue is full, or the rate limit is exceeded.
    TooManyLogins {
        /// The time to wait, in seconds.
        seconds: u64,
    } => TooManyRequests, "error-too-many-requests",
        ["too many logins of this user or from this address; wait {seconds} seconds and try again"];
    /// The body of a login has none of the known forms.
    UnrecognizedLogin => Invalid, "400", ["Unrecognized options for login request"];
    /// The caller lacks the permission to manage custom statuses; Rocket.Chat sends no text here.
    CustomStatusNotAuthorized => Invalid, "not_authorized", [""];
    /// A required field of a custom status is missing or blank.
    CustomStatusFieldRequired {
        /// The field: `Name` or `StatusType`.
        field: &'static str,
    } => Invalid, "error-the-field-is-required",
        ["The field {field} is required"],
        json!({"method": called, "field": field});
    /// The name of a custom status is too long or has a forbidden character.
    CustomStatusNameInvalid {
        /// The name as received.
        input: String,
    } => Invalid, "error-input-is-not-a-valid-field",
        ["{input} is not a valid name"],
        json!({"method": called, "input": input, "field": "Name"});
    /// The status type is not one of the four allowed words.
    StatusTypeInvalid {
        /// The word as received.
        input: String,
    } => Invalid, "error-input-is-not-a-valid-field",
        ["{input} is not a valid status type"],
        json!({"method": called, "input": input, "field": "StatusType"});
    /// Another custom status already has the name.
    CustomStatusNameTaken => Invalid, "Custom_User_Status_Error_Name_Already_In_Use",
        ["The custom user status name is already in use"],
        json!({"method": called});
    /// The custom status to update does not exist.
    CustomStatusNotFound {
        /// The id as received.
        id: CustomStatusId,
    } => Invalid, none, ["No custom user status found with the id of \"{id}\"."];
    /// The custom status to delete does not exist.
    CustomStatusToDeleteNotFound => Invalid, "Custom_User_Status_Error_Invalid_User_Status",
        ["Invalid user status"],
        json!({"method": called});
    /// A required field of a user is missing or blank.
    UserFieldRequired {
        /// `Name`, `Username` or `Password`.
        field: &'static str,
    } => Invalid, "error-the-field-is-required",
        ["The field {field} is required"],
        json!({"method": called, "field": field});
    /// The username has a forbidden character or is too long.
    UsernameInvalid {
        /// The username as received.
        input: String,
    } => Invalid, "error-input-is-not-a-valid-field",
        ["{} is not a valid username", quoted(input)],
        json!({"method": called, "input": quoted(input), "field": "Username"});
    /// Another user already has the username or the e-mail address.
    UserFieldTaken {
        /// The username or address that is in use.
        input: String,
        /// The field: `Username` or `Email`.
        field: &'static str,
    } => Invalid, "error-field-unavailable",
        ["{} is already in use :(", quoted(input)],
        json!({"method": called, "field": field});
    /// The display name has a forbidden character.
    DisplayNameInvalid => Invalid, none, ["Name contains invalid characters"];
    /// The text is not an e-mail address.
    EmailInvalid => Invalid, "error-invalid-email", ["Enter a valid email"];
    /// The password is blank or too long.
    PasswordInvalid => Invalid, "error-invalid-password", ["Enter a valid password"];
    /// The password violates the password policy.
    PasswordPolicy {
        /// All violated rules, each with code and message.
        broken: Vec<PasswordViolation>,
    } => Invalid, "error-password-policy-not-met",
        ["The password provided does not meet the server's password policy."],
        json!(broken);
    /// The new password equals the current one.
    PasswordUnchanged => Invalid, "error-password-same-as-current", ["Entered password same as current password"];
    /// The new password equals an earlier one in the user's password history.
    PasswordUsedBefore => Invalid, "error-password-in-history", ["Entered password has been previously used"];
    /// The password that should prove the caller's identity is wrong.
    PasswordWrong => Invalid, "error-invalid-password", ["Invalid password"];
    /// The first name is not valid.
    FirstNameInvalid => Invalid, "error-invalid-first-name",
        ["First name must have atleast 2 characters. Numbers and special characters are not allowed."];
    /// The last name is not valid.
    LastNameInvalid => Invalid, "error-invalid-last-name",
        ["Last name must have atleast 1 characters. Numbers and special characters are not allowed."];
    /// The username is on a list of blocked usernames.
    UsernameBlocked {
        /// The username as received.
        input: String,
    } => Invalid, "error-blocked-username",
        ["{} is blocked and can't be used!", quoted(input)],
        json!({"method": "checkUsernameAvailability", "field": quoted(input)});
    /// The bio is too long.
    BioTooLong {
        /// The maximum number of characters.
        most: usize,
    } => Invalid, "error-bio-size-exceeded", ["Bio size exceeds {most} characters"];
    /// The nickname is too long.
    NicknameTooLong {
        /// The maximum number of characters.
        most: usize,
    } => Invalid, "error-nickname-size-exceeded", ["Nickname size exceeds {most} characters"];
    /// A custom field violates a rule of the setting `Accounts_CustomFields`.
    CustomFieldInvalid {
        /// The violated rule, in Rocket.Chat's words.
        reason: String,
    } => Invalid, "error-user-registration-custom-field", ["{reason}"],
        // Rocket.Chat names these functions behind all methods.
        json!({"method": "registerUser"});
    /// The preference `idleTimeLimit` is too short or not a whole number.
    IdleTimeLimitInvalid => Invalid, "invalid-idle-time-limit-value", ["Invalid idleTimeLimit"];
    /// The caller may not perform this action on the user.
    ActionNotAllowed {
        /// The forbidden action, in Rocket.Chat's words.
        words: &'static str,
        /// Rocket.Chat's identifier for the action.
        action: &'static str,
    } => Invalid, "error-action-not-allowed", ["{words}"], json!({"method": called, "action": action});
    /// The caller may not do this, or the settings forbid it to all callers.
    NotAllowed {
        /// The forbidden action, in Rocket.Chat's words.
        words: &'static str,
    } => Invalid, "error-not-allowed", ["{words}"], json!({"method": called});
    /// The caller may not create personal access tokens.
    PersonalTokenNotAuthorized => Invalid, "not-authorized", ["Not Authorized"], json!({"method": called});
    /// The caller already has a token with this name.
    PersonalTokenTaken => Invalid, "error-token-already-exists", ["A token with this name already exists"];
    /// The caller has no token with this name.
    PersonalTokenNotFound => Invalid, "error-token-does-not-exists", ["Token does not exist"];
    /// The caller may not create tokens for others, or the secret is wrong.
    CreateTokenNotAuthorized => Invalid, "error-not-authorized", ["Not authorized"];
    /// The request has neither a status nor a text.
    StatusMissing => Invalid, none, ["Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation"];
    /// The end of a status is not a valid date.
    StatusEndInvalid => Invalid, "error-invalid-date",
        ["Invalid expiresAt date string"],
        json!({"field": "expiresAt", "expected": Timestamp::FORM});
    /// The end of a status is in the past.
    StatusExpired => Invalid, "error-invalid-date", ["expiresAt must be a future date"];
    /// The parameter `from` is not a valid date.
    FromInvalid => Invalid, "error-from-param-invalid",
        ["The \"from\" query parameter must be a valid date."],
        json!({"field": "from", "expected": Timestamp::FORM});
    /// The status is not one of the four allowed words.
    StatusWordInvalid => Invalid, "error-invalid-status",
        ["Valid status types include online, away, offline, and busy."];
    /// A parameter of a method is missing or has a wrong type; the text is Meteor's.
    MatchFailed {
        /// The path of the parameter or its field, for example `params.0.name`.
        place: String,
        /// The type that the parameter must have.
        expected: &'static str,
    } => Invalid, "400", ["Match failed"], json!({"field": place, "expected": expected});
    /// A method that was called over HTTP failed.
    MethodFailed {
        /// The whole response to the call, as JSON text.
        message: String,
    } => Invalid, none, ["{message}"];
    /// A setting forbids the invisible status.
    InvisibleDisabled => Invalid, "error-status-not-allowed",
        ["Invisible status is disabled"],
        json!({"method": called});
    /// The request names no target user.
    TargetMissing => Invalid, "error-user-param-not-provided",
        ["The required \"userId\" or \"username\" param was not provided"];
    /// The user whose preferences should change does not exist.
    PreferencesOfUnknownUser => Invalid, "error-invalid-user",
        ["The optional \"userId\" param provided does not match any users"];
    /// The target user does not exist.
    TargetUnknown => Invalid, "error-invalid-user",
        ["The required \"userId\" or \"username\" param provided does not match any users"];
    /// No user has this id.
    UserIdInvalid => Invalid, "error-invalid-user-id", ["Invalid user id"];
    /// The identity can't be saved: the username is invalid, blocked or in use.
    IdentityNotSaved => Invalid, "error-could-not-save-identity", ["Could not save user identity"];
    /// A logged-in user tries to register.
    AlreadyLoggedIn => Invalid, none, ["Logged in users can not register again."];
    /// The username of a registration is not valid.
    RegistrationUsernameInvalid => Invalid, none, ["The username provided is not valid"];
    /// Another user already has the username of a registration.
    RegistrationUsernameTaken => Invalid, none, ["Username is already in use"];
    /// Another user already has the e-mail address of a registration.
    RegistrationEmailTaken => Invalid, "403", ["Email already exists"];
    /// Registration is off on this server.
    RegistrationDisabled => Invalid, "error-user-registration-disabled", ["User registration is disabled"];
    /// The registration requires a secret, and it is missing or wrong.
    RegistrationSecretNeeded => Invalid, "error-user-registration-secret",
        ["User registration is only allowed via Secret URL"];
    /// Users with an address of this domain may not register.
    DomainNotAllowed => Invalid, "error-invalid-domain", [""];
    /// The link to set a password is unknown, expired, or already used.
    PasswordResetInvalid {
        /// The number of hours for which a link is valid.
        hours: u32,
    } => Forbidden, "error-reset-link-invalid",
        ["this link is not valid: it was used, is older than {hours} hours, or a newer one was made; ask for another"];
    /// A setting forbids reset links.
    PasswordResetOff => Invalid, none, ["Password reset is not enabled"];
    /// The file is not a picture of a supported format.
    FileTypeInvalid => Invalid, "error-invalid-file-type", ["The file is not a PNG, JPEG or WebP picture"];
    /// The picture can't be decoded, or has too many pixels.
    AvatarInvalid => Invalid, "error-avatar-invalid",
        ["The picture is not a PNG, JPEG or WebP file of at most {MAX_SIDE_PIXELS} x {MAX_SIDE_PIXELS} pixels"];
    /// The store has as many pictures as it may have.
    TooManyPictures {
        /// The maximum number of pictures.
        most: usize,
    } => Full, "error-too-many-pictures",
        ["there are {most} pictures already, and this server stores no more: remove one that is not needed"];
    /// The avatar file is too large.
    AvatarTooLarge {
        /// The limit, in bytes.
        limit: usize,
    } => Invalid, "error-avatar-too-large",
        ["The picture is larger than {limit} bytes"],
        json!({"field": "image", "limit": AVATAR_BYTES});
    /// The body with a picture exceeds the limit.
    UploadTooLarge {
        /// The limit of the body, in bytes.
        limit: usize,
    } => TooLarge, "error-avatar-too-large",
        ["the body is larger than {limit} bytes, and the picture in it may have {AVATAR_BYTES}"],
        json!({"field": "image", "limit": AVATAR_BYTES});
    /// The avatar is a URL of another server; this server makes no outgoing requests.
    AvatarUrlUnsupported => Invalid, "error-avatar-invalid",
        ["This server fetches nothing: send the picture itself, as a file or a data: URL"];
    /// A role of the user does not exist.
    RoleInvalid => Invalid, "error-action-not-allowed",
        ["The field Roles consist invalid role id"],
        json!({"method": called, "action": "Assign_role"});
    /// No role has this id or name.
    RoleNotFound => Invalid, "error-invalid-roleId", ["This role does not exist"];
    /// Another role already has the name.
    RoleNameTaken => Invalid, "error-duplicate-role-names-not-allowed", ["Role name already exists"];
    /// The name of a role is not valid.
    RoleNameInvalid {
        /// The name as received.
        input: String,
    } => Invalid, "error-invalid-role-name",
        ["The role name {} is not valid: 1 to {ROLE_CHARACTERS} characters without '<' and '>'", quoted(input)];
    /// The role is built in, so that it can't be changed or deleted.
    RoleProtected => Invalid, "error-role-protected", ["Cannot change or delete a protected role"];
    /// The role can't be deleted, because users have it.
    RoleInUse => Invalid, "error-role-in-use", ["Cannot delete role because it's in use"];
    /// The user already has the role.
    UserAlreadyInRole => Invalid, "error-user-already-in-role", ["User already in role"];
    /// The user does not have the role.
    UserNotInRole => Invalid, "error-user-not-in-role", ["User is not in this role"];
    /// No user has the username whose role should be removed.
    RoleHolderUnknown => Invalid, "error-invalid-user", ["There is no user with this username"];
    /// A field would limit a role to a room, and this server has no rooms.
    NoRooms {
        /// The name of the field.
        field: &'static str,
    } => Invalid, "invalid-params",
        ["this server has no rooms, and without one the right would count on the whole server: send no {field} if you \
         want that"],
        json!({"field": field});
    /// The removed role would leave the server without an administrator.
    AdministratorNeeded => Invalid, "error-admin-required",
        ["You need to have at least one admin"],
        json!({"method": called});
    /// No permission has this id.
    PermissionInvalid => Invalid, "error-invalid-permission", ["Invalid permission"];
    /// A role in a grant does not exist.
    GrantRoleInvalid => Invalid, "error-invalid-role", ["Invalid role"];
    /// The list of grants is malformed.
    GrantsMalformed => Invalid, "error-invalid-body-params", ["Invalid body params"];
    /// The parameter `updatedSince` is not a valid date.
    UpdatedSinceInvalid => Invalid, "error-roomId-param-invalid",
        ["The \"updatedSince\" query parameter must be a valid date."],
        json!({"field": "updatedSince", "expected": Timestamp::FORM});
    /// The setting `API_Enable_Shields` is off.
    ShieldsDisabled => Invalid, "error-endpoint-disabled",
        ["This endpoint is disabled"],
        json!({"route": "/api/v1/shield.svg"});
    /// The requested badge type does not exist on this server.
    ShieldTypeDisabled => Invalid, "error-shield-disabled",
        ["This shield type is disabled"],
        json!({"route": "/api/v1/shield.svg"});
    /// A badge without an icon must have a name.
    ShieldNameMissing => Invalid, none, ["Name cannot be empty when icon is hidden"];
    /// The setting does not exist or is hidden; Rocket.Chat sends no text here.
    SettingNotFound => Invalid, none, [""];
    /// The setting does not accept the value.
    SettingInvalid {
        /// The name of the setting to change.
        setting: &'static str,
        /// The allowed values, in words that follow the name of the setting.
        problem: String,
    } => Invalid, "error-invalid-setting-value", ["{setting} {problem}"], json!({"setting": setting});
    /// The setting is fixed by the configuration at the start of the server.
    SettingFixed {
        /// The name of the setting to change.
        setting: &'static str,
        /// The source of the fixed value.
        source_name: String,
    } => Invalid, "error-setting-fixed",
        ["{setting} is fixed by the server's configuration ({source_name}): change it there and restart"],
        json!({"setting": setting});
    /// No user has the name, address or id.
    UserNotFound => Invalid, "error-user-not-found", ["User not found"];
    /// No user has the name, address or id; with the text of `users.info`.
    UserInfoNotFound => Invalid, none, ["User not found."];
    /// The change would leave the server without an active administrator.
    LastAdministrator => Invalid, "error-action-not-allowed",
        ["Leaving the app without an active admin is not allowed"],
        json!({"method": called, "action": "Remove_last_admin"});
    /// No live token has this label.
    TokenNotFound {
        /// The label as received.
        label: String,
    } => Invalid, "error-token-not-found", ["no live token has the label {}", quoted(label)];
    /// The setup link is unknown or already used.
    SetupLinkInvalid => Forbidden, "error-setup-link-invalid",
        ["this setup link is not valid: it was used, or belongs to another server"];
    /// The invitation is unknown, used up, revoked or expired, or its creator may no longer invite.
    InvitationInvalid => Forbidden, "error-invitation-invalid",
        ["this invitation is not valid: it was used up or revoked, or has ended; ask for another"];
    /// No invitation has the label.
    InvitationNotFound {
        /// The label that was looked for.
        label: String,
    } => Invalid, "error-invitation-not-found", ["no invitation has the id {}", quoted(label)];
    /// The board is unknown or revoked, or its creator may no longer manage boards.
    BoardInvalid => Forbidden, "error-board-invalid",
        ["this link to a board is not valid: it was revoked; ask an administrator for another"];
    /// No board has the label.
    BoardNotFound {
        /// The label that was looked for.
        label: String,
    } => Invalid, "error-board-not-found", ["no board has the id {}", quoted(label)];
    /// The store has no room for another invitation or board.
    TooManyLinks {
        /// The plural of the kind of link.
        what: &'static str,
        /// The maximum number.
        most: u16,
    } => Invalid, "error-too-many-links",
        ["there are {most} {what} already, the most that this server keeps; revoke one first"];
    /// A body, query or path does not have the documented form.
    InvalidParams {
        /// A description of the problem.
        reason: String,
        /// The name of the field, if the problem concerns one field.
        field: Option<String>,
    } => Invalid, "invalid-params", ["{}", quoted(reason)], field.as_ref().map(|field| json!({"field": quoted(field)}));
    /// The `sort` parameter is not an object whose values are 1 or -1.
    InvalidSort {
        /// The parameter as received.
        raw: String,
    } => Invalid, "error-invalid-sort",
        ["Invalid sort parameter provided: \"{}\"", quoted(raw)],
        json!({"helperMethod": "parseJsonQuery"});
    /// A body or a query has an unknown field.
    UnknownField {
        /// The name of the unknown field.
        field: String,
        /// The known field with the most similar name.
        nearest: Option<&'static str>,
    } => Invalid, "invalid-params",
        ["must NOT have additional properties"],
        match nearest {
        None => json!({"field": quoted(field)}),
        Some(nearest) => json!({"field": quoted(field), "nearest": nearest}),
    };
    /// The `fields` parameter is not a projection, or names a field that the record does not have.
    InvalidFields {
        /// The parameter as received.
        raw: String,
        /// A description of the problem and of what is allowed.
        reason: String,
    } => Invalid, "error-invalid-fields",
        ["Invalid fields parameter provided: \"{}\": {}", quoted(raw), quoted(reason)],
        json!({"helperMethod": "parseJsonQuery"});
    /// The `query` parameter, or the conditions of a selector, are malformed or not supported.
    InvalidQuery {
        /// The condition as received.
        raw: String,
        /// A description of the problem and of what is allowed.
        reason: String,
    } => Invalid, "error-invalid-query",
        ["Invalid query parameter provided: \"{}\": {}", quoted(raw), quoted(reason)],
        json!({"helperMethod": "parseJsonQuery"});
    /// The `sort` parameter names a field that the list can't be sorted by.
    SortFieldUnknown {
        /// The field as received.
        field: String,
        /// The fields that the list can be sorted by.
        known: &'static [&'static str],
    } => Invalid, "error-invalid-sort",
        ["\"{}\" is not a field to sort by: use {}", quoted(field), known.join(", ")],
        json!({"helperMethod": "parseJsonQuery"});
    /// The `sort` parameter names too many fields.
    TooManySortFields => Invalid, "error-invalid-sort",
        ["sort by at most {} fields", SORT_FIELDS],
        json!({"helperMethod": "parseJsonQuery"});
    /// No endpoint has this path.
    EndpointNotFound => NotFound, "error-endpoint-not-found", ["API endpoint does not exist"];
    /// The endpoint exists, but not for this HTTP method.
    MethodNotAllowed {
        /// The allowed HTTP methods, for the `Allow` header.
        allow: String,
    } => MethodNotAllowed, "error-method-not-allowed", ["this endpoint takes {allow}"];
    /// The body exceeds the limit.
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
    } => TooLarge, "error-body-too-large", ["the body is larger than {limit} bytes"];
    /// The body did not arrive in time.
    BodyTooSlow {
        /// The time allowed, in seconds.
        seconds: u64,
    } => Timeout, "error-body-too-slow", ["the body did not arrive within {seconds} seconds"];
    /// The body ended too early or has a wrong framing.
    BodyBroken => Invalid, "error-body-broken", ["the body could not be read to its end"];
    /// The request target has no path, for example a host alone.
    TargetWithoutPath => Invalid, "error-invalid-target",
        ["the target of the request must be a path that begins with / or a URL that begins with http://"];
    /// The request has no `Host` header, or more than one.
    HostHeaderInvalid => Invalid, "error-invalid-host", ["the request must have exactly one Host header"];
    /// A browser sends a preflight request, and no other origin is allowed.
    CorsDisabled => MethodNotAllowed, "error-cors-disabled",
        ["CORS not enabled. Pages of other origins may not call this server"];
    /// The origin of a preflight request is not configured.
    OriginRefused => Forbidden, "error-origin-refused", ["Invalid origin"];
    /// A queue of the server is full.
    Overloaded {
        /// The time to wait before a retry, in seconds.
        retry_after: u32,
    } => Unavailable, "error-overloaded", ["Service Unavailable"];
    /// Another backup is being made.
    BackupRunning => Unavailable, "error-backup-running",
        ["Service Unavailable: a backup is being made; try again when it has ended"];
    /// The store does not accept writes; the log has the cause with the incident's id.
    StoreUnavailable {
        /// The id of the incident in the log.
        incident: String,
    } => Unavailable, "error-store-unavailable",
        ["Service Unavailable: the store cannot be written (incident {incident})"];
    /// The disk has too little free space for the change. The log says so once.
    StoreFull => Full, "error-store-full",
        ["the disk of this server has too little free space: nothing was changed; try again when an administrator has freed \
         some"];
    /// The disk is mounted read-only. The log says so once.
    StoreReadOnly => Unavailable, "error-store-read-only",
        ["the disk of this server is mounted read-only: nothing was changed; try again when an administrator has mounted it \
         for writing"];
    /// This server has lost the cluster with its store, so that it may not know what the other servers have done.
    ClusterLost => Unavailable, "error-cluster-lost",
        ["Service Unavailable: this server has lost the cluster with its store; use another server, or try again in some \
         seconds"];
    /// A defect of this server; the log has the cause with the incident's id.
    Internal {
        /// The id of the incident in the log.
        incident: String,
    } => Internal, "error-internal", ["Internal server error (incident {incident})"];
}

impl RequestError {
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
                | Self::PasswordResetInvalid { .. }
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
