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

use crate::web::route::PageRoute;
use account::AccountPart;
use act::Act;

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/users", |visit| Box::pin(list::show(visit))),
    PageRoute::get("/admin/users/new", |visit| Box::pin(new::show(visit))),
    PageRoute::post("/admin/users/new", |visit| Box::pin(new::send(visit))),
    PageRoute::get("/admin/users/:id", |visit| Box::pin(account::show(visit))),
    PageRoute::post("/admin/users/:id", |visit| {
        Box::pin(account::send(visit, AccountPart::About))
    }),
    PageRoute::post("/admin/users/:id/roles", |visit| {
        Box::pin(account::send(visit, AccountPart::Roles))
    }),
    PageRoute::post("/admin/users/:id/password", |visit| {
        Box::pin(account::send(visit, AccountPart::Password))
    }),
    PageRoute::get("/admin/users/:id/sessions", |visit| Box::pin(sessions::show(visit))),
    PageRoute::post("/admin/users/:id/sessions", |visit| Box::pin(sessions::open(visit))),
    PageRoute::post("/admin/users/:id/sessions/end", |visit| Box::pin(sessions::end(visit))),
    PageRoute::get("/admin/users/:id/activate", |visit| {
        Box::pin(act::show(visit, Act::Activate))
    }),
    PageRoute::post("/admin/users/:id/activate", |visit| {
        Box::pin(act::send(visit, Act::Activate))
    }),
    PageRoute::get("/admin/users/:id/deactivate", |visit| {
        Box::pin(act::show(visit, Act::Deactivate))
    }),
    PageRoute::post("/admin/users/:id/deactivate", |visit| {
        Box::pin(act::send(visit, Act::Deactivate))
    }),
    PageRoute::get("/admin/users/:id/unlock", |visit| {
        Box::pin(act::show(visit, Act::Unlock))
    }),
    PageRoute::post("/admin/users/:id/unlock", |visit| {
        Box::pin(act::send(visit, Act::Unlock))
    }),
    PageRoute::get("/admin/users/:id/reset-link", |visit| {
        Box::pin(act::show(visit, Act::ResetLink))
    }),
    PageRoute::post("/admin/users/:id/reset-link", |visit| {
        Box::pin(act::send(visit, Act::ResetLink))
    }),
    PageRoute::get("/admin/users/:id/sign-out", |visit| {
        Box::pin(act::show(visit, Act::SignOut))
    }),
    PageRoute::post("/admin/users/:id/sign-out", |visit| {
        Box::pin(act::send(visit, Act::SignOut))
    }),
    PageRoute::get("/admin/users/:id/two-step-off", |visit| {
        Box::pin(act::show(visit, Act::TwoStepOff))
    }),
    PageRoute::post("/admin/users/:id/two-step-off", |visit| {
        Box::pin(act::send(visit, Act::TwoStepOff))
    }),
    PageRoute::get("/admin/users/:id/remove-photo", |visit| {
        Box::pin(act::show(visit, Act::RemovePhoto))
    }),
    PageRoute::post("/admin/users/:id/remove-photo", |visit| {
        Box::pin(act::send(visit, Act::RemovePhoto))
    }),
    PageRoute::get("/admin/users/:id/delete", |visit| {
        Box::pin(act::show(visit, Act::Delete))
    }),
    PageRoute::post("/admin/users/:id/delete", |visit| {
        Box::pin(act::send(visit, Act::Delete))
    }),
];
