//! The properties of a user to create, parsed from texts.

use crate::auth::WantedPassword;
use crate::domain::user::Activity;
use crate::domain::username::NotAUsername;
use crate::domain::{
    CustomFieldChanges, DisplayName, Email, Profile, RequestError, RoleId, StatusText, Username, text,
};

/// The properties of a user to create.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The username, with which the user logs in.
    pub username: Username,
    /// The e-mail address.
    pub email: Option<Email>,
    /// True if the address is known to belong to the user.
    pub verified: bool,
    /// The display name. Without one, others see the username.
    pub name: Option<DisplayName>,
    /// The password. Without one, the user logs in by tokens and reset links only.
    pub password: Option<WantedPassword>,
    /// The reason why the user has to choose another password at the first login.
    pub require_password_change: Option<String>,
    /// The roles. An empty list means the default roles. While the server has no administrator, the new user
    /// becomes one.
    pub roles: Vec<RoleId>,
    /// The state of the account: active, or the reason why the user cannot log in.
    pub activity: Activity,
    /// Biography, nickname and the like, without custom fields.
    pub profile: Profile,
    /// The custom fields. `None` skips the check of required ones.
    pub custom_fields: Option<CustomFieldChanges>,
    /// The text of the first status; may be empty.
    pub status_text: StatusText,
}

/// Texts of a user to create, as a caller sends them.
#[derive(Debug, Clone, Copy)]
pub struct NewUserTexts<'text> {
    /// The username to log in with.
    pub username: &'text str,
    /// The e-mail address. A blank text means that there is none.
    pub email: Option<&'text str>,
    /// The display name. A blank text means that there is none.
    pub name: Option<&'text str>,
    /// The password in plain text.
    pub password: &'text str,
    /// The ids of the roles.
    pub roles: &'text [String],
}

impl NewUser {
    /// Parses the texts of a new user. The policy on passwords is checked when the user is created.
    ///
    /// # Errors
    /// The error of the first text that does not parse.
    pub fn parse(texts: NewUserTexts<'_>) -> Result<Self, RequestError> {
        let given = |text: Option<&'_ str>| text.filter(|text| !text::is_blank(text)).map(str::to_owned);
        Ok(Self {
            username: parse_username(texts.username)?,
            email: given(texts.email).map(|text| parse_email(&text)).transpose()?,
            verified: false,
            name: given(texts.name).map(|text| parse_name(&text)).transpose()?,
            password: Some(WantedPassword::chosen(texts.password)),
            require_password_change: None,
            roles: texts.roles.iter().map(|id| RoleId::new(id)).collect(),
            activity: Activity::Active,
            profile: Profile::default(),
            custom_fields: None,
            status_text: StatusText::EMPTY,
        })
    }
}

/// Parses a username.
///
/// # Errors
/// [`RequestError::UserFieldRequired`] when it is blank, [`RequestError::InvalidParams`] when it is too long,
/// [`RequestError::UsernameInvalid`] when it has characters that usernames may not have.
pub(crate) fn parse_username(text: &str) -> Result<Username, RequestError> {
    Username::parse(text).map_err(|error| match error {
        NotAUsername::Blank => RequestError::UserFieldRequired { field: "Username" },
        error => error.or(RequestError::UsernameInvalid { input: text.to_owned() }),
    })
}

/// Parses an e-mail address.
///
/// # Errors
/// [`RequestError::EmailInvalid`].
pub(crate) fn parse_email(text: &str) -> Result<Email, RequestError> {
    Email::parse(text).map_err(|_| RequestError::EmailInvalid)
}

/// Parses a display name.
///
/// # Errors
/// [`RequestError::UserFieldRequired`] when it is blank, [`RequestError::InvalidParams`] when it is too long,
/// [`RequestError::DisplayNameInvalid`] when it has a character that names may not have.
pub(crate) fn parse_name(text: &str) -> Result<DisplayName, RequestError> {
    Ok(DisplayName::parse(text)?)
}
