//! Conditions on users, evaluated with the view of one viewer.

use std::collections::HashMap;

use super::viewed::{View, ViewedAccount};
use crate::domain::condition::{FieldValue, Queried, QueryField};
use crate::domain::text::composed;
use crate::domain::{Condition, EmailKey, RequestError, StatusType, UsernameKey};

/// A field of a user that a condition may test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserField {
    /// The id of the user.
    Id,
    /// The username, compared case-insensitively.
    Username,
    /// The name of the user.
    Name,
    /// The e-mail address, compared case-insensitively.
    Email,
    /// The user's status as the viewer sees it.
    Status,
    /// True if the account may log in.
    Active,
    /// The roles of the user.
    Roles,
    /// The type of the account, which is `user` for all.
    Type,
    /// A custom field, by its name.
    Custom(String),
}

impl QueryField for UserField {
    const KNOWN: &'static str =
        "_id, username, name, emails.address, status, active, roles, type and customFields.NAME";

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "_id" => Self::Id,
            "username" => Self::Username,
            "name" => Self::Name,
            "emails.address" => Self::Email,
            "status" => Self::Status,
            "active" => Self::Active,
            "roles" => Self::Roles,
            "type" => Self::Type,
            name => Self::Custom(
                name.strip_prefix("customFields.")
                    .filter(|name| !name.is_empty())?
                    .to_owned(),
            ),
        })
    }

    fn normalized(&self, text: &str) -> String {
        match self {
            Self::Username => UsernameKey::of(text).as_str().to_owned(),
            Self::Email => EmailKey::of(text).as_str().to_owned(),
            Self::Name => composed(text),
            _ => text.to_owned(),
        }
    }
}

/// A condition, with the data that is looked up once per view.
pub(super) struct Asked<'view> {
    view: &'view View<'view>,
    condition: &'view Condition<UserField>,
    /// The statuses of users who are not offline, if the condition tests a status.
    statuses: HashMap<&'view str, StatusType>,
}

impl<'view> Asked<'view> {
    /// Prepares a condition for a view.
    ///
    /// # Errors
    /// [`RequestError::PermissionRequired`] if it tests a field that the viewer does not see of other users.
    pub(super) fn of(view: &'view View<'view>, condition: &'view Condition<UserField>) -> Result<Self, RequestError> {
        let is_hidden = |field: &UserField| match field {
            UserField::Email | UserField::Roles => !view.sees_all_accounts(),
            UserField::Custom(name) => !view.sees_custom_field(name),
            _ => false,
        };
        if condition.mentions(&is_hidden) {
            return Err(RequestError::PermissionRequired);
        }
        let statuses = if condition.mentions(&|field| *field == UserField::Status) {
            view.statuses()
        } else {
            HashMap::new()
        };
        Ok(Self {
            view,
            condition,
            statuses,
        })
    }

    /// Returns whether the condition holds for an account.
    pub(super) fn wants(&self, account: ViewedAccount<'_>) -> bool {
        self.condition.holds(&AskedAccount { asked: self, account })
    }
}

struct AskedAccount<'asked> {
    asked: &'asked Asked<'asked>,
    account: ViewedAccount<'asked>,
}

impl Queried<UserField> for AskedAccount<'_> {
    fn any(&self, field: &UserField, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        let account = self.account;
        match field {
            UserField::Id => test(FieldValue::Text(account.id())),
            UserField::Username => test(FieldValue::Text(account.username())),
            UserField::Name => test(FieldValue::Text(account.exact_name())),
            UserField::Email => {
                let email = account.full().and_then(|user| user.email.as_ref());
                email.is_some_and(|email| test(FieldValue::Text(email.address.key().as_str())))
            }
            UserField::Status => {
                let status = self.asked.statuses.get(account.id());
                test(FieldValue::Text(status.unwrap_or(&StatusType::Offline).as_str()))
            }
            UserField::Active => test(FieldValue::Flag(account.is_active())),
            UserField::Roles => {
                let roles = account.full().map(|user| user.roles.iter());
                roles
                    .into_iter()
                    .flatten()
                    .any(|role| test(FieldValue::Text(role.as_str())))
            }
            UserField::Type => test(FieldValue::Text("user")),
            UserField::Custom(name) => {
                let value = account.custom_field(self.asked.view, name);
                value.is_some_and(|value| test(FieldValue::Json(value)))
            }
        }
    }
}
