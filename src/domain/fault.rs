//! Everything that can go wrong with a request, in the words of the reference.
//!
//! A variant's text is the words, its fields are the details, and one match gives its kind and
//! its wire code. Each face renders a fault in one place of its own.

use serde_json::{Value, json};

use super::{CustomStatusId, Username};

/// The method that Rocket.Chat names in the details of custom status errors.
const STATUS_METHOD: &str = "insertOrUpdateUserStatus";

/// The method that Rocket.Chat names in the details of user errors.
const USER_METHOD: &str = "insertOrUpdateUser";

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
    #[error("{input} is not a valid username")]
    UsernameInvalid {
        /// The username as it came.
        input: String,
    },
    /// Another user has the username or the address.
    #[error("{input} is already in use :(")]
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
    /// A role is none of the built-in ones.
    #[error("The field Roles consist invalid role id")]
    RoleInvalid,
    /// No user has the name, address or id.
    #[error("User not found")]
    UserNotFound,
    /// The change would leave nobody to administer the server.
    #[error("Leaving the app without an active admin is not allowed")]
    LastAdministrator,
    /// No live token has the label.
    #[error("no live token has the label {label}; list them with `rollcall token list`")]
    TokenNotFound {
        /// The label as it came.
        label: String,
    },
    /// The setup link was used, or never was one.
    #[error("this setup link is not valid: it was used, or belongs to another server")]
    SetupLinkInvalid,
    /// A body, query or path does not have the form the endpoint documents.
    #[error("{reason}")]
    InvalidParams {
        /// What is wrong, and where.
        reason: String,
        /// The field it is about, if it is about one.
        field: Option<String>,
    },
    /// The `sort` parameter is not an object whose values are 1 or -1.
    #[error("Invalid sort parameter provided: \"{raw}\"")]
    InvalidSort {
        /// The parameter as it came.
        raw: String,
    },
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

/// What sort of trouble it is; each face has its own numbers for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody is logged in.
    Unauthenticated,
    /// A login failed.
    LoginRefused,
    /// The caller may not.
    Forbidden,
    /// The request is wrong.
    Invalid,
    /// There is no such endpoint.
    NotFound,
    /// The endpoint does not take this method.
    MethodNotAllowed,
    /// The request took too long to arrive.
    Timeout,
    /// The request is too large.
    TooLarge,
    /// Try again later.
    Unavailable,
    /// The server is at fault.
    Internal,
}

impl Fault {
    /// Its kind, and the code that clients test; some errors of Rocket.Chat have none.
    #[must_use]
    pub const fn class(&self) -> (Kind, Option<&'static str>) {
        use Kind::{
            Forbidden, Internal, Invalid, LoginRefused, MethodNotAllowed, NotFound, Timeout, TooLarge, Unauthenticated,
            Unavailable,
        };
        match self {
            Self::NotLoggedIn => (Unauthenticated, None),
            Self::WrongCredentials => (LoginRefused, Some("Unauthorized")),
            Self::ResumeRefused => (LoginRefused, Some("403")),
            Self::UserNotActivated => (LoginRefused, Some("error-user-is-not-activated")),
            Self::UserHasNoRoles => (LoginRefused, Some("error-user-has-no-roles")),
            Self::UnrecognizedLogin => (Invalid, Some("400")),
            Self::CustomStatusNotAuthorized => (Invalid, Some("not_authorized")),
            Self::CustomStatusFieldRequired { .. } | Self::UserFieldRequired { .. } => {
                (Invalid, Some("error-the-field-is-required"))
            }
            Self::CustomStatusNameInvalid { .. } | Self::StatusTypeInvalid { .. } | Self::UsernameInvalid { .. } => {
                (Invalid, Some("error-input-is-not-a-valid-field"))
            }
            Self::CustomStatusNameTaken => (Invalid, Some("Custom_User_Status_Error_Name_Already_In_Use")),
            Self::CustomStatusNotFound { .. } | Self::DisplayNameInvalid => (Invalid, None),
            Self::CustomStatusToDeleteNotFound => (Invalid, Some("Custom_User_Status_Error_Invalid_User_Status")),
            Self::UserFieldTaken { .. } => (Invalid, Some("error-field-unavailable")),
            Self::EmailInvalid => (Invalid, Some("error-invalid-email")),
            Self::PasswordInvalid => (Invalid, Some("error-invalid-password")),
            Self::RoleInvalid | Self::LastAdministrator => (Invalid, Some("error-action-not-allowed")),
            Self::UserNotFound => (Invalid, Some("error-user-not-found")),
            Self::TokenNotFound { .. } => (Invalid, Some("error-token-not-found")),
            Self::SetupLinkInvalid => (Forbidden, Some("error-setup-link-invalid")),
            Self::InvalidParams { .. } => (Invalid, Some("invalid-params")),
            Self::InvalidSort { .. } => (Invalid, Some("error-invalid-sort")),
            Self::EndpointNotFound => (NotFound, Some("error-endpoint-not-found")),
            Self::MethodNotAllowed { .. } => (MethodNotAllowed, Some("error-method-not-allowed")),
            Self::BodyTooLarge { .. } => (TooLarge, Some("error-body-too-large")),
            Self::BodyTooSlow { .. } => (Timeout, Some("error-body-too-slow")),
            Self::BodyBroken => (Invalid, Some("error-body-broken")),
            Self::CorsDisabled => (MethodNotAllowed, Some("error-cors-disabled")),
            Self::OriginRefused => (Forbidden, Some("error-origin-refused")),
            Self::Overloaded { .. } => (Unavailable, Some("error-overloaded")),
            Self::StoreUnavailable { .. } => (Unavailable, Some("error-store-unavailable")),
            Self::Internal { .. } => (Internal, Some("error-internal")),
        }
    }

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

    /// The words with the code behind them, as Rocket.Chat composes them (`api.md` §1.4).
    #[must_use]
    pub fn message(&self) -> String {
        match (self.to_string(), self.code()) {
            (words, None) => words,
            (words, Some(code)) if words.is_empty() => format!("[{code}]"),
            (words, Some(code)) => format!("{words} [{code}]"),
        }
    }

    /// What a client may want to know beside the words.
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
            Self::UsernameInvalid { input } => json!({"method": USER_METHOD, "input": input, "field": "Username"}),
            Self::RoleInvalid => json!({"method": USER_METHOD, "action": "Assign_role"}),
            Self::LastAdministrator => json!({"method": "removeUserFromRole", "action": "Remove_last_admin"}),
            Self::InvalidParams { field, .. } => json!({"field": field.as_ref()?}),
            Self::InvalidSort { .. } => json!({"helperMethod": "parseJsonQuery"}),
            _ => return None,
        };
        Some(details)
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
