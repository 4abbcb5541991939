//! The accounts: a list, a page for each account, and the actions of administrators on them.

mod about;
mod account;
mod act;
mod list;
mod new;
mod password;
mod roles;
mod sessions;
mod viewed_account;

use crate::web::route::Route;
use account::Part;
use act::Act;

pub(in crate::web::pages) const ROUTES: &[Route] = &[
    Route::get("/admin/users", |visit| Box::pin(list::show(visit))),
    Route::get("/admin/users/new", |visit| Box::pin(new::show(visit))),
    Route::post("/admin/users/new", |visit| Box::pin(new::send(visit))),
    Route::get("/admin/users/:id", |visit| Box::pin(account::show(visit))),
    Route::post("/admin/users/:id", |visit| Box::pin(account::send(visit, Part::About))),
    Route::post("/admin/users/:id/roles", |visit| {
        Box::pin(account::send(visit, Part::Roles))
    }),
    Route::post("/admin/users/:id/password", |visit| {
        Box::pin(account::send(visit, Part::Password))
    }),
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
