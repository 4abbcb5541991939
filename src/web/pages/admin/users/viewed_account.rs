//! An account as the reader sees it.

use crate::auth::Caller;
use crate::domain::user::Activity;
use crate::domain::{Permission, RequestError, Timestamp, User, UserId};
use crate::ops::directory;
use crate::ops::lockout;
use crate::ops::users::UserIdentifier;
use crate::ops::viewed_user::ViewedUser;
use crate::web::administration::Section;
use crate::web::pages::forms::Wrong;
use crate::web::visit::Visit;
use crate::web::words::Words;

/// Returns the caller if they may open the section and have all these permissions.
///
/// # Errors
/// [`RequestError::NotLoggedIn`], [`RequestError::PermissionRequired`].
pub(super) fn permit<'visit>(visit: &'visit Visit, permissions: &[Permission]) -> Result<&'visit Caller, RequestError> {
    let caller = Section::Users.admit(visit)?;
    permissions
        .iter()
        .try_for_each(|permission| caller.require(*permission))?;
    Ok(caller)
}

/// An account as the reader sees it.
pub(super) struct Account {
    pub viewed: ViewedUser,
    /// The time at which the block after failed logins ends.
    pub blocked_until: Option<Timestamp>,
}

impl Account {
    /// Returns the account whose id is in the path.
    ///
    /// # Errors
    /// [`RequestError::NotLoggedIn`]; [`RequestError::EndpointNotFound`] if the account does not exist.
    pub(super) fn of(visit: &Visit) -> Result<Self, RequestError> {
        let (actor, id) = (visit.actor()?, UserId::new(&visit.parameter));
        let viewed = directory::info(&visit.app, &actor, &UserIdentifier::Id(id));
        let viewed = viewed.map_err(|_| RequestError::EndpointNotFound)?;
        let blocked_until = lockout::blocked(&visit.app, &actor).remove(&viewed.id());
        Ok(Self { viewed, blocked_until })
    }

    /// Returns the whole account, if the reader may see all fields.
    pub(super) fn full(&self) -> Option<&User> {
        self.viewed.full().map(|(user, _)| user)
    }

    /// Returns the whole account for a form that changes it. A reader may change only fields that they see.
    ///
    /// # Errors
    /// [`RequestError::PermissionRequired`].
    pub(super) fn whole(&self) -> Result<&User, RequestError> {
        self.full().ok_or(RequestError::PermissionRequired)
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", Section::Users.path(), self.viewed.id())
    }

    /// Returns whether the user has two-step sign-in; `None` if the reader may not see it.
    pub(super) fn has_two_step(&self) -> Option<bool> {
        self.full().map(|user| user.two_factor.secret.is_some())
    }

    /// Returns the state of the account in words, and `true` for an active account.
    pub(super) fn state(&self, words: Words) -> (String, bool) {
        let state = match self.full().map(|user| user.activity) {
            _ if self.viewed.is_active() => words.t("user-active"),
            Some(Activity::PendingApproval) => words.t("user-pending"),
            Some(Activity::IdleTooLong) => words.t("user-idle"),
            _ => words.t("user-deactivated"),
        };
        (state.into_owned(), self.viewed.is_active())
    }
}

/// Returns the text of an error for the page of its form.
///
/// # Errors
/// The error, if it has its own page.
pub(super) fn said(words: Words, error: RequestError) -> Result<Wrong, RequestError> {
    match error {
        // Another administrator may have deleted the account in the meantime.
        RequestError::UserNotFound | RequestError::UserIdInvalid => Err(RequestError::EndpointNotFound),
        RequestError::DisplayNameInvalid | RequestError::UserFieldRequired { field: "Name" } => {
            Ok(Wrong::at("name", words.t("error-user-name")))
        }
        RequestError::InvalidParams { field: Some(field), .. } if field == "name" => {
            Ok(Wrong::at("name", words.t("error-long")))
        }
        RequestError::InvalidParams { field: Some(field), .. } if field == "username" => {
            Ok(Wrong::at("username", words.t("error-long")))
        }
        error => Wrong::about(words, error),
    }
}
