//! The accounts: a list, a page for each account, and the actions of administrators on them.

mod about;
mod account;
mod act;
mod list;
mod new;
mod password;
mod roles;
mod sessions;

use super::{frame, pager, question};
use crate::auth::Caller;
use crate::domain::user::Activity;
use crate::domain::{Fault, Permission, Timestamp, User, UserId};
use crate::ops::directory::{self, Who};
use crate::ops::lockout;
use crate::ops::viewed::ViewedUser;
use crate::web::administration::Section;
use crate::web::pages::forms::Wrong;
use crate::web::route::Route;
use crate::web::visit::Visit;
use crate::web::words::Words;
use act::Act;

pub(in crate::web::pages) const ROUTES: &[Route] = &[
    Route::get("/admin/users", |visit| Box::pin(list::show(visit))),
    Route::get("/admin/users/new", |visit| Box::pin(new::show(visit))),
    Route::post("/admin/users/new", |visit| Box::pin(new::send(visit))),
    Route::get("/admin/users/:id", |visit| Box::pin(account::show(visit))),
    Route::post("/admin/users/:id", |visit| Box::pin(about::send(visit))),
    Route::post("/admin/users/:id/roles", |visit| Box::pin(roles::send(visit))),
    Route::post("/admin/users/:id/password", |visit| Box::pin(password::send(visit))),
    Route::get("/admin/users/:id/sessions", |visit| Box::pin(sessions::show(visit))),
    Route::post("/admin/users/:id/sessions", |visit| Box::pin(sessions::open(visit))),
    Route::post("/admin/users/:id/sessions/end", |visit| Box::pin(sessions::end(visit))),
    Route::get("/admin/users/:id/activate", |visit| {
        Box::pin(act::show(visit, Act::Activate))
    }),
    Route::post("/admin/users/:id/activate", |visit| {
        Box::pin(act::send(visit, Act::Activate))
    }),
    Route::get("/admin/users/:id/deactivate", |visit| {
        Box::pin(act::show(visit, Act::Deactivate))
    }),
    Route::post("/admin/users/:id/deactivate", |visit| {
        Box::pin(act::send(visit, Act::Deactivate))
    }),
    Route::get("/admin/users/:id/unlock", |visit| {
        Box::pin(act::show(visit, Act::Unlock))
    }),
    Route::post("/admin/users/:id/unlock", |visit| {
        Box::pin(act::send(visit, Act::Unlock))
    }),
    Route::get("/admin/users/:id/reset-link", |visit| {
        Box::pin(act::show(visit, Act::ResetLink))
    }),
    Route::post("/admin/users/:id/reset-link", |visit| {
        Box::pin(act::send(visit, Act::ResetLink))
    }),
    Route::get("/admin/users/:id/sign-out", |visit| {
        Box::pin(act::show(visit, Act::SignOut))
    }),
    Route::post("/admin/users/:id/sign-out", |visit| {
        Box::pin(act::send(visit, Act::SignOut))
    }),
    Route::get("/admin/users/:id/two-step-off", |visit| {
        Box::pin(act::show(visit, Act::TwoStepOff))
    }),
    Route::post("/admin/users/:id/two-step-off", |visit| {
        Box::pin(act::send(visit, Act::TwoStepOff))
    }),
    Route::get("/admin/users/:id/remove-photo", |visit| {
        Box::pin(act::show(visit, Act::RemovePhoto))
    }),
    Route::post("/admin/users/:id/remove-photo", |visit| {
        Box::pin(act::send(visit, Act::RemovePhoto))
    }),
    Route::get("/admin/users/:id/delete", |visit| {
        Box::pin(act::show(visit, Act::Delete))
    }),
    Route::post("/admin/users/:id/delete", |visit| {
        Box::pin(act::send(visit, Act::Delete))
    }),
];

/// Returns the caller if they may open the section and have all these permissions.
///
/// # Errors
/// [`Fault::NotLoggedIn`], [`Fault::PermissionRequired`].
fn permit<'visit>(visit: &'visit Visit, permissions: &[Permission]) -> Result<&'visit Caller, Fault> {
    let caller = Section::Users.admit(visit)?;
    if permissions.iter().all(|permission| caller.may(*permission)) {
        Ok(caller)
    } else {
        Err(Fault::PermissionRequired)
    }
}

/// An account as the reader sees it.
struct Account {
    viewed: ViewedUser,
    /// The time at which the block after failed logins ends.
    blocked_until: Option<Timestamp>,
}

impl Account {
    /// Returns the account whose id is in the path.
    ///
    /// # Errors
    /// [`Fault::NotLoggedIn`]; [`Fault::EndpointNotFound`] if the account does not exist.
    fn of(visit: &Visit) -> Result<Self, Fault> {
        let (actor, id) = (visit.actor()?, UserId::new(&visit.parameter));
        let viewed = directory::info(&visit.app, &actor, &Who::Id(id));
        let viewed = viewed.map_err(|_| Fault::EndpointNotFound)?;
        let blocked_until = lockout::blocked(&visit.app, &actor).remove(&viewed.id());
        Ok(Self { viewed, blocked_until })
    }

    /// Returns the whole account, if the reader may see all fields.
    fn full(&self) -> Option<&User> {
        self.viewed.full().map(|(user, _)| user)
    }

    /// Returns the whole account for a form that changes it. A reader may change only fields that they see.
    ///
    /// # Errors
    /// [`Fault::PermissionRequired`].
    fn whole(&self) -> Result<&User, Fault> {
        self.full().ok_or(Fault::PermissionRequired)
    }

    fn path(&self) -> String {
        format!("{}/{}", Section::Users.path(), self.viewed.id())
    }

    /// Returns whether the user has two-step sign-in; `None` if the reader may not see it.
    fn has_two_step(&self) -> Option<bool> {
        self.full().map(|user| user.two_factor.secret.is_some())
    }

    /// Returns the state of the account in words, and `true` for an active account.
    fn state(&self, words: Words) -> (String, bool) {
        let state = match self.full().map(|user| user.activity) {
            _ if self.viewed.is_active() => words.t("user-active"),
            Some(Activity::PendingApproval) => words.t("user-pending"),
            Some(Activity::IdleTooLong) => words.t("user-idle"),
            _ => words.t("user-deactivated"),
        };
        (state.into_owned(), self.viewed.is_active())
    }
}

/// Returns the text of a fault for the page of its form.
///
/// # Errors
/// The fault, if it has its own page.
fn said(words: Words, fault: Fault) -> Result<Wrong, Fault> {
    match fault {
        // Another administrator may have deleted the account in the meantime.
        Fault::UserNotFound | Fault::UserIdInvalid => Err(Fault::EndpointNotFound),
        Fault::DisplayNameInvalid | Fault::UserFieldRequired { field: "Name" } => {
            Ok(Wrong::at("name", words.t("fault-user-name")))
        }
        Fault::InvalidParams { field: Some(field), .. } if field == "name" => {
            Ok(Wrong::at("name", words.t("fault-long")))
        }
        Fault::InvalidParams { field: Some(field), .. } if field == "username" => {
            Ok(Wrong::at("username", words.t("fault-long")))
        }
        fault => Wrong::about(words, fault),
    }
}
