//! Roles and permissions: the matrix, and a page for each role.

mod matrix;
mod role;
mod table;

use super::frame;
use crate::web::administration::Section;
use crate::web::route::PageRoute;

pub(in crate::web::pages) const ROUTES: &[PageRoute] = &[
    PageRoute::get("/admin/roles", |visit| Box::pin(matrix::show(visit))),
    PageRoute::post("/admin/roles", |visit| Box::pin(matrix::save(visit))),
    PageRoute::get("/admin/roles/new", |visit| Box::pin(role::show_new(visit))),
    PageRoute::post("/admin/roles/new", |visit| Box::pin(role::create(visit))),
    PageRoute::get("/admin/roles/delete", |visit| Box::pin(role::ask(visit))),
    PageRoute::post("/admin/roles/delete", |visit| Box::pin(role::delete(visit))),
    PageRoute::get("/admin/roles/:id", |visit| Box::pin(role::show(visit))),
    PageRoute::post("/admin/roles/:id", |visit| Box::pin(role::save(visit))),
];
